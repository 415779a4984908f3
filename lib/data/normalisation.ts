// Brings numbers of any range into [0, 1], in which samples are kept as bytes.

import { invalid } from '../errors.ts';
import type { NumberArray } from './element-types.ts';

/**
 * `none`: numbers lie in [0, 1] already. `minMax`: the smallest becomes 0 and the largest 1. `zScore`: the
 * mean becomes 0.5 and three standard deviations reach 0 and 1.
 */
export type Normalisation = 'none' | 'minMax' | 'zScore';

/** A normalisation with its figures: `minimum` becomes 0 and `maximum` 1; what lies beyond is cut off. */
export interface FittedNormalisation {
  minimum: number;
  maximum: number;
}

const deviations = 3;

/** Collects what `minMax` and `zScore` need to know of the numbers, which may come in pieces. */
export class NormalisationFitter {
  readonly #kind: 'minMax' | 'zScore';
  #count = 0;
  #smallest = Infinity;
  #largest = -Infinity;
  #mean = 0;
  #squares = 0;

  constructor(kind: 'minMax' | 'zScore') {
    this.#kind = kind;
  }

  /** `first` is the number of the first value among all, for messages. Throws for NaN and infinite values. */
  add(values: NumberArray, first = 0): void {
    for (let i = 0; i < values.length; i++) {
      const value = values[i]!;
      if (!Number.isFinite(value)) throw unusable(first + i, value, 'a finite number');
      this.#count++;
      if (value < this.#smallest) this.#smallest = value;
      if (value > this.#largest) this.#largest = value;
      const distance = value - this.#mean;
      this.#mean += distance / this.#count;
      this.#squares += distance * (value - this.#mean);
    }
  }

  /** Numbers that are all alike will become 0. */
  fit(): FittedNormalisation {
    if (this.#kind === 'minMax') return checkFitted({ minimum: this.#smallest, maximum: this.#largest });
    const reach = deviations * Math.sqrt(this.#squares / this.#count);
    return checkFitted({ minimum: this.#mean - reach, maximum: this.#mean + reach });
  }
}

/** Throws ERR_SYNFIRE_INVALID_ARGUMENT unless the figures span a finite range. */
export function checkFitted(normalisation: FittedNormalisation): FittedNormalisation {
  const range = normalisation.maximum - normalisation.minimum;
  if (range >= 0 && range < Infinity) return normalisation;
  const expected = 'finite numbers with minimum <= maximum';
  throw invalid('ERR_SYNFIRE_INVALID_ARGUMENT', 'normalisation', normalisation, expected);
}

/**
 * Writes numbers as bytes, byte = round(255 x), after the normalisation; without one they must lie in [0, 1].
 * `first` is the number of the first value among all. Throws ERR_SYNFIRE_INVALID_ARGUMENT naming the value
 * that cannot be used.
 */
export function toBytes(
  values: NumberArray,
  normalisation: FittedNormalisation | undefined,
  bytes: Uint8Array,
  first = 0,
): void {
  if (normalisation === undefined) {
    unitToBytes(values, bytes, first);
  } else {
    scaledToBytes(values, normalisation, bytes, first);
  }
}

function unitToBytes(values: NumberArray, bytes: Uint8Array, first: number): void {
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (!(value >= 0 && value <= 1)) {
      throw unusable(first + i, value, 'a number from 0 to 1, or the normalisation minMax or zScore');
    }
    bytes[i] = Math.round(255 * value);
  }
}

function scaledToBytes(
  values: NumberArray,
  { minimum, maximum }: FittedNormalisation,
  bytes: Uint8Array,
  first: number,
): void {
  const range = maximum > minimum ? maximum - minimum : Infinity;
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (!Number.isFinite(value)) throw unusable(first + i, value, 'a finite number');
    bytes[i] = Math.round(255 * Math.min(1, Math.max(0, (value - minimum) / range)));
  }
}

function unusable(index: number, value: number, expected: string) {
  return invalid('ERR_SYNFIRE_INVALID_ARGUMENT', `samples[${index}]`, value, expected);
}
