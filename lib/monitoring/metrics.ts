// Writes one JSON object per line to a metrics file, so that a run can be read while it goes on and after it.
import { type FileHandle, open, readFile } from 'node:fs/promises';
import { writeFileAtomic } from '../checkpoints/atomic.ts';
import { SynfireError } from '../errors.ts';

/**
 * An open metrics file (JSON Lines). Lines are on their way to the disk in the order in which they were
 * appended.
 */
export class MetricsFile {
  readonly path: string;
  readonly #file: FileHandle;

  private constructor(path: string, file: FileHandle) {
    this.path = path;
    this.#file = file;
  }

  /**
   * Opens `path`, keeping the lines for which `keep` holds and dropping the others and any half-written last
   * line.
   */
  static async open(path: string, keep: (line: unknown) => boolean = () => false): Promise<MetricsFile> {
    try {
      const kept = (await readLines(path)).filter(keep);
      await writeFileAtomic(path, [Buffer.from(kept.map((line) => `${JSON.stringify(line)}\n`).join(''))]);
      return new MetricsFile(path, await open(path, 'a'));
    } catch (error) {
      throw ioError(path, error);
    }
  }

  /** Appends one object as a line. */
  async append(line: object): Promise<void> {
    try {
      await this.#file.appendFile(`${JSON.stringify(line)}\n`);
    } catch (error) {
      throw ioError(this.path, error);
    }
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}

async function readLines(path: string): Promise<unknown[]> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  return text.split('\n').flatMap((line) => {
    try {
      return [JSON.parse(line) as unknown];
    } catch {
      return [];
    }
  });
}

function ioError(path: string, cause: unknown): SynfireError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  const details = {
    field: 'metrics',
    value: path,
    expected: 'a writable file on a disk with space left',
    cause,
  };
  return new SynfireError('ERR_SYNFIRE_IO', `cannot write ${path}: ${reason}`, details);
}
