// Sets samples aside for validation and test, at random but repeatably.

import { callNative, native } from '../native/index.ts';
import { checkInteger, refused } from './checks.ts';

export interface SplitOptions {
  /** Number of samples to split. */
  total: number;
  /** Samples for validation: a share below 1, or a count. Default 0. */
  validation?: number;
  /** Samples for test: a share below 1, or a count. Default 0. */
  test?: number;
  /** Of the choice. Default 42. */
  seed?: number;
}

/** The numbers of the samples in each part, ascending. */
export interface Split {
  train: Uint32Array;
  validation: Uint32Array;
  test: Uint32Array;
}

/** The epoch whose order chooses the parts; no training comes that far. */
const choosingEpoch = 2 ** 32 - 1;

/**
 * Splits samples 0 … total - 1 into disjoint parts; what is not set aside is for training. A share is rounded
 * to whole samples, halves up. Throws ERR_SYNFIRE_INVALID_ARGUMENT, of the field `validation + test`, when
 * nothing would be left to train with, as for two quarters of two samples.
 */
export function splitDataset({ total, validation = 0, test = 0, seed = 42 }: SplitOptions): Split {
  checkInteger('total', total, 1, 2 ** 31 - 1);
  const validationCount = countOf('validation', validation, total);
  const testCount = countOf('test', test, total);
  const setAside = validationCount + testCount;
  if (setAside >= total) {
    throw refused(
      'validation + test',
      `${setAside} of ${total} samples`,
      'fewer than all samples, as some are to train with',
    );
  }
  const addon = native();
  const order = callNative(() => addon.permutation({ seed, epoch: choosingEpoch, count: total }));
  return {
    validation: order.slice(0, validationCount).sort(),
    test: order.slice(validationCount, setAside).sort(),
    train: order.slice(setAside).sort(),
  };
}

function countOf(field: string, amount: number, total: number): number {
  if (amount >= 0 && amount < 1) return Math.round(amount * total);
  if (Number.isInteger(amount) && amount >= 1 && amount <= total) return amount;
  throw refused(field, amount, `a share from 0 to 1 or a count up to ${total}`);
}
