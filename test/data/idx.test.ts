// The IDX reader: every element type, and malformed files of every kind.

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import test from 'ava';
import fc from 'fast-check';
import { readIdx } from '../../lib/data/index.ts';
import { SynfireError } from '../../lib/errors.ts';
import { idxBytes, memoryIsTelling, memoryOf, temporaryFolder } from './array-bytes.ts';

const types = [
  { code: 0x08, name: 'uint8', values: [0, 1, 128, 255] },
  { code: 0x09, name: 'int8', values: [0, 1, -128, 127] },
  { code: 0x0b, name: 'int16', values: [0, -1, -32768, 32767] },
  { code: 0x0c, name: 'int32', values: [0, -1, -(2 ** 31), 2 ** 31 - 1] },
  { code: 0x0d, name: 'float32', values: [0, -0.5, 1.5, 2 ** 100] },
  { code: 0x0e, name: 'float64', values: [0, 0.1, -1e300, Math.PI] },
];

for (const { code, name, values } of types) {
  test(`elements of type ${name} are read`, async (t) => {
    for (const bytes of [idxBytes([2, 2], values, code), gzipSync(idxBytes([2, 2], values, code))]) {
      const array = await readIdx(bytes);
      t.is(array.elementType as string, name);
      t.deepEqual(array.shape, [2, 2]);
      t.deepEqual(Array.from(array.data, Number), values);
    }
  });
}

test('any shape is read back', async (t) => {
  const shapes = fc.array(fc.integer({ min: 0, max: 6 }), { minLength: 1, maxLength: 5 });
  await fc.assert(
    fc.asyncProperty(shapes, fc.boolean(), async (shape, packed) => {
      const values = Uint8Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => i % 251);
      const bytes = idxBytes(shape, values);
      const array = await readIdx(packed ? gzipSync(bytes) : bytes);
      t.deepEqual(array.shape, shape);
      t.deepEqual([...(array.data as Uint8Array)], [...values]);
    }),
  );
});

test('a file is read from disk, also one larger than a piece', async (t) => {
  const path = join(await temporaryFolder(), 'array-idx');
  const values = Uint8Array.from({ length: 700_000 }, (_, i) => (i * 7) % 253);
  for (const bytes of [idxBytes([700, 1000], values), gzipSync(idxBytes([700, 1000], values))]) {
    await writeFile(path, bytes);
    const array = await readIdx(path);
    t.deepEqual(Buffer.from(array.data as Uint8Array), Buffer.from(values));
  }
});

const good = idxBytes([2, 3], [1, 2, 3, 4, 5, 6]);
const withByte = (at: number, value: number) => Buffer.from(good).fill(value, at, at + 1);
const malformed: { what: string; bytes: Uint8Array; field: string; message: RegExp }[] = [
  { what: 'nothing at all', bytes: Buffer.alloc(0), field: 'magic number', message: /cut off after 0 bytes/ },
  {
    what: 'half a magic number',
    bytes: good.subarray(0, 3),
    field: 'magic number',
    message: /cut off after 3/,
  },
  { what: 'another magic number', bytes: withByte(0, 1), field: 'magic number', message: /0x01000802/ },
  { what: 'an unknown type', bytes: withByte(2, 0x0a), field: 'magic number', message: /0x00000a02/ },
  { what: 'dimensions cut off', bytes: good.subarray(0, 9), field: 'dimensions', message: /cut off after 5/ },
  { what: '255 dimensions', bytes: withByte(3, 255), field: 'dimensions', message: /cut off/ },
  { what: 'data cut off', bytes: good.subarray(0, -1), field: 'shape', message: /at most the 5 bytes/ },
  {
    what: 'a byte too many',
    bytes: Buffer.concat([good, good.subarray(0, 1)]),
    field: 'data length',
    message: /data length is 7; expected 6 bytes/,
  },
  {
    what: 'dimensions that promise 2^64 bytes',
    bytes: Buffer.from('000008020fffffffffffffff', 'hex'),
    field: 'shape',
    message: /at most the 0 bytes/,
  },
  {
    what: 'packed data cut off',
    bytes: gzipSync(good.subarray(0, -1)),
    field: 'data length',
    message: /data length is 5; expected 6 bytes: uint8 of shape 2 x 3/,
  },
  {
    what: 'packed data that go on',
    bytes: gzipSync(Buffer.concat([good, Buffer.alloc(2 ** 24)])),
    field: 'data length',
    message: /more than 6/,
  },
  {
    what: 'more than a packed file can hold',
    bytes: gzipSync(idxBytes([2 ** 31], [1])),
    field: 'shape',
    message: /2147483648.*can hold/,
  },
  {
    what: 'a broken gzip file',
    bytes: gzipSync(good).subarray(0, 20),
    field: 'gzip data',
    message: /Z_BUF_ERROR/,
  },
  {
    what: 'a gzip file with a wrong checksum',
    bytes: Buffer.concat([gzipSync(good).subarray(0, -8), Buffer.alloc(8)]),
    field: 'gzip data',
    message: /Z_DATA_ERROR/,
  },
];

for (const { what, bytes, field, message } of malformed) {
  test(`${what} is refused`, async (t) => {
    const path = join(await temporaryFolder(), 'bad-idx');
    await writeFile(path, bytes);
    for (const source of [bytes, path]) {
      const error = await t.throwsAsync(readIdx(source), { instanceOf: SynfireError, message });
      t.is(error.code, 'ERR_SYNFIRE_DATA_FORMAT');
      t.is(error.field, field);
      t.truthy(error.expected);
      t.true(error.message.startsWith(source === path ? 'bad-idx: ' : 'data: '));
    }
  });
}

(memoryIsTelling ? test : test.skip)('a packed bomb is refused without being unpacked', async (t) => {
  const path = join(await temporaryFolder(), 'bomb');
  await writeFile(path, gzipSync(Buffer.concat([good, Buffer.alloc(300 * 2 ** 20)]), { level: 1 }));
  const code = `console.log(await data.readIdx(${JSON.stringify(path)}).catch((error) => error.code));`;
  const { bytes, output } = await memoryOf(code);
  t.is(output, 'ERR_SYNFIRE_DATA_FORMAT');
  t.true(bytes < 20 * 2 ** 20, `${bytes} bytes`);
});

test('files that are missing or no files say so', async (t) => {
  const folder = await temporaryFolder();
  const missing = await t.throwsAsync(readIdx(join(folder, 'nothing')), { instanceOf: SynfireError });
  t.is(missing.code, 'ERR_SYNFIRE_DATA_MISSING');
  const directory = await t.throwsAsync(readIdx(folder), { instanceOf: SynfireError });
  t.is(directory.code, 'ERR_SYNFIRE_IO');
});

test('an aborted reading rejects with the reason', async (t) => {
  const reason = new Error('enough');
  const error = await t.throwsAsync(readIdx(good, { signal: AbortSignal.abort(reason) }));
  t.is(error, reason);
});
