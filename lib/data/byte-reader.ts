// Reads the bytes of a file or buffer in order, unpacking gzip on the way, in constant memory.

import { type FileHandle, open } from 'node:fs/promises';
import { basename } from 'node:path';
import { pipeline, Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { SynfireError, show } from '../errors.ts';

/** A file's path or its bytes, plain or packed with gzip. */
export type ByteSource = string | Uint8Array;

const chunkBytes = 256 * 1024;
/** Deflate cannot pack better than this; it bounds what a packed file can hold. */
const largestPackingRatio = 1032;

/** An error about the content of a data file: which file, which part of it, what was found and what would be valid. */
export function malformed(file: string, field: string, value: unknown, expected: string, cause?: unknown): SynfireError {
  return new SynfireError('ERR_SYNFIRE_DATA_FORMAT', `${file}: ${field} is ${show(value)}; expected ${expected}`, {
    ...{ field, value, expected },
    ...(cause !== undefined && { cause }),
  });
}

export class ByteReader {
  /** The file's name, for messages. */
  readonly name: string;
  /** Bytes that the source can hold at most, unpacked. */
  readonly capacity: number;
  /** Whether `capacity` is the exact number of bytes, which a packed source does not tell. */
  readonly exact: boolean;
  readonly #chunks: AsyncIterator<Uint8Array>;
  readonly #handle: FileHandle | undefined;
  #rest: Uint8Array = new Uint8Array(0);

  /**
   * Opens a source; `close` it afterwards. Throws ERR_SYNFIRE_DATA_MISSING for a file that is not there and
   * ERR_SYNFIRE_IO for one that cannot be read.
   */
  static async open(source: ByteSource, signal?: AbortSignal): Promise<ByteReader> {
    signal?.throwIfAborted();
    if (typeof source !== 'string') return new ByteReader('array bytes', source.length, source, undefined, signal);
    const handle = await openFile(source);
    try {
      const { size } = await handle.stat();
      const start = new Uint8Array(2);
      await handle.read(start, 0, 2, 0);
      return new ByteReader(basename(source), size, start, handle, signal);
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  /** Fills `target` as far as the source goes and returns the number of bytes. */
  async readInto(target: Uint8Array): Promise<number> {
    let filled = 0;
    while (filled < target.length && !(await this.atEnd())) {
      const part = this.#rest.subarray(0, target.length - filled);
      target.set(part, filled);
      filled += part.length;
      this.#rest = this.#rest.subarray(part.length);
    }
    return filled;
  }

  async atEnd(): Promise<boolean> {
    while (this.#rest.length === 0) {
      const next = await this.#next();
      if (next === undefined) return true;
      this.#rest = next;
    }
    return false;
  }

  async close(): Promise<void> {
    await this.#chunks.return?.();
    await this.#handle?.close();
  }

  private constructor(
    name: string,
    size: number,
    start: Uint8Array,
    handle: FileHandle | undefined,
    signal: AbortSignal | undefined,
  ) {
    const packed = start[0] === 0x1f && start[1] === 0x8b;
    this.name = name;
    this.capacity = packed ? size * largestPackingRatio : size;
    this.exact = !packed;
    this.#handle = handle;
    const plain = handle
      ? handle.createReadStream({ start: 0, autoClose: false, highWaterMark: chunkBytes })
      : Readable.from([start]);
    this.#chunks = chunksOf(packed ? unpacked(plain) : plain, signal);
  }

  async #next(): Promise<Uint8Array | undefined> {
    try {
      const { done, value } = await this.#chunks.next();
      return done ? undefined : value;
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : '';
      if (code.startsWith('Z_')) throw malformed(this.name, 'gzip data', code, 'a complete gzip file', error);
      throw error;
    }
  }
}

function unpacked(plain: Readable): Readable {
  // The iteration over the result reports errors.
  return pipeline(plain, createGunzip({ chunkSize: chunkBytes }), () => {});
}

async function* chunksOf(stream: Readable, signal: AbortSignal | undefined): AsyncGenerator<Uint8Array> {
  for await (const chunk of stream) {
    signal?.throwIfAborted();
    yield chunk as Uint8Array;
  }
}

async function openFile(path: string): Promise<FileHandle> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(path);
    if ((await handle.stat()).isFile()) return handle;
  } catch (error) {
    const missing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    throw new SynfireError(
      missing ? 'ERR_SYNFIRE_DATA_MISSING' : 'ERR_SYNFIRE_IO',
      missing ? `There is no file ${show(path)}` : `Cannot read ${show(path)}: ${(error as Error).message}`,
      { field: 'path', value: path, expected: 'a readable file', cause: error },
    );
  }
  await handle.close();
  throw new SynfireError('ERR_SYNFIRE_IO', `${show(path)} is not a file`, {
    field: 'path',
    value: path,
    expected: 'a regular file',
  });
}
