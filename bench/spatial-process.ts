// One turn of synfire, or of a plain JavaScript loop, on a spatial layer in a process of its own; prints a `SpatialTurn`.
import { native } from '../lib/native/index.ts';
import { SpatialNetwork } from '../lib/networks/spatial-network.ts';
import { readRequest } from './child.ts';
import { median } from './measure.ts';
import { PlainLayer } from './spatial-plain.ts';

export interface SpatialRequest {
  side: 'synfire' | 'plain';
  grid: [number, number, number];
  threads: number;
}

export interface SpatialTurn {
  /** One input at a time, through `forward`. */
  forwardMs: number;
  /** One sample at a time, within `train`; null of the plain loop, which does not learn. */
  learnMs: number | null;
  /** Samples a second, learned in batches of 32. */
  batchSamplesPerSecond: number | null;
  /** Every neuron splits. */
  growMs: number | null;
  grown: number | null;
  mortonNs: number | null;
  /** Of the layer's neurons, and what the process's resident memory grew by until it had learned. */
  layerBytes: number | null;
  residentBytes: number | null;
}

const request = readRequest<SpatialRequest>();
const cells = request.grid.reduce((product, size) => product * size, 1);
const turn = request.side === 'plain' ? plainTurn() : await synfireTurn();
process.stdout.write(JSON.stringify(turn));

function plainTurn(): SpatialTurn {
  const layer = new PlainLayer(request.grid);
  const input = pattern(0.3, 1);
  const output = new Float32Array(cells);
  const none = { learnMs: null, batchSamplesPerSecond: null, growMs: null, grown: null, mortonNs: null };
  const forwardMs = timed(() => layer.forward(input, output));
  return { forwardMs, ...none, layerBytes: null, residentBytes: null };
}

async function synfireTurn(): Promise<SpatialTurn> {
  const targets = pattern(0, 0.5);
  const input = pattern(0.3, 1);
  const output = new Float32Array(cells);
  // Patterns from dark to bright, so that every neuron's memory is full.
  const levels = new Float32Array(25 * cells);
  for (let level = 0; level < 25; level += 1) levels.set(pattern(level / 12 - 1, 0.3), level * cells);
  const before = resident();
  const network = new SpatialNetwork([request.grid, request.grid], { threads: request.threads });
  await network.train(levels, levels, { batchSize: 1 });
  const residentBytes = resident() - before;
  const learnMs = await learning(network, input, targets);
  const forwardMs = timed(() => network.forward(input, output));
  const layerBytes = network.statistics().layers[0]!.memoryBytes;
  const batchSamplesPerSecond = cells > 10_000 ? null : await batches(network);
  const { added: grown, seconds } = await network.grow();
  const growth = { growMs: 1000 * seconds, grown };
  return {
    ...{ forwardMs, learnMs, batchSamplesPerSecond, ...growth },
    ...{ mortonNs: mortonNs(), layerBytes, residentBytes },
  };
}

/** Milliseconds for a sample, learned over and over. */
async function learning(
  network: SpatialNetwork,
  input: Float32Array,
  targets: Float32Array,
): Promise<number> {
  const samples = Math.max(3, Math.min(2000, Math.round(2e6 / cells)));
  const repeat = (values: Float32Array, count: number) => {
    const all = new Float32Array(cells * count);
    for (let copy = 0; copy < count; copy += 1) all.set(values, copy * cells);
    return all;
  };
  const turns = [];
  for (let turn = 0; turn < 5; turn += 1) {
    const report = await network.train(repeat(input, samples), repeat(targets, samples), { batchSize: 1 });
    turns.push((1000 * report.seconds) / samples);
  }
  return median(turns);
}

async function batches(network: SpatialNetwork): Promise<number> {
  const samples = 32 * Math.max(1, Math.round(2e6 / cells / 32));
  const inputs = new Float32Array(cells * samples);
  for (let sample = 0; sample < samples; sample += 1) {
    inputs.set(pattern(((sample * 7) % 25) / 12 - 1, 0.3), sample * cells);
  }
  const { seconds } = await network.train(inputs, inputs, { batchSize: 32 });
  return samples / seconds;
}

function mortonNs(): number {
  const count = 16_384;
  const positions = Uint16Array.from({ length: 3 * count }, (_, index) => (index * 40_503) % 65_536);
  const codes = new BigUint64Array(count);
  return (1e6 * timed(() => native().encodeMorton(positions, codes))) / count;
}

/** Milliseconds of a call: the median of as many as half a second holds, 3 at least. */
function timed(run: () => unknown): number {
  const times = [];
  const until = performance.now() + 500;
  for (let call = 0; call < 3 || performance.now() < until; call += 1) {
    const began = performance.now();
    run();
    times.push(performance.now() - began);
  }
  return median(times);
}

/** Values around a level, at most 1 in size, the same at every run. */
function pattern(level: number, spread: number): Float32Array {
  let state = 12_345;
  return Float32Array.from({ length: cells }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    return Math.max(-1, Math.min(1, level + (spread * state) / 2 ** 31));
  });
}

function resident(): number {
  return process.memoryUsage.rss();
}
