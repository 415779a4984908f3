// The built-in handwritten-like digits: no download, any size, the same bits everywhere.

import { native, runJob } from '../native/index.ts';
import { allocate } from './builder.ts';
import { checkInteger } from './checks.ts';
import { Dataset } from './dataset.ts';
import { limited, type ReportProgress } from './progress.ts';

export interface DigitsOptions {
  /** How many digits; digit k does not depend on it. */
  samples: number;
  /** Number of the first digit in the endless series. Default 0. */
  firstIndex?: number;
  /** Of the series. Default 42. */
  seed?: number;
  /** Default: all that this process may use. The result does not depend on it. */
  threads?: number;
  signal?: AbortSignal | undefined;
  /** At most 20 times a second. */
  onProgress?: ReportProgress | undefined;
  /** What reports call this part of the set. */
  name?: string;
}

/** Draws 28 x 28 digits of ten classes. Throws ERR_SYNFIRE_INVALID_ARGUMENT. */
export async function generateDigits(options: DigitsOptions): Promise<Dataset> {
  const { firstIndex = 0, seed = 42, signal, onProgress, name = 'digits' } = options;
  const threads = options.threads ?? native().cpu().hardwareThreads;
  const total = checkInteger('samples', options.samples, 1, 2 ** 31 - 1);
  const dataset = allocate({ shape: [1, 28, 28], samples: total, classes: 10, targets: 0 });
  const report = limited(onProgress);
  await runJob<void, { samples: number; total: number }>(
    (progress) => dataset.generateDigits({ firstIndex, seed, threads }, progress),
    { signal, onProgress: ({ samples }) => report({ phase: 'generate', file: name, done: samples, total }) },
  );
  return new Dataset(dataset);
}
