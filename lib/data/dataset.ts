// A data set: samples that live once in native memory, with labels, targets and weights.

import { callNative, type NativeDataset } from '../native/index.ts';
import { type Batch, type BatchOptions, batchesOf } from './batches.ts';
import { allocate, writeSamples } from './builder.ts';
import {
  checkLabels,
  checkShape,
  checkTargets,
  checkWeights,
  countSamples,
  isFitted,
  type LabelArray,
  refused,
  type Shape,
  valuesPerSample,
} from './checks.ts';
import { type BatchInput, type CollectOptions, collect } from './collect.ts';
import type { NumberArray } from './element-types.ts';
import { type FittedNormalisation, type Normalisation, NormalisationFitter } from './normalisation.ts';

export interface DatasetArrays {
  /**
   * Sample after sample in the order channel, row, column. A Uint8Array (or Uint8ClampedArray) holds bytes
   * (value = byte / 255); other numbers lie in [0, 1] after normalisation and are kept to 8 bits: they become
   * spike probabilities.
   */
  samples: NumberArray;
  /** [channels, height, width] of one sample; [height, width] and [size] mean leading sides of 1. */
  shape: readonly number[];
  /** A class for every sample. */
  labels?: LabelArray;
  /** Number of classes. Default: the largest label + 1. */
  classes?: number;
  /** Target values, the same number for every sample. */
  targets?: ArrayLike<number>;
  /** Factors on the loss, one for every sample. */
  weights?: ArrayLike<number>;
  /** Default `none`. Give another set's `normalisation` to treat this one alike. */
  normalisation?: Normalisation | FittedNormalisation;
  /** The samples that `minMax` and `zScore` are fitted on, usually the training part. Default: all. */
  fitOn?: Uint32Array;
}

/** What a Dataset is made of beside its native part. */
export interface DatasetParts {
  weights?: Float32Array | undefined;
  /** Target values per sample. Default 0. */
  targets?: number | undefined;
  normalisation?: FittedNormalisation | undefined;
}

export class Dataset {
  /** The samples in native memory. */
  readonly native: NativeDataset;
  /** Factors on the loss, one for every sample, if any were given. */
  readonly weights: Float32Array | undefined;
  /** Target values per sample; 0 for none. */
  readonly targets: number;
  /** The normalisation that samples went through, if any. */
  readonly normalisation: FittedNormalisation | undefined;

  constructor(native: NativeDataset, parts: DatasetParts = {}) {
    this.native = native;
    this.weights = parts.weights;
    this.targets = parts.targets ?? 0;
    this.normalisation = parts.normalisation;
  }

  /**
   * A data set from arrays, which are copied. Throws ERR_SYNFIRE_INVALID_ARGUMENT naming the value at fault.
   */
  static fromArrays(arrays: DatasetArrays): Dataset {
    const shape = checkShape(arrays.shape);
    const samples = countSamples(arrays.samples, shape);
    const labels = arrays.labels && checkLabels(arrays.labels, samples, arrays.classes);
    const targets = arrays.targets && checkTargets(arrays.targets, samples);
    const weights = arrays.weights && checkWeights(arrays.weights, samples);
    const normalisation = fitted(arrays, shape, samples);
    const classes = labels?.classes ?? 0;
    const native = allocate({ shape, samples, classes, targets: targets?.perSample ?? 0 });
    writeSamples(native, 0, arrays.samples, normalisation);
    if (labels) callNative(() => native.writeLabels(0, labels.labels));
    if (targets) callNative(() => native.writeTargets(0, targets.targets));
    return new Dataset(native, { weights, targets: targets?.perSample, normalisation });
  }

  /**
   * A data set from an async (or plain) iterable of batches, such as a database cursor or a stream of files.
   * Memory holds the batches read ahead beside the samples; give `samples` when their number is known, else
   * all of them wait as bytes until the end. Throws ERR_SYNFIRE_INVALID_ARGUMENT naming batch and value at
   * fault.
   */
  static async fromBatches(
    batches: AsyncIterable<BatchInput> | Iterable<BatchInput>,
    options: CollectOptions,
  ): Promise<Dataset> {
    const { native, ...parts } = await collect(batches, options);
    return new Dataset(native, parts);
  }

  /** Number of samples. */
  get samples(): number {
    return this.native.samples;
  }

  /** [channels, height, width] of a sample. */
  get shape(): Shape {
    return this.native.shape;
  }

  /** Number of classes; 0 without labels. */
  get classes(): number {
    return this.native.classes;
  }

  /** Native memory held, in bytes. */
  get bytes(): number {
    return this.native.bytes;
  }

  /** A copy of sample `index`: bytes in the order channel, row, column; value = byte / 255. */
  sample(index: number): Uint8Array {
    return callNative(() => this.native.readSamples(index, 1));
  }

  /** A copy of all labels. Throws ERR_SYNFIRE_INVALID_ARGUMENT for a set without. */
  labels(): Int32Array {
    return callNative(() => this.native.readLabels(0, this.samples));
  }

  /**
   * Goes through the set batch by batch: `for await (const batch of dataset.batches({ batchSize: 64 })) …`.
   */
  batches(options: BatchOptions): AsyncIterable<Batch> {
    return batchesOf(this, options);
  }
}

function fitted(arrays: DatasetArrays, shape: Shape, samples: number): FittedNormalisation | undefined {
  const { normalisation = 'none', fitOn } = arrays;
  if (isFitted(normalisation)) return normalisation;
  if (normalisation === 'none') return undefined;
  const fitter = new NormalisationFitter(normalisation);
  if (fitOn === undefined) {
    fitter.add(arrays.samples);
  } else {
    addSelected(fitter, arrays.samples, fitOn, valuesPerSample(shape), samples);
  }
  return fitter.fit();
}

function addSelected(
  fitter: NormalisationFitter,
  values: NumberArray,
  selected: Uint32Array,
  size: number,
  samples: number,
): void {
  if (!(selected instanceof Uint32Array) || selected.length === 0) {
    throw refused('fitOn', selected, 'a Uint32Array of at least one index');
  }
  selected.forEach((index, i) => {
    if (index >= samples) throw refused(`fitOn[${i}]`, index, `a whole number from 0 to ${samples - 1}`);
    fitter.add(values.subarray(index * size, (index + 1) * size), index * size);
  });
}
