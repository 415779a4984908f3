// Layer networks against recorded runs of PyTorch (../shared/reference/layers or $SYNFIRE_SHARED/reference/layers),
// against plain loops on a generated case, and against themselves for threads and instruction sets.

import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import test, { type ExecutionContext } from 'ava';
import { type NativeRecording, native } from '../../lib/native/index.ts';
import { LayerNetwork } from '../../lib/networks/layer-network.ts';
import { conv2d, dense, lif } from '../../lib/networks/layers.ts';
import { digitVariants, trainOnDigits } from './digits-training.ts';

const root = dirname(createRequire(import.meta.url).resolve('#package.json'));
const folder = join(process.env.SYNFIRE_SHARED ?? join(root, '..', 'shared'), 'reference', 'layers');

/** Convolution, hidden layer and linear readout; the fields are those of the recorded files. */
interface CaseNetwork {
  input: [number, number, number];
  filters: number;
  kernel: number;
  stride: number;
  hidden: number;
  classes: number;
  timesteps: number;
  decay: number;
  threshold: number;
  hidden_update_every: number;
  hidden_soft_reset_factor: number;
  surrogate:
    | { kind: 'atan'; alpha: number }
    | { kind: 'fast_sigmoid'; slope: number }
    | { kind: 'triangle'; width: number };
  reset_is_detached_from_the_gradient: boolean;
}

type CaseParameters = Record<
  'conv.weight' | 'conv.bias' | 'fc1.weight' | 'fc1.bias' | 'fc2.weight' | 'fc2.bias',
  number[]
>;

interface LayerCase {
  network: CaseNetwork;
  parameters: CaseParameters;
  /** [timesteps, batch, inputs] */
  input_spikes: number[];
  labels: number[];
}

interface RecordedCase extends LayerCase {
  expected: {
    conv_spikes: number[];
    hidden_spikes: number[];
    logits: number[];
    loss: number;
    gradients: CaseParameters;
  };
  tolerance: { spikes: number; logits_abs: number; gradient_relative_l2: number };
}

function surrogateOf({ surrogate }: CaseNetwork) {
  return surrogate.kind === 'fast_sigmoid'
    ? { kind: 'fastSigmoid' as const, slope: surrogate.slope }
    : surrogate;
}

function networkOf(n: CaseNetwork): LayerNetwork {
  const { decay, threshold } = n;
  return new LayerNetwork({
    inputShape: n.input,
    timesteps: n.timesteps,
    precision: 'float32',
    layers: [
      conv2d({
        name: 'conv',
        filters: n.filters,
        kernel: n.kernel,
        stride: n.stride,
        neuron: lif({ decay, threshold, reset: 'zero' }),
      }),
      dense({
        name: 'fc1',
        units: n.hidden,
        updateEvery: n.hidden_update_every,
        neuron: lif({ decay, threshold, reset: { kind: 'scale', factor: n.hidden_soft_reset_factor } }),
      }),
      dense({ name: 'fc2', units: n.classes }),
    ],
    learning: {
      mode: 'bptt',
      surrogate: surrogateOf(n),
      detachReset: n.reset_is_detached_from_the_gradient,
    },
  });
}

function run({ network: description, parameters, input_spikes, labels }: LayerCase): NativeRecording {
  const network = networkOf(description);
  for (const [name, values] of Object.entries(parameters)) network.set(name, Float32Array.from(values));
  return network.native.forwardRecord({
    inputSpikes: Uint8Array.from(input_spikes),
    labels: Int32Array.from(labels),
    gradients: true,
  });
}

function relativeDistance(actual: Float32Array | undefined, expected: number[]): number {
  if (actual?.length !== expected.length) return Number.POSITIVE_INFINITY;
  const length = Math.hypot(...expected);
  return Math.hypot(...expected.map((value, i) => value - actual[i]!)) / length;
}

function checkLogits(t: ExecutionContext, actual: Float32Array, expected: number[], tolerance: number) {
  t.is(actual.length, expected.length);
  expected.forEach((logit, i) => {
    t.true(Math.abs(actual[i]! - logit) <= tolerance, `logit ${i} is ${actual[i]}, not ${logit}`);
  });
}

// ---- recorded cases ----------------------------------------------------------------------------------------------

function checkRecorded(t: ExecutionContext, file: string) {
  const recorded = JSON.parse(readFileSync(join(folder, file), 'utf8')) as RecordedCase;
  const { expected, tolerance } = recorded;
  const actual = run(recorded);
  t.is(tolerance.spikes, 0);
  t.deepEqual(actual.spikes.conv, Uint8Array.from(expected.conv_spikes));
  t.deepEqual(actual.spikes.fc1, Uint8Array.from(expected.hidden_spikes));
  checkLogits(t, actual.logits, expected.logits, tolerance.logits_abs);
  t.true(Math.abs(actual.loss - expected.loss) <= tolerance.logits_abs, `the loss is ${actual.loss}`);
  t.is(Object.keys(actual.gradients).length, 6);
  for (const [name, gradient] of Object.entries(expected.gradients)) {
    const distance = relativeDistance(actual.gradients[name], gradient);
    t.true(distance <= tolerance.gradient_relative_l2, `${name} is off by ${distance}`);
  }
}

if (existsSync(folder)) {
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.json'))) {
    test(`${file}: spikes, logits, loss and gradients are those of PyTorch`, checkRecorded, file);
  }
} else {
  test('recorded runs of PyTorch', (t) => {
    t.log(`not compared: ${folder} is missing`);
    t.pass();
  });
}

// ---- a generated case --------------------------------------------------------------------------------------------

function generatedCase(): LayerCase {
  let state = 7;
  const random = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  const uniform = (count: number, width: number) =>
    Array.from({ length: count }, () => Math.fround(width * (2 * random() - 1)));
  const network: CaseNetwork = {
    input: [1, 9, 9],
    filters: 4,
    kernel: 3,
    stride: 2,
    hidden: 15,
    classes: 5,
    timesteps: 7,
    decay: 0.875,
    threshold: 0.75,
    hidden_update_every: 3,
    hidden_soft_reset_factor: 0.25,
    surrogate: { kind: 'triangle', width: 1 },
    reset_is_detached_from_the_gradient: true,
  };
  const batch = 3;
  return {
    network,
    parameters: {
      'conv.weight': uniform(4 * 9, 0.6),
      'conv.bias': uniform(4, 0.1),
      'fc1.weight': uniform(15 * 64, 0.5),
      'fc1.bias': uniform(15, 0.1),
      'fc2.weight': uniform(5 * 15, 1),
      'fc2.bias': uniform(5, 0.1),
    },
    input_spikes: Array.from({ length: network.timesteps * batch * 81 }, () => Number(random() < 0.4)),
    labels: [4, 0, 2],
  };
}

/** Membranes of a population, and how close they have come to the threshold. */
interface Population {
  potentials: number[];
  margin: number;
}

function population(size: number): Population {
  return { potentials: new Array<number>(size).fill(0), margin: Number.POSITIVE_INFINITY };
}

/** Integrates, fires and resets; gives the spikes. */
function fire(neurons: Population, drive: number[], n: CaseNetwork, factorAfterSpike: number): number[] {
  return drive.map((current, neuron) => {
    const potential = n.decay * neurons.potentials[neuron]! + current;
    neurons.margin = Math.min(neurons.margin, Math.abs(potential - n.threshold));
    const fires = potential > n.threshold;
    neurons.potentials[neuron] = fires ? potential * factorAfterSpike : potential;
    return Number(fires);
  });
}

function convolution({ network: n, parameters }: LayerCase, picture: number[]): number[] {
  const side = (n.input[1] - n.kernel) / n.stride + 1;
  return Array.from({ length: n.filters * side * side }, (_, at) => {
    const filter = Math.floor(at / (side * side));
    const y = n.stride * (Math.floor(at / side) % side);
    const x = n.stride * (at % side);
    let sum = parameters['conv.bias'][filter]!;
    for (let tap = 0; tap < n.kernel * n.kernel; tap++) {
      const pixel = (y + Math.floor(tap / n.kernel)) * n.input[2] + x + (tap % n.kernel);
      sum += parameters['conv.weight'][filter * n.kernel * n.kernel + tap]! * picture[pixel]!;
    }
    return sum;
  });
}

function weighted(weights: number[], biases: number[], inputs: number[]): number[] {
  return biases.map((bias, unit) =>
    inputs.reduce((sum, input, i) => sum + weights[unit * inputs.length + i]! * input, bias),
  );
}

/** One sample's way through the network, in plain loops. */
function plainSample(layerCase: LayerCase, sample: number) {
  const { network: n, parameters, input_spikes, labels } = layerCase;
  const inputs = n.input[1] * n.input[2];
  const side = (n.input[1] - n.kernel) / n.stride + 1;
  const filters = population(n.filters * side * side);
  const units = population(n.hidden);
  const conv: number[][] = [];
  const hidden: number[][] = [];
  for (let t = 0; t < n.timesteps; t++) {
    const first = (t * labels.length + sample) * inputs;
    const spikes = fire(filters, convolution(layerCase, input_spikes.slice(first, first + inputs)), n, 0);
    const drive = weighted(parameters['fc1.weight'], parameters['fc1.bias'], spikes);
    const updates = t % n.hidden_update_every === 0;
    conv.push(spikes);
    hidden.push(
      updates ? fire(units, drive, n, n.hidden_soft_reset_factor) : new Array<number>(n.hidden).fill(0),
    );
  }
  const rates = units.potentials.map(
    (_, unit) => hidden.reduce((sum, spikes) => sum + spikes[unit]!, 0) / n.timesteps,
  );
  const logits = weighted(parameters['fc2.weight'], parameters['fc2.bias'], rates);
  const total = logits.reduce((sum, logit) => sum + Math.exp(logit), 0);
  const label = labels[sample]!;
  const errors = logits.map((logit, unit) => Math.exp(logit) / total - Number(unit === label));
  const loss = Math.log(total) - logits[label]!;
  return { conv, hidden, rates, logits, errors, loss, margin: Math.min(filters.margin, units.margin) };
}

test('a generated network fires, scores and teaches its readout as plain loops do', (t) => {
  const generated = generatedCase();
  const { timesteps } = generated.network;
  const batch = generated.labels.length;
  const samples = generated.labels.map((_, sample) => plainSample(generated, sample));
  t.true(Math.min(...samples.map(({ margin }) => margin)) > 1e-5, 'a spike hangs on rounding');
  const bySteps = (layer: 'conv' | 'hidden') =>
    Uint8Array.from(
      Array.from({ length: timesteps }, (_, step) => samples.map((sample) => sample[layer][step]!)).flat(2),
    );
  const actual = run(generated);
  t.true(bySteps('conv').includes(1) && bySteps('hidden').includes(1));
  t.deepEqual(actual.spikes.conv, bySteps('conv'));
  t.deepEqual(actual.spikes.fc1, bySteps('hidden'));
  checkLogits(
    t,
    actual.logits,
    samples.flatMap(({ logits }) => logits),
    1e-5,
  );
  t.true(Math.abs(actual.loss - samples.reduce((sum, { loss }) => sum + loss / batch, 0)) < 1e-5);
  const { classes, hidden } = generated.network;
  const bias = Array.from({ length: classes }, (_, unit) =>
    samples.reduce((sum, { errors }) => sum + errors[unit]! / batch, 0),
  );
  const weight = Array.from({ length: classes * hidden }, (_, at) =>
    samples.reduce(
      (sum, { errors, rates }) => sum + (errors[Math.floor(at / hidden)]! * rates[at % hidden]!) / batch,
      0,
    ),
  );
  t.true(relativeDistance(actual.gradients['fc2.bias'], bias) < 1e-5);
  t.true(relativeDistance(actual.gradients['fc2.weight'], weight) < 1e-5);
});

test('a recording without gradients has none, and labels outside the classes are refused', (t) => {
  const generated = generatedCase();
  const network = networkOf(generated.network);
  const inputSpikes = Uint8Array.from(generated.input_spikes);
  const labels = Int32Array.from(generated.labels);
  const recording = network.native.forwardRecord({ inputSpikes, labels, gradients: false });
  t.deepEqual(recording.gradients, {});
  for (const label of [-1, 5]) {
    const wrong = Int32Array.of(0, label, 0);
    t.throws(() => network.native.forwardRecord({ inputSpikes, labels: wrong, gradients: false }));
  }
  const short = inputSpikes.subarray(1);
  t.throws(() => network.native.forwardRecord({ inputSpikes: short, labels, gradients: false }));
});

// ---- the same bits -----------------------------------------------------------------------------------------------

test.serial('training on digits gives the same bits for 1, 2, 3 and 7 threads', async (t) => {
  for (const variant of digitVariants) {
    const alone = await trainOnDigits(variant, 1);
    for (const threads of [2, 3, 7]) {
      t.is(
        await trainOnDigits(variant, threads),
        alone,
        `${variant.learning}, ${variant.precision}, ${threads}`,
      );
    }
  }
});

test.serial('training on digits gives the same bits on every instruction set', async (t) => {
  const expected: string[] = [];
  for (const variant of digitVariants) expected.push(await trainOnDigits(variant, 2));
  const script = fileURLToPath(new URL('./digits-process.js', import.meta.url));
  for (const isa of native().cpu().supported) {
    const env = { ...process.env, SYNFIRE_ISA: isa };
    const { stdout } = await promisify(execFile)(process.execPath, [script], { env });
    t.deepEqual(JSON.parse(stdout), { isa, digests: expected });
  }
});
