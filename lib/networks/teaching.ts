// A network that is taught classes: one exact neuron for each, whose spikes are right or wrong.
import { check } from '../config/check.ts';
import { type TeachingOptions, teachingSchema } from '../config/event-training.ts';
import type { EventNetworkOptions } from './event-network.ts';

/**
 * A spike list `input` drives the `output` neurons, one for each class, which are integrated from event to event and
 * harder to fire again within 5 ms of a spike. Throws ERR_SYNFIRE_INVALID_ARGUMENT.
 */
export function teaching(options: TeachingOptions = {}): EventNetworkOptions {
  const config = check(teachingSchema, options, { root: '', code: 'ERR_SYNFIRE_INVALID_ARGUMENT' });
  const { classes, inputs, seed, delayMs, gainMv, base, total, relativeAmplitudeMv } = config;
  return {
    seed,
    populations: {
      input: { size: inputs, source: 'list' },
      output: {
        size: classes,
        model: 'lif',
        parameters: { synapse: 'delta', integration: 'exact', relativeAmplitudeMv },
      },
    },
    projections: [
      {
        ...{ source: 'input', target: 'output', connect: 'all-to-all' },
        ...{ weight: { uniform: [0.4, 0.6] }, gain: gainMv },
        delayMs: typeof delayMs === 'number' ? delayMs : { uniform: delayMs },
        plasticity: { rule: 'teaching', base },
        normalisation: { total, periodMs: normalisationMs },
      },
    ],
  };
}

/** Weights stand still within a sample: early in it is as good as before it. */
const normalisationMs = 5;
