// The order in which numbers ascend, by radix sort: linear in their number, and equal ones stay as they were.

import { endianness } from 'node:os';

const digitValues = 2 ** 16;

/**
 * Indices of `keys` in ascending order. Floats must be at least 0 and not -0: their bits then ascend as they
 * do. `order` is an order to start from, which equal keys keep.
 */
export function ascendingOrder(
  keys: Float64Array | Uint32Array | Uint16Array,
  order: Uint32Array = Uint32Array.from(keys, (_, i) => i),
): Uint32Array {
  const perKey = keys.BYTES_PER_ELEMENT / 2;
  const digits = new Uint16Array(keys.buffer, keys.byteOffset, keys.length * perKey);
  for (let digit = 0; digit < perKey; digit++) {
    order = byDigit(digits, perKey, endianness() === 'LE' ? digit : perKey - 1 - digit, order);
  }
  return order;
}

/** Whether numbers ascend, equal ones included. */
export function ascend(values: ArrayLike<number>): boolean {
  for (let i = 1; i < values.length; i++) if (values[i]! < values[i - 1]!) return false;
  return true;
}

function byDigit(digits: Uint16Array, perKey: number, digit: number, order: Uint32Array): Uint32Array {
  const next = new Uint32Array(digitValues + 1);
  for (const i of order) next[digits[i * perKey + digit]! + 1]!++;
  for (let value = 0; value < digitValues; value++) next[value + 1]! += next[value]!;
  const sorted = new Uint32Array(order.length);
  for (const i of order) sorted[next[digits[i * perKey + digit]!]!++] = i;
  return sorted;
}
