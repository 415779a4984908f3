// The folder of a training's checkpoints: the latest one, the best one and the last few epochs'.
import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { invalid, SynfireError } from '../errors.ts';
import { linkFileAtomic, removeLeftovers } from './atomic.ts';

export interface StoreOptions {
  directory: string;
  /** Epochs whose checkpoints are kept besides the latest and the best. */
  keep: number;
  saveBest: boolean;
}

/** What a checkpoint is besides the latest one. */
export interface Milestone {
  /** The number of the epoch that it ends; null within an epoch. */
  epoch: number | null;
  /** Whether it holds the best model so far. */
  best: boolean;
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

  get directory(): string {
    return this.#options.directory;
  }

  /** Whether there is a checkpoint to go on from. */
  async holdsCheckpoint(): Promise<boolean> {
    return exists(this.latest);
  }

  /** Lets `write` save the latest checkpoint, and gives it the other names that it deserves. */
  async save(milestone: Milestone, write: (path: string) => Promise<void>): Promise<void> {
    await write(this.latest);
    await this.#nameLatest(milestone);
  }

  /**
   * Whether `file` is the latest of this folder. If so, does what a process that was killed while it saved
   * left undone.
   */
  async adoptLatest(file: string, milestone: Milestone): Promise<boolean> {
    if (resolve(file) !== resolve(this.latest)) return false;
    await this.#nameLatest(milestone);
    return true;
  }

  /** Makes the checkpoint `file` this folder's best one; a no-op when it already is. */
  async adoptBest(file: string): Promise<void> {
    if (this.#options.saveBest) await linkFileAtomic(file, this.best);
  }

  /** Gives the latest checkpoint its other names and drops old ones. */
  async #nameLatest({ epoch, best }: Milestone): Promise<void> {
    if (this.#options.saveBest && best) await linkFileAtomic(this.latest, this.best);
    if (epoch === null) return;
    await linkFileAtomic(this.latest, this.#epochFile(epoch));
    await this.#prune(epoch);
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

/**
 * The file to resume a training from: the one that `resume` names, or with `true` the latest of `store`, if
 * there is one; null to begin anew. A new training never replaces the checkpoints of another: then this
 * throws ERR_SYNFIRE_CHECKPOINT.
 */
export async function findResumed(
  resume: string | boolean,
  store: CheckpointStore | null,
): Promise<string | null> {
  if (typeof resume === 'string') return findCheckpoint(resume, 'latest');
  const held = store !== null && (await store.holdsCheckpoint());
  if (!held) return null;
  if (resume) return store.latest;
  const expected = 'a folder without checkpoints, or resume to go on from the one that is there';
  throw invalid('ERR_SYNFIRE_CHECKPOINT', 'checkpoint.directory', store.directory, expected);
}

/** The file of the latest checkpoint in a folder of checkpoints. */
export function latestIn(directory: string): string {
  return join(directory, latestName);
}

/** Name of the folder of checkpoints within a run's folder. */
export const checkpointsName = 'checkpoints';

/**
 * The checkpoint, among those beside `file` and `file` itself, that `isBest` says is the best one of a
 * training; `epoch` is the one that it ends. Throws ERR_SYNFIRE_CHECKPOINT when it is missing.
 */
export async function findBest(
  file: string,
  epoch: number,
  isBest: (candidate: string) => Promise<boolean>,
): Promise<string> {
  const folder = dirname(file);
  for (const candidate of [join(folder, bestName), epochFile(folder, epoch), file]) {
    if ((await exists(candidate)) && (await isBest(candidate))) return candidate;
  }
  throw invalid(
    'ERR_SYNFIRE_CHECKPOINT',
    'best checkpoint',
    join(folder, bestName),
    `the model of epoch ${epoch}, the best so far`,
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
