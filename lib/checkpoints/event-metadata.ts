// What a checkpoint of an event network says besides its tensors: where its training stands.
import { z } from 'zod';
import { labelsSchema, protocolSchema } from '../config/event-training.ts';
import { flag, integer, section, text } from '../config/fields.ts';
import { amount, count, settings, shape, share } from './training-fields.ts';

/** Sums over images. */
const activity = section({
  images: count(),
  /** Spikes of the output. */
  spikes: count(),
  /** Presentations, repeated ones included. */
  attempts: count(),
  synapticEvents: count(),
  seconds: amount(),
  /** Of `seconds`, those in which replicas were merged. */
  mergeSeconds: amount(),
});

const roundReport = section({
  /** Counted from 1. */
  round: count(),
  /** Images learned since the start. */
  images: count(),
  /** Passes over the training part of the data, the last one perhaps in part. */
  epochs: amount(),
  /** Measured after the round; null without validation images. */
  validationAccuracy: share().nullable(),
  /** Output spikes for each image of the round. */
  spikesPerImage: amount(),
  /** Presentations of each image of the round: more than 1 where images were shown again. */
  attemptsPerImage: amount(),
  /** Time spent learning, without measuring and saving. */
  seconds: amount(),
  /** Share of `seconds` in which replicas were merged. */
  mergeShare: share(),
  imagesPerSecond: amount(),
  /** Time spent labelling and measuring. */
  evaluationSeconds: amount(),
  /** Whether no earlier round was better. */
  best: flag(),
});

export const eventTrainingState = section({
  settings: settings(),
  protocol: protocolSchema,
  /** Null when the network is taught which neurons stand for which class. */
  labels: labelsSchema.nullable(),
  shape: shape(),
  classes: integer({ min: 1, max: 2 ** 24 }),
  /** The data's name; null when they have none. */
  data: text('a name').nullable(),
  /** Images learned so far: the number of the next one. */
  images: count(),
  /** Sums over the running round. */
  activity,
  history: z.array(roundReport),
  /** The round whose validation accuracy is highest, the first one of several. */
  best: section({ round: count(), validationAccuracy: share().nullable() }).nullable(),
});

/**
 * Where the training of an event network stands; together with the tensors of a checkpoint it goes on as if it
 * had never stopped.
 */
export type EventTrainingState = z.output<typeof eventTrainingState>;
export type RoundReport = z.output<typeof roundReport>;
export type Activity = z.output<typeof activity>;
