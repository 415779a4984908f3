// The folder of a training's checkpoints: the latest one, the best one and the last few epochs'.
import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { invalid, SynfireError } from '../errors.ts';
import type { LayerNetwork } from '../networks/layer-network.ts';
import { linkFileAtomic, removeLeftovers } from './atomic.ts';
import { readCheckpointMetadata, writeCheckpoint } from './checkpoint.ts';
import type { TrainingState } from './metadata.ts';

export interface StoreOptions {
  directory: string;
  /** Epochs whose checkpoints are kept besides the latest and the best. */
  keep: number;
  saveBest: boolean;
}

/**
 * Every checkpoint is one file that appears complete or not at all, and `latest` is always the first to
 * appear: whenever the process ends, what `latest` says can be gone on from.
 */
export class CheckpointStore {
  readonly latest: string;
  readonly best: string;
  readonly #options: StoreOptions;

  private constructor(options: StoreOptions) {
    this.#options = options;
    this.latest = latestIn(options.directory);
    this.best = join(options.directory, bestName);
  }

  /** Makes the folder if there is none and clears what killed processes left in it. */
  static async open(options: StoreOptions): Promise<CheckpointStore> {
    const { directory } = options;
    try {
      await mkdir(directory, { recursive: true });
      await removeLeftovers(directory);
    } catch (error) {
      const details = {
        field: 'checkpoint.directory',
        value: directory,
        expected: 'a writable folder',
        cause: error,
      };
      throw new SynfireError(
        'ERR_SYNFIRE_IO',
        `cannot use ${directory}: ${(error as Error).message}`,
        details,
      );
    }
    return new CheckpointStore(options);
  }

  /** Whether there is a checkpoint to go on from. */
  async holdsCheckpoint(): Promise<boolean> {
    return exists(this.latest);
  }

  /**
   * Saves the state as the latest; at the end of an epoch also as that epoch's and, when it is that, as the
   * best.
   */
  async save(network: LayerNetwork, state: TrainingState, buffer: Float32Array): Promise<void> {
    await writeCheckpoint(this.latest, network, state, buffer);
    await this.#nameLatest(state);
  }

  /**
   * Whether `file`, from which `state` was read, is the latest of this folder. If so, does what a process
   * that was killed while it saved left undone.
   */
  async adoptLatest(file: string, state: TrainingState): Promise<boolean> {
    if (resolve(file) !== resolve(this.latest)) return false;
    await this.#nameLatest(state);
    return true;
  }

  /** Makes the checkpoint `file` this folder's best one; a no-op when it already is. */
  async adoptBest(file: string): Promise<void> {
    if (this.#options.saveBest) await linkFileAtomic(file, this.best);
  }

  /** Gives the latest checkpoint its other names at the end of an epoch, and drops old ones. */
  async #nameLatest(state: TrainingState): Promise<void> {
    if (state.step > 0 || state.epoch === 0) return;
    if (this.#options.saveBest && state.best?.epoch === state.epoch) {
      await linkFileAtomic(this.latest, this.best);
    }
    await linkFileAtomic(this.latest, this.#epochFile(state.epoch));
    await this.#prune(state.epoch);
  }

  /** Drops the oldest epochs, and epochs after `newest`: the training has gone back behind them. */
  async #prune(newest: number): Promise<void> {
    const { directory, keep } = this.#options;
    const epochs = (await readdir(directory)).flatMap((name) => epochName.exec(name)?.[1] ?? []).map(Number);
    const kept = new Set(
      epochs
        .filter((epoch) => epoch <= newest)
        .sort((a, b) => b - a)
        .slice(0, keep),
    );
    for (const epoch of epochs) {
      if (!kept.has(epoch)) await rm(this.#epochFile(epoch), { force: true });
    }
  }

  #epochFile(epoch: number): string {
    return epochFile(this.#options.directory, epoch);
  }
}

/**
 * The checkpoint file that `path` means: the file itself, or the latest or best one of a run's folder or of
 * its folder of checkpoints. Throws ERR_SYNFIRE_CHECKPOINT when there is none.
 */
export async function findCheckpoint(path: string, which: 'latest' | 'best'): Promise<string> {
  const names = which === 'best' ? [bestName, latestName] : [latestName];
  const inside = names.flatMap((name) => [join(path, name), join(path, checkpointsName, name)]);
  for (const candidate of [path, ...inside]) {
    if (await exists(candidate)) return candidate;
  }
  throw invalid(
    'ERR_SYNFIRE_CHECKPOINT',
    'checkpoint',
    path,
    `a checkpoint file or a folder with ${names.join(' or ')}`,
  );
}

/** The file of the latest checkpoint in a folder of checkpoints. */
export function latestIn(directory: string): string {
  return join(directory, latestName);
}

/** Name of the folder of checkpoints within a run's folder. */
export const checkpointsName = 'checkpoints';

/**
 * The file with the model of the best epoch that `state`, read from `file`, speaks of, searched beside that
 * file; null when the training has no best epoch yet. Throws ERR_SYNFIRE_CHECKPOINT when it is missing.
 */
export async function findBest(file: string, { best, settings }: TrainingState): Promise<string | null> {
  if (best === null) return null;
  const folder = dirname(file);
  for (const candidate of [join(folder, bestName), epochFile(folder, best.epoch), file]) {
    if (!(await exists(candidate))) continue;
    const { training } = await readCheckpointMetadata(candidate);
    const isBest = training?.epoch === best.epoch && training.step === 0;
    if (isBest && isDeepStrictEqual([training.best, training.settings], [best, settings])) return candidate;
  }
  throw invalid(
    'ERR_SYNFIRE_CHECKPOINT',
    'best checkpoint',
    join(folder, bestName),
    `the model of epoch ${best.epoch}, the best so far`,
  );
}

const latestName = 'latest.safetensors';
const bestName = 'best.safetensors';
const epochName = /^epoch-(\d{6,})\.safetensors$/;

function epochFile(directory: string, epoch: number): string {
  return join(directory, `epoch-${String(epoch).padStart(6, '0')}.safetensors`);
}

async function exists(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}
