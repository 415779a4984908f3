// Data sets from array files: shapes, element types, limits, normalisation, and files that do not belong
// together.

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import test from 'ava';
import { type DataProgress, type DatasetFiles, readDataset, writeNpy } from '../../lib/data/index.ts';
import { SynfireError } from '../../lib/errors.ts';
import { idxBytes, npyBytes, temporaryFolder, tinySet } from './array-bytes.ts';

const { images, labels } = tinySet(6);
const idx = { samples: idxBytes([6, 4, 3], images), labels: idxBytes([6], labels) };

for (const [format, files] of [
  ['IDX', idx],
  ['packed IDX', { samples: gzipSync(idx.samples), labels: gzipSync(idx.labels) }],
  ['NPY', { samples: writeNpy(images, [6, 4, 3]), labels: writeNpy(BigInt64Array.from(labels, BigInt)) }],
  ['NPY with a channel', { samples: writeNpy(images, [6, 1, 4, 3]), labels: writeNpy(labels, [6, 1]) }],
  [
    'NPY with its channel last',
    { samples: writeNpy(images, [6, 4, 3, 1]), labels: writeNpy(Float32Array.from(labels)) },
  ],
] as const) {
  test(`${format} files become a data set`, async (t) => {
    const dataset = await readDataset(files);
    t.deepEqual(dataset.shape, [1, 4, 3]);
    t.is(dataset.classes, 3);
    t.deepEqual(dataset.native.readSamples(0, 6), images);
    t.deepEqual(dataset.labels(), Int32Array.from(labels));
  });
}

test('a limit reads the first samples only', async (t) => {
  const dataset = await readDataset({ ...idx, limit: 4, classes: 10 });
  t.is(dataset.samples, 4);
  t.is(dataset.classes, 10);
  t.deepEqual(dataset.native.readSamples(0, 4), images.slice(0, 48));
  t.is((await readDataset({ ...idx, limit: 100 })).samples, 6);
});

test('samples may come without labels and with several channels', async (t) => {
  const dataset = await readDataset({ samples: idxBytes([2, 3, 4, 3], images) });
  t.deepEqual(dataset.shape, [3, 4, 3]);
  t.is(dataset.classes, 0);
});

test('numbers are normalised over all pieces of a large file', async (t) => {
  const values = Float64Array.from({ length: 200_000 }, (_, i) => i - 50_000);
  const samples = writeNpy(values, [2000, 100]);
  const dataset = await readDataset({ samples, normalisation: 'minMax' });
  t.deepEqual(dataset.normalisation, { minimum: -50_000, maximum: 149_999 });
  for (const row of [0, 500, 1999]) {
    const expected = values
      .slice(row * 100, row * 100 + 100)
      .map((value) => Math.round((255 * (value + 50_000)) / 199_999));
    t.deepEqual([...dataset.sample(row)], [...expected]);
  }
  const limited = await readDataset({ samples, normalisation: 'minMax', limit: 10 });
  t.is(limited.normalisation?.maximum, -49_001);
});

test('truth values are 0 and 1', async (t) => {
  const header = "{'descr': '|b1', 'fortran_order': False, 'shape': (1, 4), }";
  const dataset = await readDataset({ samples: npyBytes(header, Uint8Array.of(0, 1, 1, 0)) });
  t.deepEqual([...dataset.sample(0)], [0, 255, 255, 0]);
});

test('progress counts samples up to all of them', async (t) => {
  const reports: DataProgress[] = [];
  const samples = idxBytes([3000, 300], new Uint8Array(900_000));
  await readDataset({ samples, onProgress: (progress) => reports.push(progress) });
  t.deepEqual(reports.at(-1), { phase: 'read', file: 'data', done: 3000, total: 3000 });
  t.true(reports.every((report, i) => i === 0 || report.done > reports[i - 1]!.done));
});

const float = (...values: number[]) => writeNpy(Float32Array.from(values), [values.length / 2, 2]);
const refused: { what: string; files: DatasetFiles; field: string; message: RegExp }[] = [
  {
    what: 'fewer labels than samples',
    files: { ...idx, labels: idxBytes([5], labels.slice(0, 5)) },
    field: 'labels',
    message: /is 5; expected 6, as many/,
  },
  {
    what: 'a label beyond the classes',
    files: { ...idx, classes: 2 },
    field: 'labels[1]',
    message: /is 2; expected a whole number from 0 to 1/,
  },
  {
    what: 'negative labels',
    files: { ...idx, labels: idxBytes([6], [0, -1, 0, 0, 0, 0], 0x09) },
    field: 'labels[1]',
    message: /is -1/,
  },
  {
    what: 'labels of several dimensions',
    files: { ...idx, labels: idxBytes([6, 2], new Uint8Array(12)) },
    field: 'shape',
    message: /one label for every sample/,
  },
  {
    what: 'samples in place of labels',
    files: { ...idx, labels: idx.samples },
    field: 'shape',
    message: /one label/,
  },
  {
    what: 'labels in place of samples',
    files: { samples: idx.labels },
    field: 'shape',
    message: /\[samples, size\]/,
  },
  { what: 'no samples', files: { samples: idxBytes([0, 4, 3], []) }, field: 'shape', message: /\[samples/ },
  {
    what: 'samples without a pixel',
    files: { samples: idxBytes([6, 0, 3], []) },
    field: 'shape',
    message: /\[samples/,
  },
  {
    what: 'channels last',
    files: { samples: writeNpy(new Uint8Array(8 * 8 * 3), [1, 8, 8, 3]) },
    field: 'shape',
    message: /transpose to \[0, 3, 1, 2\]/,
  },
  {
    what: 'a number above 1',
    files: { samples: float(0, 1, 0.5, 255) },
    field: 'samples[3]',
    message: /minMax/,
  },
  {
    what: 'a number that is none',
    files: { samples: float(0, Number.NaN), normalisation: 'minMax' },
    field: 'samples[1]',
    message: /finite/,
  },
  {
    what: '64-bit whole numbers as samples',
    files: { samples: writeNpy(BigInt64Array.of(1n, 2n), [1, 2]) },
    field: 'element type',
    message: /up to 32 bits/,
  },
];

for (const { what, files, field, message } of refused) {
  test(`${what} is refused`, async (t) => {
    const error = await t.throwsAsync(readDataset(files), { instanceOf: SynfireError, message });
    t.is(error.code, 'ERR_SYNFIRE_DATA_FORMAT');
    t.is(error.field, field);
  });
}

test('errors name the file', async (t) => {
  const path = join(await temporaryFolder(), 'my-labels');
  await writeFile(path, idxBytes([6], [0, 0, 9, 0, 0, 0]));
  await t.throwsAsync(readDataset({ ...idx, labels: path, classes: 9 }), {
    message: /^my-labels: labels\[2\] is 9/,
  });
});

test('a bad limit is refused', async (t) => {
  for (const limit of [0, -1, 1.5, Number.NaN]) {
    const error = await t.throwsAsync(readDataset({ ...idx, limit }), { instanceOf: SynfireError });
    t.is(error.field, 'limit');
  }
});

test('an aborted reading rejects with the reason', async (t) => {
  const controller = new AbortController();
  const reason = new Error('stop');
  const samples = idxBytes([3000, 300], new Uint8Array(900_000));
  const error = await t.throwsAsync(
    readDataset({
      samples: gzipSync(samples),
      signal: controller.signal,
      onProgress: () => controller.abort(reason),
    }),
  );
  t.is(error, reason);
});
