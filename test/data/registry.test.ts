// Loading by name or folder: the search order, what folders may hold, and advice when nothing is found.

import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { type DataSource, datasets, writeNpy } from '../../lib/data/index.ts';
import { loadPublicSet } from '../../lib/data/registry.ts';
import type { PublicSet } from '../../lib/data/sources.ts';
import { SynfireError } from '../../lib/errors.ts';
import { temporaryFolder, tinySet, writeIdxFolder } from './array-bytes.ts';
import { serving, startMirror } from './file-server.ts';

/** Tests change the environment, so they run one after another. */
async function withEnvironment<T>(env: Record<string, string>, use: () => Promise<T>): Promise<T> {
  const names = ['SYNFIRE_DATA', 'XDG_CACHE_HOME', 'LOCALAPPDATA', 'HOME'];
  const before = names.map((name) => [name, process.env[name]] as const);
  for (const name of names) delete process.env[name];
  Object.assign(process.env, env);
  try {
    return await use();
  } finally {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  }
}

function checkTiny(t: ExecutionContext, source: DataSource, train = 10, held = 4): void {
  t.deepEqual(source.train.native.readSamples(0, train), tinySet(train, 1).images);
  t.deepEqual(source.train.labels(), Int32Array.from(tinySet(train, 1).labels));
  t.deepEqual(source.test.native.readSamples(0, held), tinySet(held, 2).images);
  t.deepEqual(source.test.labels(), Int32Array.from(tinySet(held, 2).labels));
}

for (const packed of [true, false]) {
  test.serial(`a folder with ${packed ? 'packed ' : ''}IDX files is loaded`, async (t) => {
    const folder = await temporaryFolder();
    await writeIdxFolder(folder, { packed });
    const source = await datasets.load(folder);
    t.is(source.name, basename(folder));
    t.is(source.classes, 3);
    checkTiny(t, source);
  });
}

test.serial('a folder with NPY files is loaded; test data are normalised like training data', async (t) => {
  const folder = await temporaryFolder();
  const write = (name: string, bytes: Uint8Array) => writeFile(join(folder, name), bytes);
  await write('x_train.npy', writeNpy(Float32Array.of(-1, 3, 1, 0), [2, 2]));
  await write('y_train.npy', writeNpy(Int32Array.of(0, 1)));
  await write('x_test.npy', writeNpy(Float32Array.of(1, 99), [1, 2]));
  await write('y_test.npy', writeNpy(Int32Array.of(4)));
  const { train, test: held, classes } = await datasets.load(folder, { normalisation: 'minMax' });
  t.is(classes, 5);
  t.is(train.classes, 5);
  t.deepEqual([...train.native.readSamples(0, 2)], [0, 255, 128, 64]);
  t.deepEqual([...held.sample(0)], [128, 255]);
});

test.serial('a limit applies to both parts', async (t) => {
  const folder = await temporaryFolder();
  await writeIdxFolder(folder);
  const { train, test: held } = await datasets.load(folder, { limit: 3 });
  t.deepEqual([train.samples, held.samples], [3, 3]);
});

/** A made-up public set with its mirror. */
async function publicSet(t: ExecutionContext) {
  const folder = await temporaryFolder();
  await writeIdxFolder(folder);
  const names = [
    'train-images-idx3-ubyte.gz',
    'train-labels-idx1-ubyte.gz',
    't10k-images-idx3-ubyte.gz',
    't10k-labels-idx1-ubyte.gz',
  ];
  const contents = await Promise.all(names.map((name) => readFile(join(folder, name))));
  const sum = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
  const files = names.map((name, i) => ({ name, bytes: contents[i]!.length, sha256: sum(contents[i]!) }));
  const mirror = await startMirror(serving(Object.fromEntries(names.map((name, i) => [name, contents[i]!]))));
  t.teardown(() => mirror.close());
  const set = {
    ...{ name: 'tiny', classes: 3, mirrors: [mirror.url], files, testLabels: [files[3]!.sha256] },
  } as unknown as PublicSet;
  return { set, mirror };
}

test.serial('a set is downloaded into the cache once', async (t) => {
  const { set, mirror } = await publicSet(t);
  const cache = await temporaryFolder();
  await withEnvironment({ XDG_CACHE_HOME: cache, LOCALAPPDATA: cache, HOME: cache }, async () => {
    checkTiny(t, await loadPublicSet(set, {}));
    t.is(mirror.requests.length, 4);
    checkTiny(t, await loadPublicSet(set, {}));
    t.is(mirror.requests.length, 4);
  });
  if (process.platform === 'linux') t.is((await readdir(join(cache, 'synfire', 'tiny'))).length, 4);
});

test.serial('the path comes first, then SYNFIRE_DATA, then the cache', async (t) => {
  const { set, mirror } = await publicSet(t);
  const [path, data, cache] = await Promise.all([temporaryFolder(), temporaryFolder(), temporaryFolder()]);
  await mkdir(join(data, 'tiny'));
  await writeIdxFolder(join(path, '.'), { train: 5 });
  await writeIdxFolder(join(data, 'tiny'), { train: 6 });
  await withEnvironment(
    { SYNFIRE_DATA: data, XDG_CACHE_HOME: cache, LOCALAPPDATA: cache, HOME: cache },
    async () => {
      t.is((await loadPublicSet(set, { path })).train.samples, 5);
      t.is((await loadPublicSet(set, {})).train.samples, 6);
      t.is((await loadPublicSet(set, { path: data })).train.samples, 6);
    },
  );
  t.is(mirror.requests.length, 0);
});

test.serial('SYNFIRE_DATA may be the folder itself, but not that of another set', async (t) => {
  const { set, mirror } = await publicSet(t);
  const [own, other, cache] = await Promise.all([temporaryFolder(), temporaryFolder(), temporaryFolder()]);
  await writeIdxFolder(own, { train: 7 });
  await writeIdxFolder(other, { train: 8, test: 5 });
  const load = (data: string) =>
    withEnvironment({ SYNFIRE_DATA: data, XDG_CACHE_HOME: cache, LOCALAPPDATA: cache, HOME: cache }, () =>
      loadPublicSet(set, {}),
    );
  t.is((await load(own)).train.samples, 7);
  t.is(mirror.requests.length, 0);
  t.is((await load(other)).train.samples, 10);
  t.is(mirror.requests.length, 4);
});

test.serial('a path without the set is an error, not a reason to download', async (t) => {
  const { set, mirror } = await publicSet(t);
  const path = await temporaryFolder();
  const error = await t.throwsAsync(loadPublicSet(set, { path }), { instanceOf: SynfireError });
  t.is(error.code, 'ERR_SYNFIRE_DATA_MISSING');
  t.is(error.value, path);
  t.regex(error.message, /train-images-idx3-ubyte.*x_train\.npy/);
  t.is(mirror.requests.length, 0);
});

test.serial('without a connection, the error lists mirrors and ways out', async (t) => {
  const { set } = await publicSet(t);
  const cache = await temporaryFolder();
  const offline = { ...set, mirrors: ['http://127.0.0.1:9/a/', 'http://127.0.0.1:9/b/'] };
  await withEnvironment({ XDG_CACHE_HOME: cache, LOCALAPPDATA: cache, HOME: cache }, async () => {
    const error = await t.throwsAsync(loadPublicSet(offline, {}), { instanceOf: SynfireError });
    t.is(error.code, 'ERR_SYNFIRE_DOWNLOAD');
    for (const part of [
      /9\/a\//,
      /9\/b\//,
      /train-labels-idx1-ubyte\.gz/,
      /SYNFIRE_DATA/,
      /--data/,
      /"digits"/,
    ]) {
      t.regex(error.message, part);
    }
  });
});

test.serial('an unknown name lists the known ones', async (t) => {
  const error = await t.throwsAsync(datasets.load('mnst'), { instanceOf: SynfireError });
  t.is(error.code, 'ERR_SYNFIRE_DATA_MISSING');
  t.is(error.value, 'mnst');
  t.regex(error.expected ?? '', /digits, mnist, fashion-mnist, kmnist/);
});

test.serial('malformed files of a set are reported by name', async (t) => {
  const folder = await temporaryFolder();
  await writeIdxFolder(folder, { packed: false });
  await writeFile(join(folder, 't10k-images-idx3-ubyte'), 'nonsense');
  const error = await t.throwsAsync(datasets.load(folder), { instanceOf: SynfireError });
  t.is(error.code, 'ERR_SYNFIRE_DATA_FORMAT');
  t.regex(error.message, /^t10k-images-idx3-ubyte: magic number/);
});
