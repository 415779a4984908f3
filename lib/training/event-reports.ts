// What the training of an event network tells about itself: while it runs, after each round and at the end.
import type { RoundReport } from '../checkpoints/event-metadata.ts';
import type { EventClassifier, EventEvaluation } from './event-classifier.ts';
import type { FitEnd } from './reports.ts';

/** What is known before the first image. */
export interface EventFitStart {
  /** Native memory of the network, and of each replica beside it, in bytes. */
  networkBytes: number;
  replicaBytes: number;
  /** Replicas, the network included. */
  batchSize: number;
  trainImages: number;
  validationImages: number;
  testImages: number;
  /** Images learned so far: 0 unless resumed. */
  images: number;
  /** The reports of the rounds that are done. */
  history: readonly RoundReport[];
  /** The checkpoint that training goes on from. */
  resumedFrom: string | null;
}

/** Where training stands. */
export interface EventFitProgress {
  part: 'train' | 'labels' | 'validation' | 'test';
  /** Images of this part that are done; of training, since the start. */
  images: number;
  totalImages: number;
  /** Since this part of this round began. */
  imagesPerSecond: number;
  /** Output spikes for each image learned in this round so far; null before the first one. */
  spikesPerImage: number | null;
  /** Estimated time until the last image is learned; null outside of training. */
  remainingSeconds: number | null;
}

/** The best round so far. */
export interface BestRound {
  /** Counted from 1. */
  round: number;
  /** Null without validation images: then the last round counts as the best one. */
  validationAccuracy: number | null;
}

export interface EventFitResult {
  end: Exclude<FitEnd, 'earlyStopping'>;
  history: RoundReport[];
  /** Null when no round was finished. */
  best: BestRound | null;
  /** Of the best round's model, measured once; null without test data or when training was stopped. */
  test: EventEvaluation | null;
  /** Reads the network as it is left, which is the best round's model. */
  classifier: EventClassifier;
  /** The newest and the best checkpoint; null when none was asked for. */
  checkpoints: { latest: string; best: string | null } | null;
}
