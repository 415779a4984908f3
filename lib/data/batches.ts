// Goes through a data set batch by batch, in the order and with the augmentation that training uses.

import { callNative, type NativeAugmentation, type NativeDataset, native } from '../native/index.ts';
import { checkInteger, refused } from './checks.ts';
import { prefetch } from './prefetch.ts';

/** Random changes to a sample; what is left out is switched off. */
export interface Augmentation {
  /** Largest shift in whole pixels, either way. Default 0. */
  shift?: number;
  /** Largest rotation in degrees, either way. Default 0. */
  rotate?: number;
  /** Elastic distortion: root mean square of the displacement in pixels. Default 0. */
  elastic?: number;
  /** Smoothness of the elastic distortion in pixels. Default 4. */
  elasticSigma?: number;
}

export interface BatchOptions {
  batchSize: number;
  /** Goes through the samples in training's order for `seed` and `epoch`. Default false. */
  shuffle?: boolean;
  /** Of order and augmentation. Default 42. */
  seed?: number;
  /** Every epoch has an order and an augmentation of its own. Default 0. */
  epoch?: number;
  /** The samples to go through. Default: all. */
  indices?: Uint32Array;
  augmentation?: Augmentation;
  /** Leaves out a last batch that is not full. Default false. */
  dropLast?: boolean;
  /** Batches made ahead of the one in use; memory holds no more than these. Default 1. */
  prefetch?: number;
  signal?: AbortSignal;
}

export interface Batch {
  /** Where the samples lie in the data set. */
  indices: Uint32Array;
  /** Bytes, sample after sample; value = byte / 255. */
  samples: Uint8Array;
  labels?: Int32Array;
  /** Target values, sample after sample. */
  targets?: Float32Array;
  weights?: Float32Array;
}

export interface BatchSource {
  native: NativeDataset;
  weights?: Float32Array | undefined;
  /** Target values per sample. */
  targets: number;
}

/**
 * The batches of one pass; every `for await` over the result is a new pass. Throws
 * ERR_SYNFIRE_INVALID_ARGUMENT.
 */
export function batchesOf(source: BatchSource, options: BatchOptions): AsyncIterable<Batch> {
  const depth = checkInteger('prefetch', options.prefetch ?? 1, 0, 1024);
  const batchSize = checkInteger('batchSize', options.batchSize, 1, 2 ** 31 - 1);
  checkIndices(options.indices, source.native.samples);
  const order = orderOf(source.native, options);
  return { [Symbol.asyncIterator]: () => prefetch(makeBatches(source, options, order, batchSize), depth) };
}

async function* makeBatches(
  source: BatchSource,
  options: BatchOptions,
  order: Uint32Array,
  batchSize: number,
): AsyncGenerator<Batch> {
  const { dropLast = false, signal } = options;
  const labels = source.native.classes > 0 ? readLabels(source.native) : undefined;
  const end = dropLast ? order.length - (order.length % batchSize) : order.length;
  for (let first = 0; first < end; first += batchSize) {
    signal?.throwIfAborted();
    const indices = order.slice(first, first + batchSize);
    yield {
      indices,
      samples: readSamples(source.native, indices, options),
      ...(labels && { labels: Int32Array.from(indices, (index) => labels[index]!) }),
      ...(source.targets > 0 && { targets: readTargets(source.native, indices, source.targets) }),
      ...(source.weights && { weights: Float32Array.from(indices, (index) => source.weights![index]!) }),
    };
  }
}

function orderOf(dataset: NativeDataset, options: BatchOptions): Uint32Array {
  const { shuffle = false, seed = 42, epoch = 0 } = options;
  const indices = options.indices ?? Uint32Array.from({ length: dataset.samples }, (_, index) => index);
  if (!shuffle) return indices;
  const addon = native();
  const order = callNative(() => addon.permutation({ seed, epoch, count: indices.length }));
  return order.map((position) => indices[position]!);
}

function readSamples(dataset: NativeDataset, indices: Uint32Array, options: BatchOptions): Uint8Array {
  const { augmentation, seed = 42, epoch = 0 } = options;
  if (augmentation === undefined) return callNative(() => dataset.gather(indices));
  return callNative(() => dataset.augment({ indices, seed, epoch, augmentation: complete(augmentation) }));
}

function complete({
  shift = 0,
  rotate = 0,
  elastic = 0,
  elasticSigma = 4,
}: Augmentation): NativeAugmentation {
  return { shift, rotate, elastic, elasticSigma };
}

function readLabels(dataset: NativeDataset): Int32Array {
  return callNative(() => dataset.readLabels(0, dataset.samples));
}

function readTargets(dataset: NativeDataset, indices: Uint32Array, perSample: number): Float32Array {
  const targets = new Float32Array(indices.length * perSample);
  indices.forEach((index, i) => {
    targets.set(
      callNative(() => dataset.readTargets(index, 1)),
      i * perSample,
    );
  });
  return targets;
}

function checkIndices(indices: Uint32Array | undefined, samples: number): void {
  if (indices === undefined) return;
  if (!(indices instanceof Uint32Array)) throw refused('indices', indices, 'a Uint32Array');
  const wrong = indices.findIndex((index) => index >= samples);
  if (wrong !== -1)
    throw refused(`indices[${wrong}]`, indices[wrong], `a whole number from 0 to ${samples - 1}`);
}
