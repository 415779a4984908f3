// Gathers an iterable of batches into a native data set.

import { SynfireError } from '../errors.ts';
import { callNative, type NativeDataset } from '../native/index.ts';
import { allocate, bytesOf, writeSamples } from './builder.ts';
import {
  checkInteger,
  checkLabels,
  checkShape,
  checkTargets,
  checkWeights,
  countSamples,
  isFitted,
  type LabelArray,
  refused,
  type Shape,
} from './checks.ts';
import type { NumberArray } from './element-types.ts';
import { type FittedNormalisation, toBytes } from './normalisation.ts';
import { prefetch } from './prefetch.ts';

/** Some samples with all that belongs to them, as in `Dataset.fromArrays`. */
export interface BatchInput {
  samples: NumberArray;
  labels?: LabelArray;
  targets?: ArrayLike<number>;
  weights?: ArrayLike<number>;
}

export interface CollectOptions {
  /** [channels, height, width] of one sample; [height, width] and [size] mean leading sides of 1. */
  shape: readonly number[];
  /** Number of classes; needed when batches have labels. */
  classes?: number;
  /** Number of samples in all batches, when it is known. */
  samples?: number;
  /** A stream cannot be fitted: numbers lie in [0, 1], or the figures are given. Default `none`. */
  normalisation?: 'none' | FittedNormalisation;
  /** Batches asked for before they are needed. Default 2. */
  prefetch?: number;
  signal?: AbortSignal;
}

/** The filled native data set and what else a Dataset needs. */
export interface Collected {
  native: NativeDataset;
  weights: Float32Array | undefined;
  targets: number;
  normalisation: FittedNormalisation | undefined;
}

/** One batch, checked, as the engine keeps it. */
interface Part {
  count: number;
  bytes: Uint8Array;
  labels: Int32Array | undefined;
  targets: Float32Array | undefined;
  weights: Float32Array | undefined;
}

export async function collect(
  batches: AsyncIterable<BatchInput> | Iterable<BatchInput>,
  options: CollectOptions,
): Promise<Collected> {
  const collector = new Collector(options);
  const depth = checkInteger('prefetch', options.prefetch ?? 2, 0, 1024);
  for await (const batch of prefetch(batches, depth)) {
    options.signal?.throwIfAborted();
    collector.add(batch);
  }
  return collector.finish();
}

class Collector {
  readonly #shape: Shape;
  readonly #options: CollectOptions;
  readonly #normalisation: FittedNormalisation | undefined;
  /** Parts that wait until the number of samples is known. */
  readonly #waiting: Part[] = [];
  readonly #weights: Float32Array[] = [];
  #first: Part | undefined;
  #native: NativeDataset | undefined;
  #batches = 0;
  #received = 0;
  #written = 0;

  constructor(options: CollectOptions) {
    const { normalisation = 'none', samples } = options;
    if (!isFitted(normalisation) && normalisation !== 'none') {
      throw refused(
        'normalisation',
        normalisation,
        "'none' or { minimum, maximum }: a stream cannot be fitted",
      );
    }
    if (samples !== undefined) checkInteger('samples', samples, 1, 2 ** 31 - 1);
    this.#shape = checkShape(options.shape);
    this.#options = options;
    this.#normalisation = isFitted(normalisation) ? normalisation : undefined;
  }

  add(batch: BatchInput): void {
    const part = this.#inBatch(() => this.#check(batch));
    const total = this.#options.samples;
    this.#first ??= part;
    this.#received += part.count;
    this.#batches++;
    if (part.weights) this.#weights.push(part.weights);
    if (total === undefined) this.#waiting.push(part);
    else if (this.#received > total)
      throw refused('batches', `more than ${total} samples`, `${total} samples`);
    else this.#write(part, total);
  }

  finish(): Collected {
    const total = this.#options.samples ?? this.#received;
    if (this.#received === 0 || this.#received < total) {
      const expected = this.#received === 0 ? 'at least one sample' : `${total} samples`;
      throw refused('batches', `${this.#received} samples`, expected);
    }
    for (let part = this.#waiting.shift(); part !== undefined; part = this.#waiting.shift()) {
      this.#write(part, total);
    }
    return {
      native: this.#native!,
      weights: this.#weights.length > 0 ? joined(this.#weights, total) : undefined,
      targets: this.#targets,
      normalisation: this.#normalisation,
    };
  }

  get #targets(): number {
    return this.#first?.targets ? this.#first.targets.length / this.#first.count : 0;
  }

  #check(batch: BatchInput): Part {
    const count = countSamples(batch?.samples, this.#shape);
    if (batch.labels && this.#options.classes === undefined)
      throw refused('classes', undefined, 'the number of classes');
    const part = {
      count,
      bytes: this.#bytesOf(batch.samples),
      labels: batch.labels && checkLabels(batch.labels, count, this.#options.classes).labels,
      targets: batch.targets && checkTargets(batch.targets, count).targets,
      weights: batch.weights && checkWeights(batch.weights, count),
    };
    checkAlike(part, this.#first ?? part);
    return part;
  }

  #bytesOf(samples: NumberArray): Uint8Array {
    const ready = this.#normalisation === undefined ? bytesOf(samples) : undefined;
    if (ready) return ready.slice();
    const bytes = new Uint8Array(samples.length);
    toBytes(samples, this.#normalisation, bytes);
    return bytes;
  }

  #write(part: Part, total: number): void {
    const classes = part.labels ? this.#options.classes! : 0;
    this.#native ??= allocate({ shape: this.#shape, samples: total, classes, targets: this.#targets });
    const native = this.#native;
    const first = this.#written;
    writeSamples(native, first, part.bytes);
    if (part.labels) callNative(() => native.writeLabels(first, part.labels!));
    if (part.targets) callNative(() => native.writeTargets(first, part.targets!));
    this.#written += part.count;
  }

  /** Puts the batch's number in front of the field of an error. */
  #inBatch<T>(check: () => T): T {
    try {
      return check();
    } catch (error) {
      if (!(error instanceof SynfireError) || error.field === undefined) throw error;
      throw refused(`batches[${this.#batches}].${error.field}`, error.value, error.expected ?? '');
    }
  }
}

/** Every batch must bring what the first one brought. */
function checkAlike(part: Part, first: Part): void {
  for (const field of ['labels', 'targets', 'weights'] as const) {
    if ((part[field] === undefined) === (first[field] === undefined)) continue;
    throw refused(field, part[field], `${first[field] ? '' : 'no '}${field}, as in the first batch`);
  }
  if (part.targets && part.targets.length * first.count !== first.targets!.length * part.count) {
    const perSample = first.targets!.length / first.count;
    const expected = `${perSample} for each sample, as in the first batch`;
    throw refused('targets.length', part.targets.length, expected);
  }
}

function joined(parts: Float32Array[], length: number): Float32Array {
  const all = new Float32Array(length);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
