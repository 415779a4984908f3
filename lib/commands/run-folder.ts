// The folder of a run: its name, and what lies where in it.
import { mkdir } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';
import { checkpointsName } from '../checkpoints/store.ts';
import { SynfireError } from '../errors.ts';

/** Where a run keeps its files unless its configuration says otherwise. */
export interface RunFiles {
  /** The whole configuration, for `synfire train --resume` and for reading. */
  config: string;
  /** A line of JSON for every epoch. */
  metrics: string;
  checkpoints: string;
  /** The weights onto each neuron of an event network. */
  receptiveFields: { npy: string; png: string };
}

export function filesOf(folder: string): RunFiles {
  return {
    config: join(folder, 'config.json'),
    metrics: join(folder, 'metrics.jsonl'),
    checkpoints: join(folder, checkpointsName),
    receptiveFields: {
      npy: join(folder, 'receptive-fields.npy'),
      png: join(folder, 'receptive-fields.png'),
    },
  };
}

/** The folder of a run from that folder, its folder of checkpoints or a checkpoint in it. */
export function runFolder(path: string): string {
  const folder = extname(path) === '.safetensors' ? dirname(path) : path;
  return basename(folder) === checkpointsName ? dirname(folder) : folder;
}

/** Makes `runs/<name>-<time>`, with a number behind it when another run began in the same second. */
export async function makeRunFolder(name: string): Promise<string> {
  const path = join('runs', `${name}-${timestamp(new Date())}`);
  try {
    await mkdir(dirname(path), { recursive: true });
    return await makeNew(path);
  } catch (error) {
    const details = {
      field: '--out',
      value: path,
      expected: 'a place where a folder can be made',
      cause: error,
    };
    throw new SynfireError(
      'ERR_SYNFIRE_IO',
      `cannot make the folder ${path}: ${(error as Error).message}`,
      details,
    );
  }
}

async function makeNew(path: string): Promise<string> {
  for (let attempt = 1; ; attempt += 1) {
    const folder = attempt === 1 ? path : `${path}-${attempt}`;
    try {
      await mkdir(folder);
      return folder;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
}

/** Local time as 20261120-235959. */
function timestamp(now: Date): string {
  const two = (part: number) => String(part).padStart(2, '0');
  const date = `${now.getFullYear()}${two(now.getMonth() + 1)}${two(now.getDate())}`;
  return `${date}-${two(now.getHours())}${two(now.getMinutes())}${two(now.getSeconds())}`;
}
