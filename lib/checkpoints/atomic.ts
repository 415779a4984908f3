// Replaces files so that a reader, a crash or a full disk never meets a half-written one.
import { randomBytes } from 'node:crypto';
import { constants, copyFile, link, mkdir, open, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { SynfireError } from '../errors.ts';

/**
 * Writes `chunks` to a temporary file beside `path`, forces it to the disk and renames it over `path`. On any
 * failure the previous file is untouched, the temporary one is removed and the promise rejects with
 * `ERR_SYNFIRE_IO`.
 */
export async function writeFileAtomic(path: string, chunks: Iterable<Uint8Array>): Promise<void> {
  await replace(path, async (temporary) => {
    const file = await open(temporary, 'wx');
    try {
      await writeFile(file, chunks);
      await file.sync();
    } finally {
      await file.close();
    }
  });
}

/**
 * Makes `path` another name of the file `existing`, or a copy of it where the file system has no hard links.
 */
export async function linkFileAtomic(existing: string, path: string): Promise<void> {
  await replace(path, async (temporary) => {
    try {
      await link(existing, temporary);
    } catch (error) {
      if (!linkRefusals.has((error as NodeJS.ErrnoException).code ?? '')) throw error;
      await copyFile(existing, temporary, constants.COPYFILE_EXCL);
      await syncPath(temporary);
    }
  });
}

/** Removes temporary files that processes which no longer run left in `folder`. */
export async function removeLeftovers(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const owner = temporaryName.exec(name)?.[1];
    if (owner !== undefined && !isRunning(Number(owner))) await rm(join(folder, name), { force: true });
  }
}

const linkRefusals = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EXDEV']);
const temporaryName = /^\..+\.(\d+)-[0-9a-f]{8}\.tmp$/;

async function replace(path: string, fill: (temporary: string) => Promise<void>): Promise<void> {
  const folder = dirname(path);
  const temporary = join(folder, `.${basename(path)}.${process.pid}-${randomBytes(4).toString('hex')}.tmp`);
  try {
    await mkdir(folder, { recursive: true });
    await fill(temporary);
    await rename(temporary, path);
    await syncPath(folder);
  } catch (error) {
    throw ioError(path, error);
  } finally {
    // After a rename onto another link of the same file, too, the temporary name is still there.
    await rm(temporary, { force: true }).catch(() => {});
  }
}

/** Forces a file's contents or a folder's entries to the disk. */
async function syncPath(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function ioError(path: string, cause: unknown): SynfireError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new SynfireError(
    'ERR_SYNFIRE_IO',
    `cannot save ${path}: ${reason}; the file that was there before is unchanged`,
    {
      field: 'path',
      value: path,
      expected: 'a writable folder with enough space',
      cause,
    },
  );
}
