// Checks what `fit` is given and works out everything that stays the same during a training.
import type { z } from 'zod';
import { digest } from '../checkpoints/digest.ts';
import { check } from '../config/check.ts';
import {
  type CheckpointConfig,
  type CheckpointOptions,
  checkpointSchema,
  type TrainingConfig,
  type TrainingOptions,
  trainingSchema,
} from '../config/schema.ts';
import { Dataset } from '../data/dataset.ts';
import { splitDataset } from '../data/split.ts';
import { invalid } from '../errors.ts';
import type { LayerNetwork } from '../networks/layer-network.ts';
import { type EarlyStoppingRule, type Monitor, type MonitorMode, naturalMode } from './early-stopping.ts';
import type { FitProgress, FitStart } from './reports.ts';
import { dataSettings, flatten, type Settings } from './settings.ts';

/** Data to train on: a data set alone, or one to train on and one to measure the final network with. */
export type FitData = Dataset | { train: Dataset; test?: Dataset | null; name?: string };

/** What all trainings take beside the settings of their kind. */
export interface CommonFitOptions<Checkpoint, Start, Progress> {
  /**
   * What of the training data is kept for validation: a share below 1, a count, or the samples' indices.
   * Default 0.1.
   */
  validation?: number | Uint32Array;
  /** Of the choice of validation samples. Default 42. */
  validationSeed?: number;
  /** Default: no checkpoints. */
  checkpoint?: Checkpoint & { directory: string };
  /**
   * Goes on from a checkpoint: a file, a folder that holds one, or `true` for `checkpoint.directory`, which
   * starts anew when that is empty.
   */
  resume?: string | boolean;
  /**
   * Stops within a few milliseconds, or after the batch that is running, saves when there are checkpoints, and rejects
   * with the signal's reason.
   */
  signal?: AbortSignal;
  /** Called once, before anything is learned; the training waits for a promise that it returns. */
  onStart?: (start: Start) => void | Promise<void>;
  /** Called at most 20 times a second; what it throws ends the training. */
  onProgress?: (progress: Progress) => void;
}

export interface FitOptions
  extends Omit<TrainingOptions, 'stdp'>,
    CommonFitOptions<CheckpointOptions, FitStart, FitProgress> {
  /** Early stopping: the same as `convergence`, by its common name. */
  earlyStopping?: NonNullable<TrainingOptions['convergence']>;
  /** Puts the best epoch's parameters back at the end. Default true. */
  restoreBest?: boolean;
}

/** Everything about a training that does not change while it runs. */
export interface Setup {
  network: LayerNetwork;
  config: TrainingConfig;
  train: Dataset;
  test: Dataset | null;
  /** Samples of `train` to learn from and to validate with. */
  trainIndices: Uint32Array;
  validationIndices: Uint32Array;
  /** Steps in an epoch; the last one may have fewer samples than the others. */
  steps: number;
  sampleWeights: Float32Array | null;
  monitor: Monitor;
  mode: MonitorMode;
  earlyStopping: EarlyStoppingRule | null;
  checkpoint: (CheckpointConfig & { directory: string }) | null;
  resume: string | boolean;
  restoreBest: boolean;
  settings: Settings;
  signal: AbortSignal | null;
  onStart: (start: FitStart) => void | Promise<void>;
  onProgress: (progress: FitProgress) => void;
}

/** Throws ERR_SYNFIRE_INVALID_ARGUMENT for options or data that cannot be. */
export function setUp(network: LayerNetwork, data: FitData, options: FitOptions): Setup {
  const { earlyStopping, validation = 0.1, validationSeed = 42, checkpoint, ...rest } = options;
  const { resume = false, signal, onStart = () => {}, onProgress = () => {}, restoreBest, ...written } = rest;
  const { train, test = null, name = null } = partsOf(data);
  const config = checkTraining(written, earlyStopping);
  for (const dataset of [train, test]) if (dataset !== null) network.checkDataset(dataset);
  const split = splitSamples(train, validation, validationSeed);
  const store = checkStore(checkpointSchema, checkpoint, resume);
  const setup = {
    network,
    config,
    train,
    test,
    resume,
    onStart,
    onProgress,
    checkpoint: store,
    trainIndices: split.train,
    validationIndices: split.validation,
    steps: Math.ceil(split.train.length / config.batchSize),
    sampleWeights: config.sampleWeights ? weightsOf(train) : null,
    ...chooseMonitor(config, split.validation.length > 0),
    restoreBest: chooseRestoreBest(restoreBest, store),
    signal: signal ?? null,
  };
  return { ...setup, settings: settingsOf(setup, name) };
}

/** The parts of what a training is given. Throws ERR_SYNFIRE_INVALID_ARGUMENT. */
export function partsOf(data: FitData): Exclude<FitData, Dataset> {
  const parts = data instanceof Dataset ? { train: data } : data;
  if (parts?.train instanceof Dataset) return parts;
  throw refused('data', data, 'a Dataset, or an object with one called train and perhaps one called test');
}

function checkTraining(written: TrainingOptions, earlyStopping: FitOptions['earlyStopping']): TrainingConfig {
  if (earlyStopping !== undefined && written.convergence !== undefined) {
    throw refused('earlyStopping', earlyStopping, 'either earlyStopping or convergence: they are the same');
  }
  const options = earlyStopping === undefined ? written : { ...written, convergence: earlyStopping };
  return check(trainingSchema, options, { root: '', code: 'ERR_SYNFIRE_INVALID_ARGUMENT' });
}

/** The samples to learn from and those to validate with. Throws ERR_SYNFIRE_INVALID_ARGUMENT. */
export function splitSamples(
  train: Dataset,
  validation: number | Uint32Array,
  seed: number,
): { train: Uint32Array; validation: Uint32Array } {
  const split =
    typeof validation === 'number'
      ? splitDataset({ total: train.samples, validation, seed })
      : { train: remaining(train, validation), validation };
  if (split.train.length > 0) return split;
  throw refused(
    'validation',
    validation,
    `less than all of the ${train.samples} samples of the training data`,
  );
}

function remaining(train: Dataset, taken: Uint32Array): Uint32Array {
  if (!(taken instanceof Uint32Array)) {
    throw refused('validation', taken, 'a share, a count or a Uint32Array of indices');
  }
  const free = new Uint8Array(train.samples).fill(1);
  for (const index of taken) {
    if (free[index] !== 1) {
      throw refused('validation', index, `indices below ${train.samples}, each of them once`);
    }
    free[index] = 0;
  }
  return Uint32Array.from(free.keys()).filter((index) => free[index] === 1);
}

function weightsOf({ weights }: Dataset): Float32Array {
  if (weights !== undefined) return weights;
  throw refused('sampleWeights', true, 'false: the training data have no weights');
}

/**
 * Where and when a training saves, as the schema of its kind has it; null when it does not. Throws
 * ERR_SYNFIRE_INVALID_ARGUMENT when a folder is needed and not named.
 */
export function checkStore<Config extends { directory?: string | undefined }>(
  schema: z.ZodType<Config>,
  options: unknown,
  resume: string | boolean,
): (Config & { directory: string }) | null {
  if (options === undefined) {
    if (resume === true) throw refused('resume', resume, 'a path, or a checkpoint.directory to look in');
    return null;
  }
  const config = check(schema, options, { root: 'checkpoint', code: 'ERR_SYNFIRE_INVALID_ARGUMENT' });
  const { directory } = config;
  if (directory === undefined) throw refused('checkpoint.directory', directory, 'a folder');
  return { ...config, directory };
}

/**
 * What tells the best epoch: what early stopping watches, else accuracy on the samples that were not trained
 * with.
 */
function chooseMonitor(
  { convergence }: TrainingConfig,
  hasValidation: boolean,
): Pick<Setup, 'monitor' | 'mode' | 'earlyStopping'> {
  const monitor = convergence?.monitor ?? (hasValidation ? 'validationAccuracy' : 'trainLoss');
  if (!hasValidation && monitor.startsWith('validation')) {
    throw refused(
      'convergence.monitor',
      monitor,
      '"trainLoss" or "trainAccuracy", or a part of the data for validation',
    );
  }
  const mode = convergence?.mode ?? naturalMode(monitor);
  return { monitor, mode, earlyStopping: convergence ? { ...convergence, mode } : null };
}

/** With checkpoints, the best model of an earlier process can only be put back if it was saved. */
function chooseRestoreBest(restoreBest: boolean | undefined, checkpoint: CheckpointConfig | null): boolean {
  const saveBest = checkpoint?.saveBest ?? true;
  if (restoreBest === true && !saveBest) {
    throw refused('restoreBest', restoreBest, 'false where checkpoint.saveBest is false');
  }
  return restoreBest ?? saveBest;
}

function settingsOf(setup: Omit<Setup, 'settings'>, name: string | null): Settings {
  const { config, train, trainIndices, validationIndices, sampleWeights } = setup;
  const { epochs: _epochs, threads: _threads, ...training } = config;
  const parts = { train: trainIndices, validation: validationIndices };
  const weights = sampleWeights === null ? null : digest(sampleWeights);
  return {
    ...flatten('training', training),
    ...dataSettings(train, name, parts),
    ...flatten('data', { weights }),
  };
}

export function refused(field: string, value: unknown, expected: string) {
  return invalid('ERR_SYNFIRE_INVALID_ARGUMENT', field, value, expected);
}
