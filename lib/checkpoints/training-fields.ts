// Building blocks of the schemas of trainings in checkpoints.
import { z } from 'zod';
import { choice, integer, number, section } from '../config/fields.ts';

/** From 0 to 1. */
export const share = () => number({ min: 0, max: 1 });
/** A whole number from 0 on. */
export const count = () => integer({ min: 0 });
/** A number from 0 on. */
export const amount = () => number({ min: 0 });

/** Everything that a result depends on, by dotted name: a run can only be resumed with the same values. */
export const settings = () => z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()]));

/** [channels, height, width] of a sample. */
export const shape = () => {
  const side = integer({ min: 1, max: 2 ** 24 });
  return z.tuple([side, side, side]);
};

/** The best epoch so far; null before the first one. */
export const bestEpoch = () =>
  section({
    epoch: count(),
    monitor: choice('trainLoss', 'trainAccuracy', 'validationLoss', 'validationAccuracy'),
    value: number(),
  }).nullable();
