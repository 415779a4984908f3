// Fills a native data set from the front, in pieces, with bounded extra memory.

import { callNative, type NativeDataset, native } from '../native/index.ts';
import { type Shape, valuesPerSample } from './checks.ts';
import type { NumberArray } from './element-types.ts';
import { type FittedNormalisation, toBytes } from './normalisation.ts';

export interface Layout {
  shape: Shape;
  samples: number;
  /** 0: no labels. */
  classes: number;
  /** Target values per sample; 0: none. */
  targets: number;
}

const pieceBytes = 256 * 1024;

/** A new native data set of zeros. Throws ERR_SYNFIRE_OUT_OF_MEMORY. */
export function allocate(layout: Layout): NativeDataset {
  const addon = native();
  return callNative(() => new addon.Dataset(layout));
}

/**
 * Writes whole samples, the first of which becomes sample `first`. Bytes go in as they are unless there is a
 * normalisation; numbers become bytes.
 */
export function writeSamples(
  dataset: NativeDataset,
  first: number,
  samples: NumberArray,
  normalisation?: FittedNormalisation,
): void {
  const ready = normalisation === undefined ? bytesOf(samples) : undefined;
  if (ready) {
    callNative(() => dataset.writeSamples(first, ready));
    return;
  }
  const size = valuesPerSample(dataset.shape);
  const step = size * Math.max(1, Math.floor(pieceBytes / size));
  const bytes = new Uint8Array(Math.min(step, samples.length));
  for (let from = 0; from < samples.length; from += step) {
    const piece = samples.subarray(from, from + step);
    toBytes(piece, normalisation, bytes, first * size + from);
    callNative(() => dataset.writeSamples(first + from / size, bytes.subarray(0, piece.length)));
  }
}

/** The bytes of an array of bytes, without a copy; undefined for an array of other numbers. */
export function bytesOf(samples: NumberArray): Uint8Array | undefined {
  if (samples instanceof Uint8Array) return samples;
  if (!(samples instanceof Uint8ClampedArray)) return undefined;
  return new Uint8Array(samples.buffer, samples.byteOffset, samples.length);
}
