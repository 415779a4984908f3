// The networks of the event benchmarks, as brian2_networks.py and brian2_diehl_cook.py beside the repository define them.
import type {
  Draw,
  EventNetworkOptions,
  PopulationOptions,
  ProjectionOptions,
} from '../lib/networks/event-network.ts';

export const balancedNames = ['cuba', 'brunel'] as const;
export type BalancedName = (typeof balancedNames)[number];

export interface BalancedOptions {
  /** Pair STDP between excitatory neurons. */
  stdp?: boolean;
  /** Delays from 0.5 to 5 ms instead of one for all. */
  het?: boolean;
}

interface Balanced {
  excitatory: number;
  inhibitory: number;
  probability: number;
  delayMs: number;
  excitatoryWeightMv: number;
  inhibitoryWeightMv: number;
  model: { [parameter: string]: number | string };
  startMv: Draw;
}

const balanced: Record<BalancedName, Balanced> = {
  // Vogels & Abbott 2005, current-based.
  cuba: {
    ...{ excitatory: 3200, inhibitory: 800, probability: 0.02, delayMs: 2 },
    ...{ excitatoryWeightMv: 1.62, inhibitoryWeightMv: -9, startMv: { uniform: [-60, -50] } },
    model: {
      ...{ integration: 'grid', synapse: 'exponential', tauMs: 20, tauExcMs: 5, tauInhMs: 10 },
      ...{ restMv: -49, resetMv: -60, thresholdMv: -50, refractoryMs: 5 },
    },
  },
  // Brunel 2000, with a constant drive instead of external spikes.
  brunel: {
    ...{ excitatory: 8000, inhibitory: 2000, probability: 0.1, delayMs: 1.5 },
    ...{ excitatoryWeightMv: 0.1, inhibitoryWeightMv: -0.5, startMv: { uniform: [0, 20] } },
    model: {
      ...{ integration: 'grid', synapse: 'delta', tauMs: 20 },
      ...{ restMv: 0, driveMv: 40, resetMv: 10, thresholdMv: 20, refractoryMs: 2 },
    },
  },
};

/** Excitatory and inhibitory neurons, `e` and `i`, on a grid of 0.1 ms; weights in mV. */
export function balancedNetwork(name: BalancedName, { stdp, het }: BalancedOptions): EventNetworkOptions {
  const { excitatory, inhibitory, probability, model, startMv, ...network } = balanced[name];
  const population = (size: number): PopulationOptions => {
    return { size, model: 'lif', parameters: model, initial: { v: startMv } };
  };
  const projection = (source: 'e' | 'i', target: 'e' | 'i'): ProjectionOptions => ({
    ...{ source, target, connect: { probability } },
    weight: source === 'e' ? network.excitatoryWeightMv : network.inhibitoryWeightMv,
    delayMs: het ? { uniform: [0.5, 5] } : network.delayMs,
  });
  const plasticity = pairStdp(network.excitatoryWeightMv);
  return {
    ...{ dtMs: 0.1, populations: { e: population(excitatory), i: population(inhibitory) } },
    projections: [
      { ...projection('e', 'e'), ...(stdp ? { plasticity } : {}) },
      projection('e', 'i'),
      projection('i', 'e'),
      projection('i', 'i'),
    ],
  };
}

/** Additive, all-to-all, in steps of a ten-thousandth of the weight at the start. */
function pairStdp(weightMv: number) {
  return {
    ...{ rule: 'pair', tauPlusMs: 20, tauMinusMs: 20, wMin: 0, wMax: 2 * weightMv },
    ...{ learningRate: 1e-4 * weightMv, aPlus: 1, aMinus: 1.05 },
  };
}

export const diehlCookNeurons = 400;
/** Pixels of an image. */
export const diehlCookInputs = 784;

/**
 * Poisson input `x`, excitatory neurons `e` and inhibitory neurons `i` of Diehl & Cook 2015 on a grid of 0.5 ms. Neurons
 * start at rest, where the pause after an image leaves them: replicas start every image anew.
 */
export function diehlCookNetwork({ het = false }: { het?: boolean }): EventNetworkOptions {
  const conductance = { method: 'euler', excReversalMv: 0, tauExcMs: 1, tauInhMs: 2 };
  const size = diehlCookNeurons;
  return {
    dtMs: 0.5,
    populations: {
      x: { size: diehlCookInputs, source: 'poisson' },
      e: {
        ...{ size, model: 'conductance-lif', initial: { theta: 20 } },
        parameters: {
          ...{ ...conductance, inhReversalMv: -100, tauMs: 100, refractoryMs: 5 },
          ...{ restMv: -65, resetMv: -65, thresholdMv: -72, thetaPlusMv: 0.05, tauThetaMs: 1e7 },
        },
      },
      i: {
        ...{ size, model: 'conductance-lif' },
        parameters: {
          ...{ ...conductance, inhReversalMv: -85, tauMs: 10, refractoryMs: 2 },
          ...{ restMv: -60, resetMv: -45, thresholdMv: -40 },
        },
      },
    },
    projections: [
      {
        ...{ name: 'x->e', source: 'x', target: 'e', connect: 'all-to-all' },
        ...{ weight: { uniform: [0.003, 0.303] }, delayMs: het ? { uniform: [0, 10] } : 0 },
        ...{ plasticity: { rule: 'diehl-cook' }, normalisation: { total: 78 } },
      },
      { source: 'e', target: 'i', connect: 'one-to-one', weight: 10.4, delayMs: 0 },
      {
        ...{ source: 'i', target: 'e', connect: { allToAll: { self: false } } },
        ...{ weight: 17, receptor: 'inhibitory', delayMs: 0 },
      },
    ],
  };
}
