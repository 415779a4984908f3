// What the training of a spatial network tells about itself: while an epoch runs and at the end.
import type { SpatialReport } from '../checkpoints/spatial-metadata.ts';
import type { SpatialEvaluation } from '../networks/spatial-network.ts';
import type { BestEpoch, FitEnd, FitProgress } from './reports.ts';

/** What is known before the first batch. */
export interface SpatialFitStart {
  /** Native memory that the network holds, in bytes. */
  networkBytes: number;
  /** In all layers. */
  neurons: number;
  trainSamples: number;
  validationSamples: number;
  testSamples: number;
  /** Epochs that are done, and samples of the next one: 0 and 0 unless resumed. */
  epoch: number;
  samples: number;
  /** The reports of the epochs that are done. */
  history: readonly SpatialReport[];
  /** The checkpoint that training goes on from. */
  resumedFrom: string | null;
}

/** Where training stands within an epoch. */
export interface SpatialFitProgress extends Omit<FitProgress, 'accuracy'> {
  /** Share of the epoch's training samples so far whose class was found; null without labels. */
  accuracy: number | null;
}

export interface SpatialFitResult {
  end: Exclude<FitEnd, 'earlyStopping'>;
  history: SpatialReport[];
  /** Null when no epoch was finished. */
  best: BestEpoch | null;
  /** Of the best epoch's model, measured once; null without test data or when training was stopped. */
  test: SpatialEvaluation | null;
  /** The newest and the best checkpoint; null when none was asked for. */
  checkpoints: { latest: string; best: string | null } | null;
}
