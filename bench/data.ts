// Finds the data that the benchmarks run on: MNIST where it is at hand, else the built-in digits.
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type DataSource, datasets } from '../lib/data/index.ts';
import { invalid } from '../lib/errors.ts';
import { howToShare, sharedFolder } from './shared.ts';

export interface BenchData {
  name: 'mnist' | 'digits';
  /** MNIST's files; null for digits, which need none. */
  folder: string | null;
}

/** `option` is what --data says: `digits` or a folder with MNIST. Throws ERR_SYNFIRE_DATA_MISSING for any other. */
export function chooseData(option: string | undefined): BenchData {
  if (option === 'digits') return { name: 'digits', folder: null };
  const places = option ? [option] : [process.env.SYNFIRE_DATA ?? '', sharedFolder('data', 'mnist')];
  const folder = places.flatMap((place) => [place, join(place, 'mnist')]).find(hasMnist);
  if (folder !== undefined) return { name: 'mnist', folder: resolve(folder) };
  if (option === undefined) return { name: 'digits', folder: null };
  const expected = '"digits", or a folder with train-images-idx3-ubyte.gz and the other files of MNIST';
  throw invalid('ERR_SYNFIRE_DATA_MISSING', '--data', option, expected);
}

export function loadData({ name, folder }: BenchData): Promise<DataSource> {
  return datasets.load(name, folder === null ? {} : { path: folder });
}

export function describeData({ name, folder }: BenchData): string {
  if (folder !== null) return `${name} in ${folder}`;
  return `built-in digits, on which only synfire runs; for MNIST, ${howToShare}`;
}

function hasMnist(folder: string): boolean {
  return ['', '.gz'].some((ending) => existsSync(join(folder, `train-images-idx3-ubyte${ending}`)));
}
