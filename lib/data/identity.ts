// Random vectors whose targets are they themselves: a built-in task for spatial networks.
import { Dataset } from './dataset.ts';
import type { DataSource } from './folder.ts';

/** The name by which configurations and the program know these data. */
export const identityName = 'identity';

export interface IdentityOptions {
  /** [channels, height, width] of a vector's values. */
  shape: readonly [number, number, number];
  /** Uses the first vectors of each part only. Default: all. */
  limit?: number | undefined;
  /** Default 42. */
  seed?: number;
}

/** 4,444 vectors to train and validate with, and 1,000 to test with, of values drawn evenly from 0, 1/255, … 1. */
export function identityData({
  shape,
  limit = Infinity,
  seed = 42,
}: IdentityOptions): Omit<DataSource, 'classes'> {
  const part = (vectors: number, first: number) => vectorsFrom(first, Math.min(vectors, limit), shape, seed);
  return {
    name: identityName,
    train: part(trainVectors, 0),
    test: part(testVectors, firstTestVector),
  };
}

/** A validation part of a tenth leaves 4,000 to train with. */
const trainVectors = 4444;
const testVectors = 1000;
const firstTestVector = 2 ** 20;

/** Vectors of the endless series from number `first` on. */
function vectorsFrom(first: number, vectors: number, shape: readonly number[], seed: number): Dataset {
  const size = shape.reduce((product, side) => product * side, 1);
  const samples = new Uint8Array(vectors * size).map((_, index) => randomByte(seed, first * size + index));
  const targets = Float32Array.from(samples, (byte) => byte / 255);
  return Dataset.fromArrays({ samples, targets, shape });
}

/** A byte that depends on its number alone: the upper bits of two rounds of a 32-bit mixing function. */
function randomByte(seed: number, index: number): number {
  const high = Math.floor(index / 2 ** 32);
  return mix(mix(index ^ Math.imul(high, 0x9e3779b9)) ^ seed) >>> 24;
}

function mix(value: number): number {
  let bits = value | 0;
  bits = Math.imul(bits ^ (bits >>> 16), 0x7feb352d);
  bits = Math.imul(bits ^ (bits >>> 15), 0x846ca68b);
  return bits ^ (bits >>> 16);
}
