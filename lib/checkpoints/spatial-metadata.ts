// What a checkpoint of a spatial network says besides its tensors: where its training stands.
import { z } from 'zod';
import { flag, integer, number, section, text } from '../config/fields.ts';
import { amount, bestEpoch, count, settings, shape, share } from './training-fields.ts';

/** Sums over the running epoch. */
const metrics = section({
  batches: count(),
  samples: count(),
  /** Of the mean squared errors of samples. */
  lossSum: number(),
  /** Samples whose class was found; 0 without labels. */
  correct: count(),
  /** Neurons that growth has added. */
  grown: count(),
  /** Neurons that pruning has removed after the last batch; null before that. */
  pruned: count().nullable(),
  seconds: amount(),
});

const report = section({
  /** Counted from 1. */
  epoch: count(),
  batches: count(),
  /** Mean squared error over the epoch's training samples, each before it was learned. */
  trainLoss: number(),
  /** Share of these samples whose class was found; null without labels. */
  trainAccuracy: share().nullable(),
  /** Measured after the epoch; null without validation samples. */
  validationLoss: number().nullable(),
  /** Null without validation samples and without labels. */
  validationAccuracy: share().nullable(),
  /** In all layers, after the epoch. */
  neurons: count(),
  /** Neurons that growth added during the epoch. */
  grown: count(),
  /** Neurons that pruning removed after it. */
  pruned: count(),
  /** Time spent learning, without pruning, measuring and saving. */
  seconds: amount(),
  /** Training samples per second of `seconds`. */
  samplesPerSecond: amount(),
  validationSeconds: amount(),
  /** Whether no earlier epoch was better. */
  best: flag(),
});

export const spatialTrainingState = section({
  settings: settings(),
  /** [channels, height, width] of a sample. */
  shape: shape(),
  /** Classes that are told apart; 0 where samples have targets instead. */
  classes: integer({ min: 0, max: 2 ** 31 - 1 }),
  /** The data's name; null when they have none. */
  data: text('a name').nullable(),
  /** Epochs that are done. */
  epoch: count(),
  metrics,
  history: z.array(report),
  best: bestEpoch(),
});

/**
 * Where the training of a spatial network stands; together with the tensors of a checkpoint it goes on as if it had
 * never stopped.
 */
export type SpatialTrainingState = z.output<typeof spatialTrainingState>;
/** The figures of one finished epoch. */
export type SpatialReport = z.output<typeof report>;
