// What `synfire train` is asked for on the command line, and where its results go.
import { existsSync } from 'node:fs';
import { basename, extname } from 'node:path';
import type { AnyRun } from '../config/toml.ts';
import { invalid } from '../errors.ts';
import type { DeviceName } from './arguments.ts';
import { filesOf, makeRunFolder, type RunFiles, runFolder } from './run-folder.ts';

export interface TrainOptions {
  data?: string;
  limit?: number;
  epochs?: number;
  batchSize?: number;
  threads?: number;
  seed?: number;
  out?: string;
  resume?: string;
  json?: boolean;
  quiet?: boolean;
  neurons?: number;
  images?: number;
  merge?: 'mean' | 'sum' | 'consensus';
  labelImages?: number;
  evaluateEvery?: number;
  device?: DeviceName;
}

/** Throws ERR_SYNFIRE_INVALID_ARGUMENT for an option that only event networks have. */
export function refuseEventOptions(options: TrainOptions): void {
  for (const name of eventOptions) {
    if (options[name] === undefined) continue;
    const flag = `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
    const expected = 'nothing: this is an option of event networks, such as diehl-cook';
    throw invalid('ERR_SYNFIRE_INVALID_ARGUMENT', flag, options[name], expected);
  }
}

const eventOptions = ['neurons', 'images', 'merge', 'labelImages', 'evaluateEvery'] as const;

/** The configuration to train with, or the one of the run to resume. */
export function configSource(source: string | undefined, { resume }: TrainOptions): string {
  if (source !== undefined) return source;
  const expected = 'a .toml or .json file, or a preset such as conv-snn, diehl-cook or spatial-digits';
  if (resume === undefined) throw invalid('ERR_SYNFIRE_INVALID_ARGUMENT', 'config', undefined, expected);
  const { config } = filesOf(runFolder(resume));
  if (existsSync(config)) return config;
  throw invalid(
    'ERR_SYNFIRE_INVALID_ARGUMENT',
    'config',
    undefined,
    `${expected}: there is no ${config} to take it from`,
  );
}

/** The values that are there. */
export function given<Values extends object>(
  values: Values,
): { [Key in keyof Values]?: Exclude<Values[Key], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as never;
}

/** Makes the folder of a new run, unless one is named or resumed, and says where its files lie. */
export async function placeFiles(
  source: string | undefined,
  { out, resume }: TrainOptions,
  { checkpoint, metrics }: AnyRun['config'],
): Promise<RunFiles> {
  const folder = out ?? (resume === undefined ? await newFolder(source) : runFolder(resume));
  const files = filesOf(folder);
  return {
    ...files,
    checkpoints: checkpoint.directory ?? files.checkpoints,
    metrics: metrics.file ?? files.metrics,
  };
}

function newFolder(source: string | undefined): Promise<string> {
  return makeRunFolder(basename(source ?? 'run', extname(source ?? '')));
}
