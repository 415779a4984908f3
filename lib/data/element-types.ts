// Number types that array files hold, and the typed arrays for them.

import { endianness } from 'node:os';

const types = {
  bool: { bytes: 1, make: (b: ArrayBuffer) => new Uint8Array(b) },
  uint8: { bytes: 1, make: (b: ArrayBuffer) => new Uint8Array(b) },
  int8: { bytes: 1, make: (b: ArrayBuffer) => new Int8Array(b) },
  uint16: { bytes: 2, make: (b: ArrayBuffer) => new Uint16Array(b) },
  int16: { bytes: 2, make: (b: ArrayBuffer) => new Int16Array(b) },
  uint32: { bytes: 4, make: (b: ArrayBuffer) => new Uint32Array(b) },
  int32: { bytes: 4, make: (b: ArrayBuffer) => new Int32Array(b) },
  uint64: { bytes: 8, make: (b: ArrayBuffer) => new BigUint64Array(b) },
  int64: { bytes: 8, make: (b: ArrayBuffer) => new BigInt64Array(b) },
  float32: { bytes: 4, make: (b: ArrayBuffer) => new Float32Array(b) },
  float64: { bytes: 8, make: (b: ArrayBuffer) => new Float64Array(b) },
} as const;

export type ElementType = keyof typeof types;

/** Numbers in a typed array. */
export type NumberArray =
  | Uint8Array
  | Uint8ClampedArray
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | Float32Array
  | Float64Array;

/** The typed arrays of element types; bool comes as bytes 0 and 1. */
export type ElementArray = NumberArray | BigUint64Array | BigInt64Array;

export function bytesPerElement(type: ElementType): number {
  return types[type].bytes;
}

/** The elements in a buffer of the machine's own byte order, without a copy. */
export function elementsOf(type: ElementType, buffer: ArrayBuffer): ElementArray {
  return types[type].make(buffer);
}

/** Reverses the bytes of every element in place if `order` is not this machine's. */
export function toMachineOrder(bytes: Buffer, type: ElementType, order: 'LE' | 'BE'): void {
  if (order === endianness()) return;
  if (types[type].bytes === 2) bytes.swap16();
  if (types[type].bytes === 4) bytes.swap32();
  if (types[type].bytes === 8) bytes.swap64();
}
