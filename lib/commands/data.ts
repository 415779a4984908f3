// Finds and loads the data that a command works with.
import { existsSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { loadAnyRun } from '../config/load.ts';
import { type DataConfig, dataSchema } from '../config/schema.ts';
import type { Grid } from '../config/spatial-network.ts';
import type { Dataset } from '../data/dataset.ts';
import { readDataset } from '../data/files.ts';
import { readSet } from '../data/folder.ts';
import { identityData, identityName } from '../data/identity.ts';
import { type DataProgress, datasets } from '../data/index.ts';
import { invalid } from '../errors.ts';
import type { ProgressDisplay } from '../monitoring/progress.ts';
import type { Settings } from '../training/settings.ts';
import { filesOf, runFolder } from './run-folder.ts';
import { bytes, figure } from './text.ts';

/** What `--data` stands for. */
export interface CommandData {
  name: string;
  train: Dataset;
  /** Null when only one pair of files was named. */
  test: Dataset | null;
}

export interface DataSelection {
  data?: string;
  limit?: number;
}

/**
 * The configuration of data with what the command line says in its place; paths no longer depend on the
 * folder.
 */
export function selectData(config: DataConfig, { data, limit }: DataSelection): DataConfig {
  const { path, ...rest } = config;
  const name = data ?? config.name;
  const hasOwnPath = data === undefined && path !== undefined;
  return {
    ...rest,
    name: hasOwnPath ? name : absolute(name),
    ...(hasOwnPath ? { path: resolve(path) } : {}),
    ...(limit === undefined ? {} : { limit }),
  };
}

/**
 * The data that the network of a checkpoint was trained with, unless the command line says otherwise; `settings`
 * are those of its training.
 */
export async function dataOf(
  checkpoint: string,
  settings: Settings | undefined,
  selection: DataSelection,
): Promise<DataConfig> {
  const { config } = filesOf(runFolder(checkpoint));
  if (existsSync(config)) return selectData((await loadAnyRun(config)).config.data, selection);
  const name = selection.data ?? settings?.['data.name'];
  if (typeof name === 'string') return selectData(dataSchema.parse({}), { ...selection, data: name });
  const expected = 'a data set, because the checkpoint does not say which it was trained with';
  throw invalid('ERR_SYNFIRE_INVALID_ARGUMENT', '--data', undefined, expected);
}

/** `vectors` is the grid of a spatial network's input, for data that are drawn to fit. */
export async function loadData(
  config: DataConfig,
  {
    signal,
    display,
    vectors,
  }: { signal: AbortSignal; display: ProgressDisplay; vectors?: Readonly<Grid> | undefined },
): Promise<CommandData> {
  const { name, path, limit, normalisation } = config;
  if (name === identityName) return { ...identityData({ shape: shapeOf(vectors), limit }) };
  const onProgress = (progress: DataProgress) =>
    display.share(describe(progress), progress.done / progress.total);
  const options = { limit, normalisation, signal, onProgress };
  const files = filesNamed(name);
  const data =
    files === null ? await datasets.load(name, { ...options, path }) : await loadFiles(files, options);
  display.clear();
  return data;
}

/** [channels, height, width] of a sample for a grid: z, y, x. */
function shapeOf(grid: Readonly<Grid> | undefined): [number, number, number] {
  if (grid !== undefined) return [grid[2], grid[1], grid[0]];
  const expected = 'a data set of images: these vectors are for spatial networks';
  throw invalid('ERR_SYNFIRE_INVALID_ARGUMENT', '--data', identityName, expected);
}

/** Two or four paths that are separated by commas; null when `name` is a set or a folder. */
function filesNamed(name: string): string[] | null {
  if (!name.includes(',') || existsSync(name)) return null;
  const files = name.split(',').map((file) => file.trim());
  if (files.length === 2 || files.length === 4) return files;
  const expected = 'samples,labels or train-samples,train-labels,test-samples,test-labels';
  throw invalid('ERR_SYNFIRE_INVALID_ARGUMENT', '--data', name, expected);
}

type LoadOptions = {
  limit: number | undefined;
  normalisation: DataConfig['normalisation'];
  signal: AbortSignal;
  onProgress: (progress: DataProgress) => void;
};

async function loadFiles(files: string[], options: LoadOptions): Promise<CommandData> {
  const [trainSamples = '', trainLabels = '', testSamples, testLabels] = files;
  const name = basename(dirname(resolve(trainSamples)));
  if (testSamples !== undefined && testLabels !== undefined) {
    return readSet(name, { trainSamples, trainLabels, testSamples, testLabels }, options);
  }
  const { limit, ...rest } = options;
  const pair = { samples: trainSamples, labels: trainLabels, ...(limit === undefined ? {} : { limit }) };
  return { name, train: await readDataset({ ...rest, ...pair }), test: null };
}

function absolute(name: string): string {
  if (name === identityName || datasets.names.includes(name)) return name;
  const files = filesNamed(name);
  return files === null ? resolve(name) : files.map((file) => resolve(file)).join(',');
}

function describe({ phase, file, done, total }: DataProgress): string {
  const verbs = { download: 'downloading', read: 'reading', generate: 'drawing digits to' };
  const amount =
    phase === 'download'
      ? `${bytes(done)} of ${bytes(total)}`
      : `${figure(done)} of ${figure(total)} samples`;
  return `${verbs[phase]} ${basename(file)}  ${amount}`;
}
