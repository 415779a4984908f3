// Morton codes: one number for a place in space, so that places that are close together have numbers that mostly are.
import { invalid } from '../errors.ts';

const coordinateBits = 16;
const largestCoordinate = 2 ** coordinateBits - 1;
const largestCode = 2n ** BigInt(3 * coordinateBits) - 1n;

/**
 * The bits of x, y and z, whole numbers from 0 to 65535, taken in turns: bit 0 is the lowest of x, bit 1 that of y.
 * Throws ERR_SYNFIRE_INVALID_ARGUMENT.
 */
export function mortonEncode(x: number, y: number, z: number): bigint {
  return spread('x', x) | (spread('y', y) << 1n) | (spread('z', z) << 2n);
}

/** The place that a Morton code stands for. Throws ERR_SYNFIRE_INVALID_ARGUMENT. */
export function mortonDecode(code: bigint): [x: number, y: number, z: number] {
  if (typeof code !== 'bigint' || code < 0n || code > largestCode) {
    throw refused('code', code, `a bigint from 0 to ${largestCode}`);
  }
  return [gather(code), gather(code >> 1n), gather(code >> 2n)];
}

/** Puts two zero bits in front of every bit of a coordinate. */
function spread(field: string, coordinate: number): bigint {
  if (!(Number.isInteger(coordinate) && coordinate >= 0 && coordinate <= largestCoordinate)) {
    throw refused(field, coordinate, `a whole number from 0 to ${largestCoordinate}`);
  }
  let bits = 0n;
  for (let bit = 0; bit < coordinateBits; bit++) {
    if ((coordinate >> bit) & 1) bits |= 1n << BigInt(3 * bit);
  }
  return bits;
}

/** Every third bit, from the lowest on. */
function gather(code: bigint): number {
  let coordinate = 0;
  for (let bit = 0; bit < coordinateBits; bit++) coordinate |= Number((code >> BigInt(3 * bit)) & 1n) << bit;
  return coordinate;
}

function refused(field: string, value: unknown, expected: string) {
  return invalid('ERR_SYNFIRE_INVALID_ARGUMENT', field, value, expected);
}
