// Large and mixed event networks: published rates, the same bits for any number of threads, and conservation of spikes.
import { createHash } from 'node:crypto';
import test, { type ExecutionContext } from 'ava';
import { type BalancedOptions, balancedNetwork } from '../../bench/event-networks.ts';
import {
  EventNetwork,
  type EventNetworkOptions,
  type ProjectionOptions,
  type SpikeRecorder,
} from '../../lib/networks/event-network.ts';

// ---- rates -------------------------------------------------------------------------------------------------------

/** Mean rate in Hz of all neurons of several networks, each drawn anew, after a while. */
async function rateOf(options: EventNetworkOptions, draws: number, warmUpMs: number, durationMs: number) {
  let sum = 0;
  for (let seed = 1; seed <= draws; seed++) {
    const network = new EventNetwork({ ...options, seed });
    await network.run(warmUpMs);
    const { spikes } = await network.run(durationMs);
    const neurons = network.populations.reduce((total, { size }) => total + size, 0);
    sum += spikes / neurons / (durationMs / 1000);
  }
  return sum / draws;
}

// Single draws of the networks lie further apart: Brian2 and a bare loop give 5.3 to 5.8 Hz and 40 to 45 Hz.

test('the balanced network of Vogels & Abbott fires at 5.3 to 5.7 Hz', async (t) => {
  for (const stdp of [false, true]) {
    const rateHz = await rateOf(balancedNetwork('cuba', { stdp }), 8, 200, 1000);
    t.true(rateHz > 5.3 && rateHz < 5.7, `${rateHz} Hz`);
  }
});

test('the network of Brunel fires at about 42 Hz', async (t) => {
  const rateHz = await rateOf(balancedNetwork('brunel', {}), 4, 100, 200);
  t.true(rateHz > 40 && rateHz < 45, `${rateHz} Hz`);
});

// ---- threads -----------------------------------------------------------------------------------------------------

const threadCounts = [1, 2, 3, 7];

/** A digest of all weights, states and spike counts, and of spikes that were recorded. */
function digestOf(network: EventNetwork, recorders: readonly SpikeRecorder[] = []): string {
  const hash = createHash('sha256');
  for (const recorder of recorders) {
    const { timesMs, neurons } = recorder.take();
    hash.update(timesMs).update(neurons);
  }
  for (const { name } of network.projections) hash.update(network.weights(name));
  for (const { name, kind } of network.populations) {
    hash.update(network.spikeCounts(name));
    const variables = kind === 'neurons' ? network.variables(name) : [];
    for (const variable of variables) hash.update(network.state(name, variable));
  }
  return hash.digest('hex');
}

async function outcome(
  options: EventNetworkOptions,
  threads: number,
  during: (network: EventNetwork) => Promise<void>,
) {
  const network = new EventNetwork({ ...options, threads });
  const recorders = network.populations.map(({ name }) => network.recordSpikes(name));
  await during(network);
  return digestOf(network, recorders);
}

async function checkThreads(
  t: ExecutionContext,
  options: EventNetworkOptions,
  during: (network: EventNetwork) => Promise<void>,
) {
  const alone = await outcome(options, 1, during);
  for (const threads of threadCounts.slice(1)) {
    t.is(await outcome(options, threads, during), alone, `with ${threads} threads`);
  }
}

for (const options of [{ stdp: true }, { stdp: true, het: true }] satisfies BalancedOptions[]) {
  test(`spikes and weights of a balanced network are the same for any number of threads: ${Object.keys(options)}`, async (t) => {
    await checkThreads(t, balancedNetwork('cuba', options), async (network) => {
      const { spikes } = await network.run(300);
      t.true(spikes > 1000, `${spikes} spikes are too few to compare`);
    });
  });
}

/** One of each rule and variant, in turn. */
const rules: NonNullable<ProjectionOptions['plasticity']>[] = [
  { rule: 'pair' },
  { rule: 'pair', dependence: 'multiplicative', pairing: 'nearest-symmetric' },
  { rule: 'pair', dependence: 'power', mu: 0.5, pairing: 'nearest-pre-centred' },
  { rule: 'pair', pairing: 'nearest-reduced', metaThreshold: 0.1 },
  { rule: 'soft-bound' },
  { rule: 'triplet' },
  { rule: 'triplet', pairing: 'nearest' },
  { rule: 'reward' },
  { rule: 'teaching' },
  { rule: 'diehl-cook' },
  { rule: 'vogels' },
];

/** All models, sources and rules, with delays of all lengths. */
function mixedNetwork(precision: 'float32' | 'float64'): EventNetworkOptions {
  const targets = ['exact', 'grid', 'conductance', 'izhikevich', 'adex'];
  const plastic = rules.flatMap((plasticity, index): ProjectionOptions[] =>
    ['poisson', targets[index % 5]!].map(
      (source, recurrent): ProjectionOptions => ({
        ...{ name: `${plasticity.rule} ${index} ${source}`, source, plasticity },
        target: targets[(index + recurrent) % 5]!,
        connect: recurrent === 1 ? { inDegree: 5 } : { probability: 0.5 },
        weight: { uniform: [0.2, 0.8] },
        delayMs: { uniform: [1, 6] },
        dendriticMs: index % 2 === 0 ? 0 : 0.5,
        ...(index % 3 === 0 ? { normalisation: { total: 5, periodMs: 30 } } : {}),
        ...(index % 3 === 1
          ? {
              scaling: {
                eta: 0.1,
                targetRateHz: 20,
                tauRateMs: 100,
                periodMs: 20,
                clamp: true,
                wMin: 0,
                wMax: 1,
              },
            }
          : {}),
      }),
    ),
  );
  const start = { uniform: [-70, -60] } as const;
  return {
    precision,
    populations: {
      poisson: { size: 40, source: 'poisson', rateHz: 40 },
      list: { size: 10, source: 'list' },
      exact: {
        ...{ size: 21, model: 'lif', initial: { v: { uniform: [-70, -56] } } },
        parameters: {
          integration: 'exact',
          driveMv: 20,
          thetaPlusMv: 0.5,
          tauThetaMs: 50,
          relativeAmplitudeMv: 3,
        },
        intrinsic: { etaMv: 0.2, targetRateHz: 20, tauRateMs: 100, periodMs: 15, minMv: -5, maxMv: 5 },
      },
      grid: {
        ...{ size: 33, model: 'lif', initial: { v: { uniform: [-70, -56] } } },
        parameters: {
          integration: 'grid',
          synapse: 'exponential',
          driveMv: 18,
          thetaPlusMv: 0.2,
          tauThetaMs: 50,
        },
      },
      conductance: { size: 17, model: 'conductance-lif', initial: { v: start } },
      izhikevich: { size: 9, model: 'izhikevich', parameters: { driveMv: 10 }, initial: { v: start } },
      adex: { size: 13, model: 'adex', parameters: { drivePa: 900 }, initial: { v: start } },
    },
    projections: [
      ...plastic,
      { source: 'list', target: 'conductance', connect: 'all-to-all', weight: 3, delayMs: 0 },
      { source: 'list', target: 'adex', connect: 'all-to-all', weight: 100, delayMs: 1.25 },
    ],
  };
}

function volleys(network: EventNetwork, timesMs: readonly number[]) {
  const neurons = timesMs.flatMap(() => Array.from({ length: 10 }, (_, neuron) => neuron));
  network.addSpikes('list', {
    timesMs: timesMs.flatMap((time) => new Array<number>(10).fill(time)),
    neurons,
  });
}

for (const precision of ['float32', 'float64'] as const) {
  test(`all models with all rules on do the same for any number of threads: ${precision}`, async (t) => {
    await checkThreads(t, mixedNetwork(precision), async (network) => {
      volleys(network, [10, 30.05, 50, 77.7, 120, 180]);
      await network.run(100);
      network.reward(0.5);
      const taught = network.projections.find(({ name }) => name.startsWith('teaching'))!;
      const { size } = network.populations.find(({ name }) => name === taught.target)!;
      network.teach(taught.name, new Float64Array(size).fill(1.5));
      await network.run(100);
      t.true(network.populations.every(({ name }) => network.spikeCounts(name).some((count) => count > 0)));
    });
  });
}

test('the number of threads may change from run to run', async (t) => {
  const run = async (threads: number[]) => {
    const network = new EventNetwork(mixedNetwork('float32'));
    volleys(network, [10, 30.05, 50, 77.7, 120, 180]);
    for (const count of threads) await network.run(40, { threads: count });
    return digestOf(network);
  };
  t.is(await run([2, 1, 7, 2, 3]), await run([1, 1, 1, 1, 1]));
});

// ---- conservation ------------------------------------------------------------------------------------------------

/** Every synapse that a recorded spike reaches by the end, as whole picoseconds say. */
function arrivals(network: EventNetwork, spikes: Map<string, ReturnType<SpikeRecorder['take']>[]>): number {
  const endTick = Math.round(network.timeMs * 1e9);
  let count = 0;
  for (const { name, source } of network.projections) {
    const { sources, delaysMs } = network.connections(name);
    const delays = new Map<number, number[]>();
    sources.forEach((neuron, synapse) => {
      const own = delays.get(neuron);
      if (own === undefined) delays.set(neuron, [delaysMs[synapse]!]);
      else own.push(delaysMs[synapse]!);
    });
    for (const { timesMs, neurons } of spikes.get(source)!) {
      neurons.forEach((neuron, index) => {
        const tick = Math.round(timesMs[index]! * 1e9);
        count += (delays.get(neuron) ?? []).filter(
          (delay) => tick + Math.round(delay * 1e9) <= endTick,
        ).length;
      });
    }
  }
  return count;
}

/** Takes the spikes of every population after each piece of a run. */
class SpikeLog {
  readonly spikes = new Map<string, ReturnType<SpikeRecorder['take']>[]>();
  #recorders: [string, SpikeRecorder][] = [];

  watch(network: EventNetwork): void {
    this.#recorders = network.populations.map(({ name }) => [name, network.recordSpikes(name)]);
  }

  take(): void {
    for (const [name, recorder] of this.#recorders) {
      this.spikes.set(name, [...(this.spikes.get(name) ?? []), recorder.take()]);
    }
  }
}

test('every spike is delivered once to every synapse it reaches, however a run is cut', async (t) => {
  for (const pieces of [[150], [0.1, 49.9, 33.3, 66.7]]) {
    const network = new EventNetwork(mixedNetwork('float32'));
    const log = new SpikeLog();
    log.watch(network);
    volleys(network, [10, 30.05, 50, 77.7, 120, 149]);
    let delivered = 0;
    for (const piece of pieces) {
      delivered += (await network.run(piece)).synapticEvents;
      log.take();
      t.is(delivered, arrivals(network, log.spikes), `until ${network.timeMs} ms`);
    }
  }
});

test('spikes that are under way are in a checkpoint, once', async (t) => {
  const options = mixedNetwork('float32');
  const log = new SpikeLog();
  const first = new EventNetwork(options);
  log.watch(first);
  volleys(first, [10, 30.05, 50, 77.7, 120, 149]);
  let delivered = (await first.run(78.3)).synapticEvents;
  log.take();
  const state = first.exportState();

  const second = new EventNetwork({ ...options, threads: 3 });
  second.importState(state);
  log.watch(second);
  delivered += (await second.run(71.7)).synapticEvents;
  log.take();
  t.is(delivered, arrivals(second, log.spikes));

  await first.run(71.7);
  t.is(digestOf(second), digestOf(first));
});

test('neurons that only add up receive every spike of theirs once', async (t) => {
  for (const integration of ['exact', 'grid']) {
    const network = new EventNetwork({
      precision: 'float64',
      populations: {
        poisson: { size: 50, source: 'poisson', rateHz: 100 },
        counters: {
          ...{ size: 23, model: 'lif' },
          parameters: { integration, restMv: 0, resetMv: 0, thresholdMv: 1e6, tauMs: 1e8 },
        },
      },
      projections: [
        {
          ...{ name: 'in', source: 'poisson', target: 'counters', connect: { outDegree: 7 } },
          ...{ weight: 1, delayMs: { uniform: [0, 30] } },
        },
      ],
    });
    const recorder = network.recordSpikes('poisson');
    for (const piece of [13.7, 80, 106.3]) await network.run(piece);
    const { timesMs, neurons } = recorder.take();
    const { sources, targets, delaysMs } = network.connections('in');
    const expected = new Array<number>(23).fill(0);
    sources.forEach((source, synapse) => {
      neurons.forEach((neuron, index) => {
        const tick = Math.round(timesMs[index]! * 1e9) + Math.round(delaysMs[synapse]! * 1e9);
        if (neuron === source && tick <= 200e9) expected[targets[synapse]!]! += 1;
      });
    });
    t.deepEqual(Array.from(network.state('counters', 'v'), Math.round), expected, integration);
  }
});
