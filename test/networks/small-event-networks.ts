// Small event networks for tests, with everything in them that could depend on threads or on cuts in time.
import { EventNetwork, type EventNetworkOptions } from '../../lib/networks/event-network.ts';

/** Poisson and listed input, neurons on the grid and exact ones, static and plastic synapses, drawn delays. */
export function mixedOptions(): EventNetworkOptions {
  return {
    ...{ seed: 5, dtMs: 0.5, threads: 1 },
    populations: {
      noise: { size: 40, source: 'poisson', rateHz: 60 },
      input: { size: 8, source: 'list' },
      grid: {
        ...{ size: 50, model: 'lif' },
        parameters: { synapse: 'exponential', integration: 'grid', thetaPlusMv: 0.1 },
        initial: { v: { uniform: [-70, -56] } },
      },
      exact: { size: 30, model: 'lif', initial: { v: { normal: [-65, 3], max: -56 } } },
    },
    projections: [
      {
        ...{ source: 'noise', target: 'grid', connect: { probability: 0.5 }, gain: 12 },
        ...{ weight: { uniform: [0.3, 0.7] }, delayMs: { uniform: [0.5, 4] } },
        plasticity: { rule: 'pair', learningRate: 0.1 },
      },
      { source: 'input', target: 'exact', connect: { inDegree: 3 }, weight: 8, delayMs: 1.5 },
      { source: 'grid', target: 'exact', connect: { outDegree: 5 }, weight: 4, delayMs: 2 },
      {
        ...{ source: 'exact', target: 'exact', connect: { probability: 0.2, self: false }, gain: 2 },
        ...{ weight: 0.5, delayMs: 2, plasticity: { rule: 'triplet' } },
      },
      { source: 'exact', target: 'grid', connect: { probability: 0.2 }, weight: -4, delayMs: 1 },
    ],
  };
}

/** The mixed network with listed spikes for the first 100 ms. */
export function mixedNetwork(change: Partial<EventNetworkOptions> = {}): EventNetwork {
  const network = new EventNetwork({ ...mixedOptions(), ...change });
  addInput(network);
  return network;
}

/** One spike a millisecond, which neurons send in turn. */
export function addInput(network: EventNetwork): void {
  network.addSpikes('input', {
    timesMs: Array.from({ length: 100 }, (_, time) => time),
    neurons: Array.from({ length: 100 }, (_, time) => time % 8),
  });
}

/** Runs in pieces; gives everything that came of it. */
export async function outcome(network: EventNetwork, piecesMs: readonly number[], threads = 1) {
  const recorders = ['noise', 'grid', 'exact'].map((population) => network.recordSpikes(population));
  for (const duration of piecesMs) await network.run(duration, { threads });
  return {
    timeMs: network.timeMs,
    spikes: recorders.map((recorder) => recorder.take()),
    weights: network.projections.map(({ name }) => network.weights(name)),
    potentials: ['grid', 'exact'].map((population) => network.state(population, 'v')),
  };
}

/** A network that takes long to run: neurons that drive themselves and each other. */
export function busyNetwork(): EventNetwork {
  return new EventNetwork({
    ...{ seed: 2, dtMs: 0.1, threads: 1 },
    populations: {
      neurons: {
        ...{ size: 2000, model: 'lif' },
        parameters: { synapse: 'exponential', integration: 'grid', driveMv: 25 },
        initial: { v: { uniform: [-70, -55] } },
      },
    },
    projections: [
      { name: 'among', source: 'neurons', target: 'neurons', connect: { inDegree: 50 }, weight: -0.5 },
    ],
  });
}
