// What training tells about itself: while an epoch runs, after each epoch and at the end.
import type { Monitor } from './early-stopping.ts';

/** What is known before the first step. */
export interface FitStart {
  /** Native memory that the network needs at most while it trains, in bytes. */
  planBytes: number;
  trainSamples: number;
  validationSamples: number;
  testSamples: number;
  /** Epochs that are done, and steps of the next one: 0 and 0 unless resumed. */
  epoch: number;
  step: number;
  /** The reports of the epochs that are done. */
  history: readonly EpochReport[];
  /** The checkpoint that training goes on from. */
  resumedFrom: string | null;
}

/** Where training stands within an epoch. */
export interface FitProgress {
  part: 'train' | 'validation' | 'test';
  /** The running epoch, counted from 1. */
  epoch: number;
  epochs: number;
  /** Samples of this part that are done. */
  samples: number;
  totalSamples: number;
  /** Mean over the epoch's training samples so far. */
  loss: number;
  /** Share of the epoch's training samples so far whose class was found. */
  accuracy: number;
  samplesPerSecond: number;
  /** Estimated time until the last epoch's training ends; null outside of training. */
  remainingSeconds: number | null;
}

/** The figures of one finished epoch. Accuracies are fractions; what was not measured is null. */
export interface EpochReport {
  /** Counted from 1. */
  epoch: number;
  /** Mean loss over the epoch's training samples, taken while the weights were changing. */
  trainLoss: number;
  trainAccuracy: number;
  /** Measured after the epoch; null without validation samples. */
  validationLoss: number | null;
  validationAccuracy: number | null;
  /** Of the epoch's last step. */
  learningRate: number;
  /** Time spent training, without validation and saving. */
  seconds: number;
  validationSeconds: number;
  /** Training samples per second of `seconds`. */
  samplesPerSecond: number;
  /** Whether no earlier epoch was better. */
  best: boolean;
}

/** The best epoch so far and by what it was chosen. */
export interface BestEpoch {
  /** Counted from 1. */
  epoch: number;
  monitor: Monitor;
  value: number;
}

/** `completed` all epochs, ended by `earlyStopping`, or `stopped` because its iteration was left. */
export type FitEnd = 'completed' | 'earlyStopping' | 'stopped';

export interface FitResult {
  end: FitEnd;
  history: EpochReport[];
  /** Null when no epoch was finished. */
  best: BestEpoch | null;
  /** Of the network as it is left, measured once; null without test data or when training was stopped. */
  testLoss: number | null;
  testAccuracy: number | null;
  /** The newest and the best checkpoint; null when none was asked for. */
  checkpoints: { latest: string; best: string | null } | null;
}
