// The network of Diehl & Cook (2015), "Unsupervised learning of digit recognition using spike-timing-dependent
// plasticity", doi:10.3389/fncom.2015.00099, on the authors' grid of 0.5 ms.
import { check } from '../config/check.ts';
import { type DiehlCookOptions, diehlCookSchema } from '../config/event-training.ts';
import type { EventNetworkOptions } from './event-network.ts';

/**
 * Poisson neurons `input`, one for each pixel, drive `excitatory` neurons with an adaptive threshold, which learn
 * by STDP. Each of them excites one of the `inhibitory` neurons, which inhibits all others. Throws
 * ERR_SYNFIRE_INVALID_ARGUMENT.
 */
export function diehlCook(options: DiehlCookOptions = {}): EventNetworkOptions {
  const config = check(diehlCookSchema, options, { root: '', code: 'ERR_SYNFIRE_INVALID_ARGUMENT' });
  const { neurons: size, inputs, seed, dtMs, precision, method, delayMs, startBelowRestMv } = config;
  const common = { method, excReversalMv: 0, tauExcMs: 1, tauInhMs: 2 };
  return {
    ...{ seed, dtMs, precision },
    populations: {
      input: { size: inputs, source: 'poisson' },
      excitatory: {
        size,
        model: 'conductance-lif',
        parameters: {
          ...{ ...common, inhReversalMv: -100, tauMs: 100, refractoryMs: 5 },
          ...{ restMv: -65, resetMv: -65, thresholdMv: -72 },
          ...{ thetaPlusMv: config.thetaPlusMv, tauThetaMs: config.tauThetaMs },
        },
        initial: { v: -65 - startBelowRestMv, theta: 20 },
      },
      inhibitory: {
        size,
        model: 'conductance-lif',
        parameters: {
          ...{ ...common, inhReversalMv: -85, tauMs: 10, refractoryMs: 2 },
          ...{ restMv: -60, resetMv: -45, thresholdMv: -40 },
        },
        initial: { v: -60 - startBelowRestMv },
      },
    },
    projections: [
      {
        ...{ source: 'input', target: 'excitatory', connect: 'all-to-all' },
        weight: { uniform: [0.003, 0.303] },
        delayMs: typeof delayMs === 'number' ? delayMs : { uniform: delayMs },
        plasticity: { rule: 'diehl-cook', nuPre: config.nuPre, nuPost: config.nuPost },
        normalisation: { total: config.total },
      },
      {
        ...{ source: 'excitatory', target: 'inhibitory', connect: 'one-to-one' },
        ...{ weight: config.excitation, delayMs: 0 },
      },
      {
        ...{ source: 'inhibitory', target: 'excitatory', connect: { allToAll: { self: false } } },
        ...{ weight: config.inhibition, receptor: 'inhibitory', delayMs: 0 },
      },
    ],
  };
}
