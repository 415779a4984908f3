// Checks what the training of an event network is given and works out everything that stays the same during it.
import { check } from '../config/check.ts';
import {
  type EventCheckpointConfig,
  type EventCheckpointOptions,
  type EventTrainingConfig,
  type EventTrainingOptions,
  eventCheckpointSchema,
  eventTrainingSchema,
  type LabelsConfig,
  type Protocol,
} from '../config/event-training.ts';
import type { Dataset } from '../data/dataset.ts';
import { native } from '../native/index.ts';
import type { EventNetwork } from '../networks/event-network.ts';
import { samplesOf, sizeOf } from './event-classifier.ts';
import type { EventFitProgress, EventFitStart } from './event-reports.ts';
import { dataSettings, flatten, type Settings } from './settings.ts';
import { type CommonFitOptions, checkStore, type FitData, partsOf, refused, splitSamples } from './setup.ts';

/** What the trainings of all event networks take. */
export interface EventFitOptions
  extends EventTrainingOptions,
    CommonFitOptions<EventCheckpointOptions, EventFitStart, EventFitProgress> {}

/** What a way of learning decides. */
export interface EventMethod {
  protocol: Protocol;
  /** Null when the network is taught which neurons stand for which class. */
  labels: LabelsConfig | null;
}

/** Everything about a training that does not change while it runs. */
export interface EventSetup extends EventMethod {
  network: EventNetwork;
  config: EventTrainingConfig & { batchSize: number };
  train: Dataset;
  test: Dataset | null;
  name: string | null;
  /** Classes that are told apart. */
  classes: number;
  /** Samples of `train` to learn from and to validate with, and samples of `test`. */
  trainIndices: Uint32Array;
  validationIndices: Uint32Array;
  testIndices: Uint32Array;
  checkpoint: (EventCheckpointConfig & { directory: string }) | null;
  resume: string | boolean;
  settings: Settings;
  signal: AbortSignal | null;
  onStart: (start: EventFitStart) => void | Promise<void>;
  onProgress: (progress: EventFitProgress) => void;
}

/** Throws ERR_SYNFIRE_INVALID_ARGUMENT for options or data that cannot be. */
export function setUpEvents(
  network: EventNetwork,
  data: FitData,
  method: EventMethod,
  options: EventFitOptions,
): EventSetup {
  const { validation = 0.1, validationSeed = 42, checkpoint, resume = false, signal, ...rest } = options;
  const { onStart = () => {}, onProgress = () => {}, ...written } = rest;
  const { train, test = null, name = null } = partsOf(data);
  const config = check(eventTrainingSchema, written, { root: '', code: 'ERR_SYNFIRE_INVALID_ARGUMENT' });
  const { batchSize = native().cpu().hardwareThreads } = config;
  for (const dataset of [train, test]) if (dataset !== null) checkData(network, dataset, method);
  const classes =
    method.labels === null ? sizeOf(network, method.protocol.output, 'protocol.output') : train.classes;
  const split = splitSamples(train, validation, validationSeed);
  const setup = {
    ...{ network, train, test, name, resume, onStart, onProgress, ...method },
    config: { ...config, batchSize },
    classes,
    trainIndices: samplesOf(train, classes, split.train),
    validationIndices: samplesOf(train, classes, split.validation),
    testIndices: test === null ? new Uint32Array(0) : samplesOf(test, classes),
    checkpoint: checkStore(eventCheckpointSchema, checkpoint, resume),
    signal: signal ?? null,
  };
  return { ...setup, settings: settingsOf(setup) };
}

function checkData(network: EventNetwork, dataset: Dataset, { protocol }: EventMethod): void {
  const inputs = sizeOf(network, protocol.source, 'protocol.source');
  sizeOf(network, protocol.output, 'protocol.output');
  const values = dataset.shape.reduce((product, extent) => product * extent, 1);
  if (values !== inputs) {
    throw refused(
      'dataset.shape',
      dataset.shape,
      `${inputs} values, as many as ${protocol.source} has neurons`,
    );
  }
  if (dataset.classes < 1) throw refused('dataset.classes', dataset.classes, 'labels');
}

/** Everything that the result depends on but how long the training is. */
function settingsOf(setup: Omit<EventSetup, 'settings'>): Settings {
  const { epochs: _epochs, images: _images, threads: _threads, ...training } = setup.config;
  const parts = { train: setup.trainIndices, validation: setup.validationIndices };
  return {
    ...flatten('training', training),
    ...flatten('protocol', setup.protocol),
    ...flatten('labels', setup.labels),
    ...dataSettings(setup.train, setup.name, parts),
  };
}
