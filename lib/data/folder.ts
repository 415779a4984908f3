// Data sets in folders: the four IDX files of MNIST's kind, or four NPY files.

import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { SynfireError, show } from '../errors.ts';
import type { Dataset } from './dataset.ts';
import { countClasses, readDataset } from './files.ts';
import type { FittedNormalisation, Normalisation } from './normalisation.ts';
import type { ReportProgress } from './progress.ts';

/** A data set in the two parts in which it is published. */
export interface DataSource {
  name: string;
  classes: number;
  train: Dataset;
  /** Not for choosing anything: take validation samples from `train`. */
  test: Dataset;
}

export interface FolderOptions {
  /** Number of classes. Default: the largest label + 1. */
  classes?: number;
  /** Reads the first samples of each part only. Default: all. */
  limit?: number | undefined;
  /** Fitted on the training part. Default `none`. */
  normalisation?: Normalisation | FittedNormalisation | undefined;
  signal?: AbortSignal | undefined;
  onProgress?: ReportProgress | undefined;
}

/** Paths of the files that make up a set. */
export interface SetFiles {
  trainSamples: string;
  trainLabels: string;
  testSamples: string;
  testLabels: string;
}

type Part = keyof SetFiles;

/** The files' names in each layout; any of the endings will do. */
const layouts: readonly { names: Record<Part, string>; endings: readonly string[] }[] = [
  {
    names: {
      trainSamples: 'train-images',
      trainLabels: 'train-labels',
      testSamples: 't10k-images',
      testLabels: 't10k-labels',
    },
    endings: ['-idx3-ubyte', '-idx1-ubyte', '.idx3-ubyte', '.idx1-ubyte'].flatMap((ending) => [
      ending,
      `${ending}.gz`,
    ]),
  },
  {
    names: { trainSamples: 'x_train', trainLabels: 'y_train', testSamples: 'x_test', testLabels: 'y_test' },
    endings: ['.npy', '.npy.gz'],
  },
];

const expectedFiles =
  'train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte and t10k-labels-idx1-ubyte (or with .gz), ' +
  'or x_train.npy, y_train.npy, x_test.npy and y_test.npy';

/** The files of a set in `folder`, or undefined when it does not hold all of them. */
export async function findFiles(folder: string): Promise<SetFiles | undefined> {
  const present = new Set(await readdir(folder).catch(() => []));
  for (const { names, endings } of layouts) {
    const find = (part: Part) =>
      endings.map((ending) => names[part] + ending).find((name) => present.has(name));
    const [trainSamples, trainLabels] = [find('trainSamples'), find('trainLabels')];
    const [testSamples, testLabels] = [find('testSamples'), find('testLabels')];
    if (trainSamples && trainLabels && testSamples && testLabels) {
      return {
        trainSamples: join(folder, trainSamples),
        trainLabels: join(folder, trainLabels),
        testSamples: join(folder, testSamples),
        testLabels: join(folder, testLabels),
      };
    }
  }
  return undefined;
}

/** The error for folders that hold no set. */
export function noFiles(name: string, folders: readonly string[]): SynfireError {
  const places = folders.map((folder) => show(folder)).join(' nor ');
  return new SynfireError(
    'ERR_SYNFIRE_DATA_MISSING',
    `Neither ${places} holds ${name}; expected ${expectedFiles}`,
    {
      field: 'path',
      value: folders[0],
      expected: expectedFiles,
    },
  );
}

/** Reads a set from its files. Throws as `readDataset` does. */
export async function readSet(name: string, files: SetFiles, options: FolderOptions): Promise<DataSource> {
  const { limit, normalisation = 'none', signal, onProgress } = options;
  const classes = options.classes ?? (await classesIn(files, signal));
  const common = {
    classes,
    ...(limit !== undefined && { limit }),
    ...(signal && { signal }),
    ...(onProgress && { onProgress }),
  };
  const train = await readDataset({
    ...{ ...common, samples: files.trainSamples, labels: files.trainLabels, normalisation },
  });
  const test = await readDataset({
    ...{ ...common, samples: files.testSamples, labels: files.testLabels },
    normalisation: train.normalisation ?? 'none',
  });
  return { name, classes, train, test };
}

async function classesIn(files: SetFiles, signal: AbortSignal | undefined): Promise<number> {
  const train = await countClasses(files.trainLabels, { signal });
  const test = await countClasses(files.testLabels, { signal });
  return Math.max(train, test);
}
