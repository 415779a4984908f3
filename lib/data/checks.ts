// Checks what programs hand over as samples, labels and weights.

import { invalid, type SynfireError } from '../errors.ts';
import type { NumberArray } from './element-types.ts';
import { checkFitted, type FittedNormalisation, type Normalisation } from './normalisation.ts';

/** [channels, height, width] */
export type Shape = [number, number, number];

/** Class numbers from 0; any array of whole numbers. */
export type LabelArray = ArrayLike<number> | BigInt64Array | BigUint64Array;

const mostSamples = 2 ** 31 - 1;
const mostClasses = 2 ** 31 - 1;
const longestSide = 2 ** 16;

export function refused(field: string, value: unknown, expected: string): SynfireError {
  return invalid('ERR_SYNFIRE_INVALID_ARGUMENT', field, value, expected);
}

export function checkInteger(
  field: string,
  value: number,
  min: number,
  max = Number.MAX_SAFE_INTEGER,
): number {
  if (Number.isSafeInteger(value) && value >= min && value <= max) return value;
  throw refused(field, value, `a whole number from ${min} to ${max}`);
}

/** [channels, height, width] of a shape that may leave out leading sides of 1. */
export function checkShape(shape: readonly number[]): Shape {
  const fits =
    Array.isArray(shape) &&
    shape.length >= 1 &&
    shape.length <= 3 &&
    shape.every((side) => Number.isInteger(side) && side >= 1 && side <= longestSide);
  if (!fits)
    throw refused(
      'shape',
      shape,
      `[channels, height, width], [height, width] or [size], from 1 to ${longestSide} each`,
    );
  const [width, height = 1, channels = 1] = [...shape].reverse() as [number, number?, number?];
  return [channels, height, width];
}

export function valuesPerSample(shape: Shape): number {
  return shape[0] * shape[1] * shape[2];
}

/** The number of whole samples of `shape` in `samples`. */
export function countSamples(samples: NumberArray, shape: Shape): number {
  const size = valuesPerSample(shape);
  const numbers = ArrayBuffer.isView(samples) && 'length' in samples && typeof samples[0] !== 'bigint';
  if (
    !numbers ||
    samples.length === 0 ||
    samples.length % size !== 0 ||
    samples.length / size > mostSamples
  ) {
    const found = numbers ? `a ${samples.constructor.name} of ${samples.length} values` : samples;
    throw refused(
      'samples',
      found,
      `a typed array of numbers, ${shape.join(' x ')} = ${size} for each sample`,
    );
  }
  return samples.length / size;
}

/** Labels as the engine keeps them. Without `classes`, their number is the largest label + 1. */
export function checkLabels(
  labels: LabelArray,
  samples: number,
  classes?: number,
): { labels: Int32Array; classes: number } {
  if (labels?.length !== samples)
    throw refused('labels.length', labels?.length, `${samples}, one for every sample`);
  const limit = classes === undefined ? mostClasses : checkInteger('classes', classes, 1, mostClasses);
  const checked = new Int32Array(samples);
  let largest = 0;
  for (let i = 0; i < samples; i++) {
    const label = Number(labels[i]);
    if (!(Number.isInteger(label) && label >= 0 && label < limit)) {
      throw refused(`labels[${i}]`, labels[i], `a whole number from 0 to ${limit - 1}`);
    }
    checked[i] = label;
    largest = Math.max(largest, label);
  }
  return { labels: checked, classes: classes ?? largest + 1 };
}

/** Target values as the engine keeps them, and how many belong to one sample. */
export function checkTargets(
  targets: ArrayLike<number>,
  samples: number,
): { targets: Float32Array; perSample: number } {
  const perSample = (targets?.length ?? 0) / samples;
  if (!Number.isInteger(perSample) || perSample < 1) {
    throw refused('targets.length', targets?.length, `a multiple of ${samples}, the number of samples`);
  }
  const checked = Float32Array.from(targets);
  const wrong = checked.findIndex((value) => !Number.isFinite(value));
  if (wrong !== -1) throw refused(`targets[${wrong}]`, targets[wrong], 'a finite number');
  return { targets: checked, perSample };
}

/** Factors on the loss, one for every sample. */
export function checkWeights(weights: ArrayLike<number>, samples: number): Float32Array {
  if (weights?.length !== samples)
    throw refused('weights.length', weights?.length, `${samples}, one for every sample`);
  const checked = Float32Array.from(weights);
  const wrong = checked.findIndex((weight) => !(weight >= 0 && weight < Infinity));
  if (wrong !== -1) throw refused(`weights[${wrong}]`, weights[wrong], 'a finite number of at least 0');
  return checked;
}

/** Whether a normalisation has its figures already. */
export function isFitted(
  normalisation: Normalisation | FittedNormalisation,
): normalisation is FittedNormalisation {
  if (typeof normalisation === 'object' && normalisation !== null)
    return checkFitted(normalisation) === normalisation;
  if (['none', 'minMax', 'zScore'].includes(normalisation)) return false;
  throw refused('normalisation', normalisation, "'none', 'minMax', 'zScore' or { minimum, maximum }");
}
