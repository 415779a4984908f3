// Lists of numbers from users as the typed arrays that the native engine takes, checked where a conversion
// could hide a mistake.
import { invalid } from '../errors.ts';

const largest = 2 ** 32 - 1;

/** Whole numbers from 0 to 2^32 - 1. `field` is what an error calls the list. */
export function toUint32(values: ArrayLike<number>, field: string): Uint32Array {
  if (values instanceof Uint32Array) return values;
  const list = listOf(values, field);
  const array = new Uint32Array(list.length);
  for (let i = 0; i < list.length; i++) {
    array[i] = list[i]!;
    if (array[i] !== list[i]) throw refused(`${field}[${i}]`, list[i], `a whole number from 0 to ${largest}`);
  }
  return array;
}

/** Numbers of any value. */
export function toFloat64(values: ArrayLike<number>, field: string): Float64Array {
  return values instanceof Float64Array ? values : Float64Array.from(numbersOf(values, field));
}

/** Numbers that are finite in single precision. */
export function toFloat32(values: ArrayLike<number>, field: string): Float32Array {
  const array = values instanceof Float32Array ? values : Float32Array.from(numbersOf(values, field));
  const wrong = firstNotFinite(array);
  if (wrong === -1) return array;
  throw refused(`${field}[${wrong}]`, values[wrong], 'a finite number');
}

/** A plain loop: this stands before every answer, and a callback for each number would take longer than the answer. */
function firstNotFinite(values: Float32Array): number {
  for (let i = 0; i < values.length; i++) {
    if (!(Math.abs(values[i]!) < Infinity)) return i;
  }
  return -1;
}

/** One number for all of `length`, or one for each. */
export function toFloat64OfAll(values: ArrayLike<number> | number, length: number, field: string) {
  return typeof values === 'number' ? new Float64Array(length).fill(values) : toFloat64(values, field);
}

function numbersOf(values: ArrayLike<number>, field: string): ArrayLike<number> {
  const list = listOf(values, field);
  for (let i = 0; i < list.length; i++) {
    if (typeof list[i] !== 'number') throw refused(`${field}[${i}]`, list[i], 'a number');
  }
  return list;
}

function listOf(values: ArrayLike<number>, field: string): ArrayLike<number> {
  const isList = Array.isArray(values) || (ArrayBuffer.isView(values) && !(values instanceof DataView));
  if (!isList) throw refused(field, values, 'a list or typed array of numbers');
  return values;
}

function refused(field: string, value: unknown, expected: string) {
  return invalid('ERR_SYNFIRE_INVALID_ARGUMENT', field, value, expected);
}
