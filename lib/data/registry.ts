// Finds data sets by name: built in, on disk, in the user's cache, or on the network.

import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, isAbsolute, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { SynfireError, show } from '../errors.ts';
import { checkInteger } from './checks.ts';
import { generateDigits } from './digits.ts';
import { download } from './download.ts';
import { type DataSource, findFiles, noFiles, readSet, type SetFiles } from './folder.ts';
import type { Normalisation } from './normalisation.ts';
import type { ReportProgress } from './progress.ts';
import { type PublicSet, publicSets } from './sources.ts';

export interface LoadOptions {
  /** The folder that holds the set, or a folder of the set's name. Default: see `load`. */
  path?: string | undefined;
  /** Uses the first samples of each part only. Default: all. */
  limit?: number | undefined;
  /** For files of other numbers than bytes; fitted on the training part. Default `none`. */
  normalisation?: Normalisation | undefined;
  /** Of the built-in digits. Default 42. */
  seed?: number | undefined;
  /** Stops loading; the promise rejects with the signal's reason. */
  signal?: AbortSignal | undefined;
  /** At most 20 times a second. */
  onProgress?: ReportProgress | undefined;
}

const unpack = promisify(gunzip);
const mostLabelBytes = 2 ** 20;
const digits = { name: 'digits', train: 60_000, test: 10_000, firstTestIndex: 2 ** 31 };

export const datasets = {
  /** Names that `load` knows. */
  names: [digits.name, ...publicSets.map((set) => set.name)] as readonly string[],

  /**
   * Loads a data set: `digits` (built in, 60,000 + 10,000), `mnist`, `fashion-mnist`, `kmnist`, or a folder
   * with the four IDX files or x_train.npy, y_train.npy, x_test.npy and y_test.npy.
   *
   * A named set is looked for in `path` if given; else in the folder that the environment variable
   * SYNFIRE_DATA names, then in the user's cache, and else it is downloaded there. Throws
   * ERR_SYNFIRE_DATA_MISSING, ERR_SYNFIRE_DATA_FORMAT or ERR_SYNFIRE_DOWNLOAD.
   */
  async load(name: string, options: LoadOptions = {}): Promise<DataSource> {
    if (options.limit !== undefined) checkInteger('limit', options.limit, 1);
    if (name === digits.name) return loadDigits(options);
    const set = publicSets.find((candidate) => candidate.name === name);
    return set ? loadPublicSet(set, options) : loadFolder(name, options);
  },
};

/**
 * Loads a set with files of its own; separate from `datasets.load` so that tests can bring their own mirrors.
 */
export async function loadPublicSet(set: PublicSet, options: LoadOptions): Promise<DataSource> {
  const files = (await findLocal(set, options.path)) ?? (await fetchSet(set, options));
  return readSet(set.name, files, { ...options, classes: set.classes });
}

async function loadDigits({
  limit = Infinity,
  seed = 42,
  signal,
  onProgress,
}: LoadOptions): Promise<DataSource> {
  const common = { seed, signal, onProgress };
  const train = await generateDigits({ ...common, name: 'train', samples: Math.min(digits.train, limit) });
  const test = await generateDigits({
    ...{ ...common, name: 'test', samples: Math.min(digits.test, limit) },
    firstIndex: digits.firstTestIndex,
  });
  return { name: digits.name, classes: 10, train, test };
}

async function loadFolder(name: string, options: LoadOptions): Promise<DataSource> {
  const folder = resolve(options.path ?? '', name);
  const files = await findFiles(folder);
  if (files) return readSet(basename(folder), files, options);
  const { message, expected } = noFiles('a data set', [folder]);
  throw new SynfireError('ERR_SYNFIRE_DATA_MISSING', `There is no data set ${show(name)}: ${message}`, {
    ...{ field: 'name', value: name },
    expected: `one of ${datasets.names.join(', ')}, or a folder with ${expected}`,
  });
}

async function findLocal(set: PublicSet, path: string | undefined): Promise<SetFiles | undefined> {
  if (path !== undefined) {
    const folders = [resolve(path), resolve(path, set.name)];
    const files = (await findFiles(folders[0]!)) ?? (await findFiles(folders[1]!));
    if (files) return files;
    throw noFiles(set.name, folders);
  }
  const root = process.env.SYNFIRE_DATA;
  if (root) {
    const files = (await findFiles(join(root, set.name))) ?? (await findOwn(set, root));
    if (files) return files;
  }
  return findFiles(cacheFolder(set));
}

/** The files in `folder` if they are this set's: a folder of another set looks the same from outside. */
async function findOwn(set: PublicSet, folder: string): Promise<SetFiles | undefined> {
  const files = await findFiles(folder);
  return files && (await isOwn(set, files)) ? files : undefined;
}

async function isOwn(set: PublicSet, { testLabels }: SetFiles): Promise<boolean> {
  const file = await readFile(testLabels);
  const content = await unpack(file, { maxOutputLength: mostLabelBytes }).catch(() => file);
  return [file, content].some((bytes) =>
    set.testLabels.includes(createHash('sha256').update(bytes).digest('hex')),
  );
}

async function fetchSet(set: PublicSet, options: LoadOptions): Promise<SetFiles> {
  const folder = cacheFolder(set);
  for (const file of set.files) {
    if (existsSync(join(folder, file.name))) continue;
    await download(file, set.mirrors, folder, options).catch((error) => {
      throw withAdvice(error, set, folder);
    });
  }
  const files = await findFiles(folder);
  if (files === undefined) throw noFiles(set.name, [folder]);
  return files;
}

function withAdvice(error: unknown, set: PublicSet, folder: string): unknown {
  if (!(error instanceof SynfireError) || error.code !== 'ERR_SYNFIRE_DOWNLOAD') return error;
  const advice = [
    `Without a connection: get ${set.files.map((file) => file.name).join(', ')} elsewhere and put them into`,
    `${folder}, or name their folder with the option path (--data) or the environment variable SYNFIRE_DATA;`,
    `or use the built-in data set ${show(digits.name)}.`,
  ].join(' ');
  return new SynfireError(error.code, `${error.message}\n${advice}`, error);
}

/** The user's cache, by the customs of the system. */
function cacheFolder(set: PublicSet): string {
  const { env, platform } = process;
  const home = homedir();
  if (platform === 'win32')
    return join(env.LOCALAPPDATA ?? join(home, 'AppData', 'Local'), 'synfire', 'Cache', set.name);
  if (platform === 'darwin') return join(home, 'Library', 'Caches', 'synfire', set.name);
  const cache = env.XDG_CACHE_HOME;
  return join(cache && isAbsolute(cache) ? cache : join(home, '.cache'), 'synfire', set.name);
}
