// Checks samples that programs hand over and brings them into the bytes that the engine reads: value = byte /
// 255.
import { toBytes } from '../data/normalisation.ts';
import { invalid } from '../errors.ts';

/**
 * Samples as bytes (value = byte / 255) or as numbers from 0 to 1, one after another, in the order channel,
 * row, column.
 */
export type Samples = Uint8Array | Float32Array;

/**
 * Whole samples of `shape` as bytes; numbers are rounded to the nearest byte. Throws
 * ERR_SYNFIRE_INVALID_ARGUMENT.
 */
export function toSampleBytes(samples: Samples, shape: readonly number[]): Uint8Array {
  const size = shape.reduce((product, side) => product * side, 1);
  const isArray = samples instanceof Uint8Array || samples instanceof Float32Array;
  if (!isArray || samples.length === 0 || samples.length % size !== 0) throw wrongSize(samples, shape, size);
  return samples instanceof Uint8Array ? samples : quantised(samples);
}

function quantised(values: Float32Array): Uint8Array {
  const bytes = new Uint8Array(values.length);
  toBytes(values, undefined, bytes);
  return bytes;
}

function wrongSize(samples: unknown, shape: readonly number[], size: number) {
  const expected = `a Uint8Array or Float32Array with ${shape.join(' x ')} = ${size} values for each sample`;
  const value =
    ArrayBuffer.isView(samples) && 'length' in samples
      ? `${samples.constructor.name} of ${samples.length} values`
      : samples;
  return invalid('ERR_SYNFIRE_INVALID_ARGUMENT', 'samples', value, expected);
}
