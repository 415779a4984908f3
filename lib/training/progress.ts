// Turns the native engine's progress into what callers of `fit` are told.
import type { FitProgress } from './reports.ts';

/** Of a setup, what reports need. */
interface ProgressSetup {
  config: { epochs: number };
  trainIndices: Uint32Array;
  onProgress(progress: FitProgress): void;
}

/** Where a training stands within an epoch. */
interface ProgressState {
  epoch: number;
  metrics: Sums & { seconds: number };
  history: readonly { trainLoss: number; trainAccuracy: number | null }[];
}

interface Sums {
  samples: number;
  lossSum: number;
  correct: number;
}

/** Reports the training of an epoch that goes on from `state`, by sums since the start of the epoch. */
export function trainingProgress(
  { onProgress, config, trainIndices }: ProgressSetup,
  { epoch, metrics }: ProgressState,
): (progress: Sums) => void {
  const began = performance.now();
  return ({ samples, lossSum, correct }) => {
    const seconds = metrics.seconds + (performance.now() - began) / 1000;
    const samplesPerSecond = samples / seconds;
    const left = (config.epochs - epoch) * trainIndices.length - samples;
    onProgress({
      part: 'train',
      epoch: epoch + 1,
      epochs: config.epochs,
      samples,
      totalSamples: trainIndices.length,
      loss: lossSum / samples,
      accuracy: correct / samples,
      samplesPerSecond,
      remainingSeconds: left / samplesPerSecond,
    });
  };
}

/** Reports the validation of the running epoch or, after the last one, the test. */
export function evaluationProgress(
  { onProgress, config }: ProgressSetup,
  { epoch, metrics, history }: ProgressState,
  part: 'validation' | 'test',
): (progress: { samples: number; total: number }) => void {
  const began = performance.now();
  const last = history.at(-1);
  const validating = part === 'validation';
  const loss = validating ? metrics.lossSum / metrics.samples : (last?.trainLoss ?? 0);
  const accuracy = validating ? metrics.correct / metrics.samples : (last?.trainAccuracy ?? 0);
  return ({ samples, total }) => {
    onProgress({
      part,
      epoch: validating ? epoch + 1 : epoch,
      epochs: config.epochs,
      samples,
      totalSamples: total,
      loss,
      accuracy,
      samplesPerSecond: (1000 * samples) / (performance.now() - began),
      remainingSeconds: null,
    });
  };
}
