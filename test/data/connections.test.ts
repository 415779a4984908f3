// Synapses and weight matrices in files.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import test from 'ava';
import { type ConnectionList, readConnections, readWeightMatrix } from '../../lib/data/connections.ts';
import type { ElementArray } from '../../lib/data/element-types.ts';
import { writeNpy } from '../../lib/data/npy.ts';
import { SynfireError } from '../../lib/errors.ts';

let folder = '';

test.before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'synfire-connections-'));
});
test.after.always(() => rm(folder, { recursive: true, force: true }));

let files = 0;

async function place(ending: string, content: string | Uint8Array): Promise<string> {
  const path = join(folder, `${files++}${ending}`);
  await writeFile(path, content);
  return path;
}

const csv = async (text: string) => readConnections(await place('.csv', text));
const npy = async (data: ElementArray, shape: number[]) => place('.npy', writeNpy(data, shape));

function listed({ sources, targets, weights, delaysMs }: ConnectionList) {
  return {
    sources: [...sources],
    targets: [...targets],
    ...(weights && { weights: [...weights] }),
    ...(delaysMs && { delaysMs: [...delaysMs] }),
  };
}

test('CSV holds sources and targets, then perhaps weights and delays', async (t) => {
  t.deepEqual(listed(await csv('0,1\n2,3\n')), { sources: [0, 2], targets: [1, 3] });
  t.deepEqual(listed(await csv('0,1,0.5\n')), { sources: [0], targets: [1], weights: [0.5] });
  t.deepEqual(listed(await csv('0,1,-0.5,2e0')), {
    sources: [0],
    targets: [1],
    weights: [-0.5],
    delaysMs: [2],
  });
  t.deepEqual(listed(await csv('')), { sources: [], targets: [] });
});

test('titles may turn columns round and leave weights out', async (t) => {
  const text = '\ufeff# synapses\n\nDelay_ms, "target", source\r\n1.5,7,4294967295\r\n';
  t.deepEqual(listed(await csv(text)), { sources: [4294967295], targets: [7], delaysMs: [1.5] });
});

test('a list longer than what is read at a time is read whole, from gzip as well', async (t) => {
  const lines = Array.from({ length: 30_000 }, (_, index) => `${index},${index + 1},${index / 4}`);
  const path = await place('.csv.gz', gzipSync(lines.join('\n')));
  const { sources, targets, weights } = await readConnections(path);
  t.is(sources.length, 30_000);
  t.true(sources.every((source, index) => source === index && targets[index] === index + 1));
  t.is(weights?.[29_999], 29_999 / 4);
});

test('NPY has a row for each synapse, in any type of number', async (t) => {
  const expected = { sources: [0, 1], targets: [5, 6] };
  t.deepEqual(listed(await readConnections(await npy(Int32Array.of(0, 5, 1, 6), [2, 2]))), expected);
  t.deepEqual(listed(await readConnections(await npy(BigInt64Array.of(0n, 5n, 1n, 6n), [2, 2]))), expected);
  const full = await readConnections(await npy(Float64Array.of(0, 5, 0.5, 1, 1, 6, 0.25, 2), [2, 4]));
  t.deepEqual(listed(full), { ...expected, weights: [0.5, 0.25], delaysMs: [1, 2] });
});

const faults: [what: string, text: string, message: RegExp][] = [
  ['one column', '1\n', /\.csv, line 1: columns is "source"; expected source,target/],
  ['five columns', '1,2,3,4,5\n', /line 1: columns/],
  ['an unknown title', 'source,target,wight\n', /line 1: columns is "source,target,\?"/],
  ['a title twice', 'source,target,source\n', /line 1: columns/],
  ['a missing title', 'source,weight\n', /line 1: columns/],
  [
    'lines of different length',
    '1,2\n3,4,5\n',
    /line 2: columns is "3,4,5"; expected 2 of them: source,target/,
  ],
  ['a negative source', 'source,target\n-1,2', /line 2: source is "-1"; expected a whole number/],
  ['a target between two', '1,2.5', /line 1: target is "2.5"/],
  ['a weight that is none', '1,2,3\n1,2,x', /line 2: weight is "x"; expected a finite number/],
  ['an infinite weight', '1,2,3\n1,2,Infinity', /line 2: weight is "Infinity"/],
  ['an empty cell', '1,2,3\n1,2,', /line 2: weight is ""/],
  ['an endless line', `1,2\n${'1'.repeat(5000)}`, /line 2: line is .*at most 1024 characters/],
];

for (const [what, text, message] of faults) {
  test(`CSV with ${what} is refused with its line`, async (t) => {
    const error = await t.throwsAsync(csv(text), { instanceOf: SynfireError });
    t.is(error.code, 'ERR_SYNFIRE_DATA_FORMAT');
    t.regex(error.message, message);
  });
}

test('NPY of another shape, or with values that cannot be, is refused', async (t) => {
  const refused = async (path: string, message: RegExp) => {
    const error = await t.throwsAsync(readConnections(path), { instanceOf: SynfireError });
    t.regex(error.message, message);
  };
  await refused(await npy(Int32Array.of(1, 2), [2]), /shape is \[2\]; expected \[synapses, 2 to 4 columns\]/);
  await refused(await npy(Int32Array.of(1, 2, 3, 4, 5), [1, 5]), /shape/);
  await refused(await npy(Float64Array.of(1, 2, Number.NaN), [1, 3]), /row 0: weight is NaN/);
  await refused(await npy(Float64Array.of(1, 2, 1, -2), [2, 2]), /row 1: target is -2/);
  await refused(await place('.txt', '1,2'), /format is .*\.txt"; expected csv or npy/);
  await refused(join(folder, 'nothing.csv'), /There is no file/);
});

test('a matrix of weights has a row for each source, with NaN where there is no synapse', async (t) => {
  const path = await npy(Float32Array.of(1, Number.NaN, 3, 4, 5, 6), [2, 3]);
  const { weights, sources, targets } = await readWeightMatrix(path);
  t.deepEqual([sources, targets], [2, 3]);
  t.deepEqual([...weights], [1, Number.NaN, 3, 4, 5, 6]);
  const flat = await npy(Float32Array.of(1, 2), [2]);
  await t.throwsAsync(readWeightMatrix(flat), { message: /shape is \[2\]; expected \[sources, targets\]/ });
});
