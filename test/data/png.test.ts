// PNG images: their bytes say what the pixels were, and fields land where they belong.

import { crc32, inflateSync } from 'node:zlib';
import test from 'ava';
import fc from 'fast-check';
import { encodePng, type TileOptions, tileFields } from '../../lib/data/index.ts';
import { SynfireError } from '../../lib/errors.ts';

/** Takes a file apart by the specification; rows must be unfiltered. */
function decode(bytes: Uint8Array) {
  const file = Buffer.from(bytes);
  const chunks = new Map<string, Buffer>();
  let at = 8;
  while (at < file.length) {
    const length = file.readUInt32BE(at);
    const body = file.subarray(at + 4, at + 8 + length);
    if (file.readUInt32BE(at + 8 + length) !== crc32(body)) throw new Error('wrong checksum');
    chunks.set(body.toString('latin1', 0, 4), body.subarray(4));
    at += 12 + length;
  }
  const header = chunks.get('IHDR')!;
  const [width, height] = [header.readUInt32BE(0), header.readUInt32BE(4)];
  const rows = inflateSync(chunks.get('IDAT')!);
  const rowBytes = rows.length / height;
  const pixels = Array.from({ length: height }, (_, row) => {
    if (rows[row * rowBytes] !== 0) throw new Error('a filtered row');
    return [...rows.subarray(row * rowBytes + 1, (row + 1) * rowBytes)];
  });
  const names = [...chunks.keys()];
  return {
    signature: file.toString('hex', 0, 8),
    names,
    width,
    height,
    kind: [...header.subarray(8)],
    pixels,
  };
}

test('grey and coloured images of any size hold their pixels', (t) => {
  const side = fc.integer({ min: 1, max: 9 });
  fc.assert(
    fc.property(side, side, fc.constantFrom(1, 3), fc.nat(), (width, height, channels, seed) => {
      const pixels = Uint8Array.from({ length: width * height * channels }, (_, i) => (i * 37 + seed) % 256);
      const image = decode(encodePng({ width, height, pixels }));
      t.is(image.signature, '89504e470d0a1a0a');
      t.deepEqual(image.names, ['IHDR', 'IDAT', 'IEND']);
      t.deepEqual([image.width, image.height], [width, height]);
      t.deepEqual(image.kind, [8, channels === 1 ? 0 : 2, 0, 0, 0]);
      t.deepEqual(image.pixels.flat(), [...pixels]);
    }),
  );
});

test('pixels that do not fill the image are refused', (t) => {
  for (const [width, height, length, field] of [
    [2, 2, 5, 'pixels'],
    [2, 2, 8, 'pixels'],
    [0, 2, 0, 'width'],
    [2, 1.5, 3, 'height'],
    [65536, 65536, 1, 'width x height'],
  ] as const) {
    const error = t.throws(() => encodePng({ width, height, pixels: new Uint8Array(length) }), {
      instanceOf: SynfireError,
    });
    t.is(error.field, field);
  }
});

test('fields are laid out row by row', (t) => {
  const fields = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11];
  const image = tileFields(fields, { width: 2, height: 2, range: [0, 255] });
  t.deepEqual([image.width, image.height], [5, 5]);
  const rows = Array.from({ length: 5 }, (_, y) => [...image.pixels.subarray(5 * y, 5 * y + 5)]);
  t.deepEqual(rows, [
    [0, 1, 0, 4, 5],
    [2, 3, 0, 6, 7],
    [0, 0, 0, 0, 0],
    [8, 9, 0, 0, 0],
    [10, 11, 0, 0, 0],
  ]);
  t.deepEqual(tileFields(fields, { width: 2, height: 2, columns: 3, gap: 0 }).width, 6);
});

test('values become greys between the smallest and largest, or those given', (t) => {
  const options = { width: 1, height: 1, columns: 5, gap: 0 };
  t.deepEqual([...tileFields([-1, -0.5, 0, 0.5, 1], options).pixels], [0, 64, 128, 191, 255]);
  t.deepEqual(
    [...tileFields([-1, 0, 0.5, 1, 2], { ...options, range: [0, 1] }).pixels],
    [0, 0, 128, 255, 255],
  );
  t.deepEqual([...tileFields(new Float32Array(5).fill(3), options).pixels], [0, 0, 0, 0, 0]);
});

test('fields that are none are refused', (t) => {
  const refusals: [number[], Partial<TileOptions>, string][] = [
    [[1, 2, 3], {}, 'values.length'],
    [[], {}, 'values.length'],
    [[1, Number.NaN], {}, 'values[1]'],
    [[1, Infinity], { range: [0, 1] }, 'values[1]'],
    [[1, 2], { range: [1, 0] }, 'range'],
    [[1, 2], { columns: 0 }, 'columns'],
    [[1, 2], { gap: -1 }, 'gap'],
    [[1, 2], { width: 65537 }, 'width'],
  ];
  for (const [values, options, field] of refusals) {
    const error = t.throws(() => tileFields(values, { width: 2, height: 1, ...options }), {
      instanceOf: SynfireError,
    });
    t.is(error.field, field);
  }
});
