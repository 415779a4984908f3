// trainUnsupervised: an event network learns images by its own plasticity, without being told their classes.
import type { RoundReport } from '../checkpoints/event-metadata.ts';
import { check } from '../config/check.ts';
import {
  type ImageProtocolOptions,
  imageProtocolSchema,
  type LabelsOptions,
  labelsSchema,
} from '../config/event-training.ts';
import type { EventNetwork } from '../networks/event-network.ts';
import type { EventFitResult } from './event-reports.ts';
import { EventTrainingRun } from './event-run.ts';
import { type EventFitOptions, setUpEvents } from './event-setup.ts';
import type { FitData } from './setup.ts';
import { Training } from './training.ts';

export interface UnsupervisedOptions extends EventFitOptions {
  /** How images are shown. Default: as Diehl & Cook (2015) did. */
  protocol?: ImageProtocolOptions;
  /** How neurons come by their classes, and how they vote. */
  labels?: LabelsOptions;
}

/**
 * Trains `network` with the images of a data set, as rates of Poisson spikes. The training begins when the returned
 * object is first awaited or iterated:
 *
 *     const { test, classifier } = await trainUnsupervised(network, data, { images: 10_000 });
 *     for await (const round of trainUnsupervised(network, data)) console.log(round.validationAccuracy);
 *
 * After each round some images of the training part, whose labels are used here only, give every neuron its class,
 * and the validation part measures the accuracy; the model of the best round is put back at the end and measured with
 * the test data once. Same seed and batch size, same bits: for any number of threads, before and after a resume.
 *
 * Throws ERR_SYNFIRE_INVALID_ARGUMENT at once; rejects with ERR_SYNFIRE_NUMERIC when activity runs away,
 * ERR_SYNFIRE_CHECKPOINT when it cannot resume, ERR_SYNFIRE_IO when it cannot save, ERR_SYNFIRE_BUSY when the network
 * is already training.
 */
export function trainUnsupervised(
  network: EventNetwork,
  data: FitData,
  { protocol, labels, ...options }: UnsupervisedOptions = {},
): Training<RoundReport, EventFitResult> {
  const code = 'ERR_SYNFIRE_INVALID_ARGUMENT';
  const method = {
    protocol: {
      kind: 'images',
      ...check(imageProtocolSchema, protocol ?? {}, { root: 'protocol', code }),
    } as const,
    labels: check(labelsSchema, labels ?? {}, { root: 'labels', code }),
  };
  const setup = setUpEvents(network, data, method, options);
  return new Training({ network, signal: setup.signal, begin: () => EventTrainingRun.begin(setup) });
}
