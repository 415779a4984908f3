// Turns the native engine's progress into what callers of `fit` are told.
import type { TrainingState } from '../checkpoints/metadata.ts';
import type { NativeTrainProgress } from '../native/index.ts';
import type { Setup } from './setup.ts';

/** Reports the training of an epoch that goes on from `state`. */
export function trainingProgress(
  { onProgress, config, trainIndices }: Setup,
  { epoch, metrics }: TrainingState,
): (progress: NativeTrainProgress) => void {
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
  { onProgress, config }: Setup,
  { epoch, metrics, history }: TrainingState,
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
