// Writes one JSON object per line to a metrics file, so that a run can be read while it goes on and after it.
import { type FileHandle, open } from 'node:fs/promises';
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

  /** Starts the file `path` with these objects, in place of whatever it held. Throws ERR_SYNFIRE_IO. */
  static async open(path: string, objects: readonly object[] = []): Promise<MetricsFile> {
    try {
      await writeFileAtomic(path, objects.map(line));
      return new MetricsFile(path, await open(path, 'a'));
    } catch (error) {
      throw ioError(path, error);
    }
  }

  /** Appends one object as a line. */
  async append(object: object): Promise<void> {
    try {
      await this.#file.appendFile(line(object));
    } catch (error) {
      throw ioError(this.path, error);
    }
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}

function line(object: object): Buffer {
  return Buffer.from(`${JSON.stringify(object)}\n`);
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
