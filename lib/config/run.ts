// The configuration of data, checkpoints and metrics, and of a whole run as a file describes it.
import type { z } from 'zod';
import { choice, flag, integer, number, section, text } from './fields.ts';
import { networkSchema } from './network.ts';
import { trainingSchema } from './training.ts';

const sampleCount = () => integer({ min: 1, max: 2 ** 31 - 1 });

export const dataSchema = section({
  /**
   * A data set's name, `digits`, `mnist`, `fashion-mnist` or `kmnist`, a folder of IDX or NPY files, or two
   * or four such files (samples, labels) with commas between. Default `digits`.
   */
  name: text('the name of a data set or a folder').default('digits'),
  /** The folder in which the named data set lies. Default: see `datasets.load`. */
  path: text('a folder').optional(),
  /**
   * What is set aside of the training data for validation: a share below 1, or a count of samples. Default
   * 0.1.
   */
  validation: number({ min: 0 })
    .refine((amount) => amount < 1 || Number.isInteger(amount), {
      error: 'a share below 1 or a whole number of samples',
    })
    .default(0.1),
  /** Of the choice of validation samples. Default 42. */
  validationSeed: integer({ min: 0, max: 2 ** 32 - 1 }).default(42),
  /** Uses only the first samples of each part. Default: all. */
  limit: sampleCount().optional(),
  /**
   * How arrays of numbers are brought into [0, 1]; fitted on the training part. Bytes are divided by 255.
   * Default `none`.
   */
  normalisation: choice('none', 'minMax', 'zScore').default('none'),
});

export const checkpointSchema = section({
  /** Folder of the checkpoints. Default: `checkpoints` in the run's own folder. */
  directory: text('a folder').optional(),
  /** Newest checkpoints that are kept, besides the best one. Default 3. */
  keep: integer({ min: 1, max: 1e6 }).default(3),
  /** Epochs between two checkpoints. Default 1. */
  saveEveryEpochs: integer({ min: 1, max: 1e6 }).default(1),
  /** Training steps between two checkpoints within an epoch. Default: none within an epoch. */
  saveEverySteps: integer({ min: 1, max: 1e9 }).optional(),
  /** Whether the best model so far is kept as well. Default true. */
  saveBest: flag().default(true),
});

export const metricsSchema = section({
  /**
   * Every epoch's figures go to this file, one JSON object per line. Default: `metrics.jsonl` in the run's
   * own folder.
   */
  file: text('a file').optional(),
});

export const runSchema = section({
  network: networkSchema,
  training: trainingSchema.prefault({}),
  data: dataSchema.prefault({}),
  checkpoint: checkpointSchema.prefault({}),
  metrics: metricsSchema.prefault({}),
});

/** Data as they are written: everything may be left out. */
export type DataOptions = z.input<typeof dataSchema>;
export type DataConfig = z.output<typeof dataSchema>;
export type CheckpointOptions = z.input<typeof checkpointSchema>;
export type CheckpointConfig = z.output<typeof checkpointSchema>;
export type MetricsOptions = z.input<typeof metricsSchema>;
export type MetricsConfig = z.output<typeof metricsSchema>;
/** A whole run as it is written. */
export type RunOptions = z.input<typeof runSchema>;
/** A whole run with every default filled in. */
export type RunConfig = z.output<typeof runSchema>;
