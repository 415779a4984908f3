// A real native job that runs for about a second unless stopped: drawing the built-in digits on one thread.

import { type NativeDataset, native, type RunJobOptions, runJob } from '../../lib/native/index.ts';

/** Samples that take the job about a second. */
export const longJobSamples = 80_000;

export function emptyDigits(samples: number): NativeDataset {
  return new (native().Dataset)({ shape: [1, 28, 28], samples, classes: 10, targets: 0 });
}

export function drawDigits(
  dataset: NativeDataset,
  options: RunJobOptions<{ samples: number; total: number }> = {},
): Promise<void> {
  return runJob(
    (onProgress) => dataset.generateDigits({ firstIndex: 0, seed: 1, threads: 1 }, onProgress),
    options,
  );
}
