// Makes damaged inputs from good ones: input k of a seed is always the same.

/** Random numbers of one input. */
export class Dice {
  #state: number;

  constructor(seed: number, name: string, index: number) {
    this.#state = seed >>> 0;
    for (const value of [...Buffer.from(name), index & 0xffff, index >>> 16]) {
      this.#state = Math.imul(this.#state ^ value, 0x9e3779b1) >>> 0;
      this.#state = (this.#state ^ (this.#state >>> 15)) >>> 0;
    }
  }

  /** A whole number below `limit`, by mulberry32. */
  below(limit: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let word = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    word ^= word + Math.imul(word ^ (word >>> 7), word | 61);
    return Math.floor((((word ^ (word >>> 14)) >>> 0) / 2 ** 32) * limit);
  }

  of<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)]!;
  }
}

type Mutation = (bytes: Buffer, dice: Dice, seeds: readonly Uint8Array[]) => Buffer;

const mostMutations = 6;
const longest = 1 << 16;

/** Numbers at which readers go wrong: limits of types, and what overflows when multiplied. */
const edges = [
  0, 1, 2, 0x7f, 0x80, 0xff, 0x100, 0x7fff, 0x8000, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xffffffff,
];
const texts = [
  '0',
  '-1',
  '1e999',
  '9007199254740993',
  '18446744073709551616',
  'nan',
  '4294967296',
  '0.1',
  '',
];

const mutations: readonly Mutation[] = [
  function flipBit(bytes, dice) {
    const at = dice.below(bytes.length);
    bytes[at] = bytes[at]! ^ (1 << dice.below(8));
    return bytes;
  },
  function setByte(bytes, dice) {
    bytes[dice.below(bytes.length)] = dice.of([0, 1, 0x7f, 0x80, 0xff, dice.below(256)]);
    return bytes;
  },
  function writeNumber(bytes, dice) {
    const size = Math.min(dice.of([2, 4]), bytes.length);
    const value = dice.of([...edges, bytes.length, bytes.length + 1, bytes.length - 1, dice.below(2 ** 32)]);
    const number = value % 2 ** (8 * size);
    const at = dice.below(bytes.length - size + 1);
    if (dice.below(2) === 0) bytes.writeUIntBE(number, at, size);
    else bytes.writeUIntLE(number, at, size);
    return bytes;
  },
  function replaceDigits(bytes, dice) {
    const runs = [...bytes.toString('latin1').matchAll(/\d+/g)];
    if (runs.length === 0) return bytes;
    const run = dice.of(runs);
    const text = dice.of([...texts, String(dice.below(2 ** 32))]);
    return splice(bytes, run.index, run.index + run[0].length, Buffer.from(text));
  },
  function cutOff(bytes, dice) {
    return bytes.subarray(0, dice.below(bytes.length));
  },
  function append(bytes, dice) {
    return Buffer.concat([bytes, Buffer.alloc(1 + dice.below(64), dice.below(256))]);
  },
  function remove(bytes, dice) {
    const from = dice.below(bytes.length);
    return splice(bytes, from, from + 1 + dice.below(16), Buffer.alloc(0));
  },
  function repeat(bytes, dice) {
    const from = dice.below(bytes.length);
    return splice(bytes, from, from, bytes.subarray(from, from + 1 + dice.below(64)));
  },
  function crossOver(bytes, dice, seeds) {
    const other = Buffer.from(dice.of(seeds));
    return Buffer.concat([
      bytes.subarray(0, dice.below(bytes.length)),
      other.subarray(dice.below(other.length + 1)),
    ]);
  },
];

/** Input number `index` of the target `name` for `seed`. */
export function makeInput(
  seeds: readonly Uint8Array[],
  seed: number,
  name: string,
  index: number,
): Uint8Array {
  const dice = new Dice(seed, name, index);
  let bytes: Buffer = Buffer.from(dice.of(seeds));
  const count = 1 + dice.below(mostMutations);
  for (let i = 0; i < count && bytes.length > 0; i++) {
    bytes = Buffer.from(dice.of(mutations)(bytes, dice, seeds).subarray(0, longest));
  }
  return bytes;
}

function splice(bytes: Buffer, from: number, to: number, insert: Uint8Array): Buffer {
  return Buffer.concat([bytes.subarray(0, from), insert, bytes.subarray(to)]);
}
