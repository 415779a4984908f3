// Checks what the training of a spatial network is given and works out everything that stays the same during it.
import { check } from '../config/check.ts';
import {
  type SpatialCheckpointConfig,
  type SpatialCheckpointOptions,
  type SpatialTrainingConfig,
  type SpatialTrainingOptions,
  spatialCheckpointSchema,
  spatialTrainingSchema,
} from '../config/spatial-training.ts';
import type { Dataset } from '../data/dataset.ts';
import type { SpatialNetwork } from '../networks/spatial-network.ts';
import { type Monitor, type MonitorMode, naturalMode } from './early-stopping.ts';
import type { FitProgress } from './reports.ts';
import { dataSettings, flatten, type Settings } from './settings.ts';
import { type CommonFitOptions, checkStore, type FitData, partsOf, refused, splitSamples } from './setup.ts';
import type { SpatialFitProgress, SpatialFitStart } from './spatial-reports.ts';

export interface SpatialFitOptions
  extends SpatialTrainingOptions,
    CommonFitOptions<SpatialCheckpointOptions, SpatialFitStart, SpatialFitProgress> {}

/** Everything about a training that does not change while it runs. */
export interface SpatialSetup {
  network: SpatialNetwork;
  config: SpatialTrainingConfig;
  train: Dataset;
  test: Dataset | null;
  name: string | null;
  /** Whether samples belong to classes, rather than having targets of their own. */
  labelled: boolean;
  /** Samples of `train` to learn from and to validate with. */
  trainIndices: Uint32Array;
  validationIndices: Uint32Array;
  /** What tells the best epoch. */
  monitor: Monitor;
  mode: MonitorMode;
  checkpoint: (SpatialCheckpointConfig & { directory: string }) | null;
  resume: string | boolean;
  settings: Settings;
  signal: AbortSignal | null;
  onStart: (start: SpatialFitStart) => void | Promise<void>;
  onProgress: (progress: FitProgress) => void;
}

/** Throws ERR_SYNFIRE_INVALID_ARGUMENT for options or data that cannot be. */
export function setUpSpatial(
  network: SpatialNetwork,
  data: FitData,
  options: SpatialFitOptions,
): SpatialSetup {
  const { validation = 0.1, validationSeed = 42, checkpoint, resume = false, signal, ...rest } = options;
  const { onStart = () => {}, onProgress = () => {}, ...written } = rest;
  const { train, test = null, name = null } = partsOf(data);
  const config = check(spatialTrainingSchema, written, { root: '', code: 'ERR_SYNFIRE_INVALID_ARGUMENT' });
  const { labelled } = network.checkDataset(train);
  if (test !== null && network.checkDataset(test).labelled !== labelled) {
    throw refused('test.targets', test.targets, labelled ? 'labels, as in train' : 'targets, as in train');
  }
  const split = splitSamples(train, validation, validationSeed);
  const monitor = monitorOf(labelled, split.validation.length > 0);
  const setup = {
    ...{ network, config, train, test, name, labelled, resume, onStart },
    trainIndices: split.train,
    validationIndices: split.validation,
    ...{ monitor, mode: naturalMode(monitor) },
    checkpoint: checkStore(spatialCheckpointSchema, checkpoint, resume),
    signal: signal ?? null,
    onProgress: (progress: FitProgress) => onProgress(labelled ? progress : { ...progress, accuracy: null }),
  };
  return { ...setup, settings: settingsOf(setup) };
}

/** What was not trained with decides, where there is any. */
function monitorOf(labelled: boolean, hasValidation: boolean): Monitor {
  if (!hasValidation) return 'trainLoss';
  return labelled ? 'validationAccuracy' : 'validationLoss';
}

/** Everything that the result depends on but how long the training is. */
function settingsOf(setup: Omit<SpatialSetup, 'settings'>): Settings {
  const { epochs: _epochs, threads: _threads, ...training } = setup.config;
  const parts = { train: setup.trainIndices, validation: setup.validationIndices };
  return { ...flatten('training', training), ...dataSettings(setup.train, setup.name, parts) };
}
