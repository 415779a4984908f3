// The configuration of spatial networks that learn from a data set: the presets, training and checkpoints.
import { z } from 'zod';
import { choice, flag, integer, number, section, seed, text } from './fields.ts';
import { dataSchema, metricsSchema } from './run.ts';
import type { CompleteSpatial } from './spatial-grids.ts';
import { type GridSize, type SpatialNetworkConfig, spatialNetworkFields } from './spatial-network.ts';

const prune = section({
  /** Neurons below it are removed. Default 0.01. */
  threshold: number({ min: 0, max: 1e6 }).default(0.01),
  /** How full a neuron's memory is, or its running mean of absolute outputs. Default `saturation`. */
  by: choice('saturation', 'contribution').default('saturation'),
});

export const spatialTrainingSchema = section({
  /** Passes over the training part of the data. Default 5. */
  epochs: integer({ min: 1, max: 1e6 }).default(5),
  /** Samples whose changes are made together. Default 32. */
  batchSize: integer({ min: 1, max: 65536 }).default(32),
  /** Of the order of samples. Default 42. */
  seed: seed().default(42),
  /** Default: one for every processor that the process may use. Results do not depend on it. */
  threads: integer({ min: 1, max: 1024 }).optional(),
  /** Removes neurons after each epoch. Default null: none. */
  prune: prune.nullable().default(null),
});

export const spatialCheckpointSchema = section({
  /** Folder of the checkpoints. Default: `checkpoints` in the run's own folder. */
  directory: text('a folder').optional(),
  /** Samples between two checkpoints within an epoch. Default: none; there is always one after an epoch. */
  saveEverySamples: integer({ min: 1, max: 2 ** 31 - 1 }).optional(),
  /** Whether the best model so far is kept as well, and put back at the end. Default true. */
  saveBest: flag().default(true),
});

/** What a grid is, is checked with the whole description: see `completeSpatial`. */
const grids = z.custom<readonly GridSize[]>(Array.isArray, {
  error: 'a list of grids from the input to the output, each as neurons or [x, y, z]',
});

const runOf = <const Name extends string>(preset: Name) =>
  section({
    network: section({ preset: z.literal(preset), grids, ...spatialNetworkFields }),
    training: spatialTrainingSchema.prefault({}),
    data: dataSchema.prefault({}),
    checkpoint: spatialCheckpointSchema.prefault({}),
    metrics: metricsSchema.prefault({}),
  });

/** Runs of spatial networks by the name of their preset, whose own options lie beneath what is written. */
export const spatialRunSchemas = {
  'spatial-identity': runOf('spatial-identity'),
  'spatial-digits': runOf('spatial-digits'),
} as const;

export type SpatialPresetName = keyof typeof spatialRunSchemas;
export const spatialPresetNames = Object.keys(spatialRunSchemas) as SpatialPresetName[];

type CheckedRun = z.output<(typeof spatialRunSchemas)[SpatialPresetName]>;

export type SpatialTrainingOptions = z.input<typeof spatialTrainingSchema>;
export type SpatialTrainingConfig = z.output<typeof spatialTrainingSchema>;
export type SpatialCheckpointOptions = z.input<typeof spatialCheckpointSchema>;
export type SpatialCheckpointConfig = z.output<typeof spatialCheckpointSchema>;
/** A run of a spatial network with every default filled in. */
export type SpatialRunConfig = Omit<CheckedRun, 'network'> & {
  network: { preset: SpatialPresetName; grids: CompleteSpatial['grids'] } & SpatialNetworkConfig;
};
