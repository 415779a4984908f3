// The NPY reader and writer: types, byte orders, versions, and malformed headers.

import { gzipSync } from 'node:zlib';
import test from 'ava';
import fc from 'fast-check';
import { type ElementArray, readNpy, writeNpy } from '../../lib/data/index.ts';
import { SynfireError } from '../../lib/errors.ts';
import { npyBytes } from './array-bytes.ts';

const arrays: ElementArray[] = [
  Uint8Array.of(0, 1, 255),
  Int8Array.of(0, -128, 127),
  Uint16Array.of(0, 258, 65535),
  Int16Array.of(0, -32768, 258),
  Uint32Array.of(0, 2 ** 32 - 1, 16909060),
  Int32Array.of(0, -(2 ** 31), 16909060),
  BigUint64Array.of(0n, 2n ** 64n - 1n, 72623859790382856n),
  BigInt64Array.of(0n, -(2n ** 63n), 72623859790382856n),
  Float32Array.of(0, -1.5, Number.NaN),
  Float64Array.of(0, Math.PI, -Infinity),
];

for (const array of arrays) {
  test(`a ${array.constructor.name} survives writing and reading`, async (t) => {
    for (const bytes of [writeNpy(array), gzipSync(writeNpy(array))]) {
      const { data, shape } = await readNpy(bytes);
      t.deepEqual(data, array);
      t.deepEqual(shape, [3]);
    }
  });
}

test('written files are as NumPy writes them', (t) => {
  const bytes = Buffer.from(writeNpy(Float32Array.of(1, 2, 3, 4, 5, 6), [2, 3]));
  t.is(bytes.subarray(0, 10).toString('latin1'), '\x93NUMPY\x01\x00v\x00');
  const text = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }";
  t.is(bytes.subarray(10, 128).toString(), `${text.padEnd(117)}\n`);
  t.is(bytes.readFloatLE(128 + 4 * 4), 5);
  t.is(bytes.length, 128 + 24);
});

test('any shape survives', async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 6 }), async (shape) => {
      const values = Int16Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => i * 3 - 50);
      const array = await readNpy(writeNpy(values, shape));
      t.deepEqual(array.shape, shape);
      t.deepEqual(array.data, values);
    }),
  );
});

test('a shape that does not hold the data is not written', (t) => {
  for (const shape of [[2, 2], [-1, -3], [1.5, 2], []]) {
    const error = t.throws(() => writeNpy(Uint8Array.of(1, 2, 3), shape), { instanceOf: SynfireError });
    t.is(error.field, 'shape');
  }
});

const header = (descr: string, shape = '(2,)', order = 'False') =>
  `{'descr': ${descr}, 'fortran_order': ${order}, 'shape': ${shape}, }`;

const bigEndian: [descr: string, hex: string, values: (number | bigint)[]][] = [
  ["'>u2'", '01020304', [258, 772]],
  ["'>i4'", 'ffffffff00000102', [-1, 258]],
  ["'>i8'", 'ffffffffffffffff0000000000000102', [-1n, 258n]],
  ["'>f4'", '3f800000c0000000', [1, -2]],
  ["'>f8'", '3ff0000000000000c000000000000000', [1, -2]],
  ["'<f4'", '0000803f000000c0', [1, -2]],
  ["'|b1'", '0001', [0, 1]],
  ["'|u1'", '07ff', [7, 255]],
];

for (const [descr, hex, values] of bigEndian) {
  test(`elements ${descr} are read in their byte order`, async (t) => {
    const { data } = await readNpy(npyBytes(header(descr), Buffer.from(hex, 'hex')));
    t.deepEqual(Array.from<number | bigint>(data as Iterable<number | bigint>), values);
  });
}

test('versions 1 to 3, double quotes, odd spacing and Python 2 integers are understood', async (t) => {
  const text = '{"shape":( 2L ,1 ) , "fortran_order" :False,"descr": "|u1"}';
  for (const version of [1, 2, 3]) {
    const { data, shape } = await readNpy(npyBytes(text, Uint8Array.of(3, 4), version));
    t.deepEqual([...(data as Uint8Array)], [3, 4]);
    t.deepEqual(shape, [2, 1]);
  }
});

test('a vector in Fortran order is the same as in C order', async (t) => {
  const { data } = await readNpy(npyBytes(header("'|u1'", '(2,)', 'True'), Uint8Array.of(3, 4)));
  t.deepEqual([...(data as Uint8Array)], [3, 4]);
});

const two = Uint8Array.of(1, 2);
const malformed: { what: string; bytes: Uint8Array; field: string; expected?: RegExp }[] = [
  { what: 'nothing', bytes: new Uint8Array(0), field: 'header' },
  { what: 'another signature', bytes: Buffer.from('\x93NUMPX\x01\x00', 'latin1'), field: 'signature' },
  { what: 'version 4', bytes: npyBytes(header("'|u1'"), two, 4), field: 'version' },
  { what: 'a header cut off', bytes: npyBytes(header("'|u1'"), two).subarray(0, 40), field: 'header' },
  { what: 'an endless header', bytes: npyBytes(header("'|u1'").padEnd(20_000), two), field: 'header length' },
  { what: 'objects, which could run code', bytes: npyBytes(header("'|O'"), two), field: 'descr' },
  { what: 'records', bytes: npyBytes(header("[('a', '<f4')]"), two), field: 'descr' },
  { what: 'complex numbers', bytes: npyBytes(header("'<c8'"), two), field: 'descr' },
  { what: 'text', bytes: npyBytes(header("'<U1'"), two), field: 'descr' },
  { what: 'no byte order', bytes: npyBytes(header("'u1'"), two), field: 'descr' },
  { what: 'no type', bytes: npyBytes("{'fortran_order': False, 'shape': (2,)}", two), field: 'descr' },
  { what: 'no order', bytes: npyBytes("{'descr': '|u1', 'shape': (2,)}", two), field: 'fortran_order' },
  { what: 'no shape', bytes: npyBytes("{'descr': '|u1', 'fortran_order': False}", two), field: 'shape' },
  { what: 'a negative size', bytes: npyBytes(header("'|u1'", '(-2,)'), two), field: 'shape' },
  {
    what: 'a size beyond all numbers',
    bytes: npyBytes(header("'|u1'", `(${'9'.repeat(400)},)`), two),
    field: 'shape',
  },
  { what: 'sizes without comma', bytes: npyBytes(header("'|u1'", '(1 2)'), two), field: 'shape' },
  {
    what: 'nine dimensions',
    bytes: npyBytes(header("'|u1'", '(1,1,1,1,1,1,1,1,2)'), two),
    field: 'dimensions',
  },
  {
    what: 'a matrix in Fortran order',
    bytes: npyBytes(header("'|u1'", '(2, 1)', 'True'), two),
    field: 'fortran_order',
    expected: /ascontiguousarray/,
  },
  { what: 'more data than there are', bytes: npyBytes(header("'|u1'", '(3,)'), two), field: 'shape' },
  { what: 'data left over', bytes: npyBytes(header("'|u1'", '(1,)'), two), field: 'data length' },
];

for (const { what, bytes, field, expected = /./ } of malformed) {
  test(`${what} is refused`, async (t) => {
    const error = await t.throwsAsync(readNpy(bytes), { instanceOf: SynfireError });
    t.is(error.code, 'ERR_SYNFIRE_DATA_FORMAT');
    t.is(error.field, field);
    t.regex(error.expected ?? '', expected);
  });
}
