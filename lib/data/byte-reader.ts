// Reads the bytes of a file or buffer in order, unpacking gzip on the way, in constant memory.

import { type FileHandle, open } from 'node:fs/promises';
import { basename } from 'node:path';
import { pipeline, Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { SynfireError, show } from '../errors.ts';

/** A file's path or its bytes, plain or packed with gzip. */
export type ByteSource = string | Uint8Array;

const fileChunkBytes = 64 * 1024;
/** Every unpacked chunk is garbage soon after; small ones keep the process small. */
const unpackedChunkBytes = 16 * 1024;
/** Deflate cannot pack better than this; it bounds what a packed file can hold. */
const largestPackingRatio = 1032;

/**
 * An error about the content of a data file: which file, which part of it, what was found and what would be
 * valid.
 */
export function malformed(
  file: string,
  field: string,
  value: unknown,
  expected: string,
  cause?: unknown,
): SynfireError {
  return new SynfireError(
    'ERR_SYNFIRE_DATA_FORMAT',
    `${file}: ${field} is ${show(value)}; expected ${expected}`,
    {
      ...{ field, value, expected },
      ...(cause !== undefined && { cause }),
    },
  );
}

export class ByteReader {
  /** The file's name, for messages. */
  readonly name: string;
  /** Bytes that the source can hold at most, unpacked. */
  readonly capacity: number;
  /** Whether `capacity` is the exact number of bytes, which a packed source does not tell. */
  readonly exact: boolean;
  readonly #handle: FileHandle | undefined;
  readonly #signal: AbortSignal | undefined;
  readonly #stream: Readable;
  readonly #chunks: AsyncIterator<Uint8Array>;
  #rest: Uint8Array = new Uint8Array(0);

  /**
   * Opens a source; `close` it afterwards. Throws ERR_SYNFIRE_DATA_MISSING for a file that is not there and
   * ERR_SYNFIRE_IO for one that cannot be read.
   */
  static async open(source: ByteSource, signal?: AbortSignal): Promise<ByteReader> {
    signal?.throwIfAborted();
    if (typeof source !== 'string') return new ByteReader('data', source.length, source, undefined, signal);
    const { handle, size, start } = await openFile(source);
    return new ByteReader(basename(source), size, start, handle, signal);
  }

  /** `start`: the first bytes of the file behind `handle`, or all bytes without one. */
  private constructor(
    name: string,
    size: number,
    start: Uint8Array,
    handle: FileHandle | undefined,
    signal: AbortSignal | undefined,
  ) {
    const packed = start[0] === 0x1f && start[1] === 0x8b;
    const plain = handle
      ? handle.createReadStream({ start: 0, autoClose: false, highWaterMark: fileChunkBytes })
      : Readable.from([start]);
    this.name = name;
    this.capacity = packed ? size * largestPackingRatio : size;
    this.exact = !packed;
    this.#handle = handle;
    this.#signal = signal;
    this.#stream = packed ? unpacked(plain) : plain;
    this.#chunks = this.#stream[Symbol.asyncIterator]();
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

  /** A part of a header, which must be there in full. */
  async readPart(field: string, bytes: number): Promise<Buffer> {
    const part = Buffer.alloc(bytes);
    const got = await this.readInto(part);
    if (got < bytes) throw malformed(this.name, field, `cut off after ${got} bytes`, `${bytes} bytes`);
    return part;
  }

  /** The next byte, which stays to be read; undefined at the end. */
  async peek(): Promise<number | undefined> {
    return (await this.atEnd()) ? undefined : this.#rest[0];
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
    this.#stream.destroy();
    await this.#handle?.close();
  }

  async #next(): Promise<Uint8Array | undefined> {
    this.#signal?.throwIfAborted();
    try {
      const { done, value } = await this.#chunks.next();
      return done ? undefined : value;
    } catch (error) {
      const code = codeOf(error);
      if (code.startsWith('Z_')) throw malformed(this.name, 'gzip data', code, 'a complete gzip file', error);
      throw unreadable(this.name, code, error);
    }
  }
}

function unpacked(plain: Readable): Readable {
  // Errors reach whoever reads the result.
  return pipeline(plain, createGunzip({ chunkSize: unpackedChunkBytes }), () => {});
}

async function openFile(path: string): Promise<{ handle: FileHandle; size: number; start: Uint8Array }> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(path);
    const status = await handle.stat();
    if (!status.isFile()) throw unreadable(path, 'no regular file');
    const start = new Uint8Array(2);
    await handle.read(start, 0, start.length, 0);
    return { handle, size: status.size, start };
  } catch (error) {
    await handle?.close();
    if (error instanceof SynfireError) throw error;
    throw codeOf(error) === 'ENOENT' ? missing(path, error) : unreadable(path, codeOf(error), error);
  }
}

function missing(path: string, cause: unknown): SynfireError {
  const details = { field: 'path', value: path, expected: 'an existing file', cause };
  return new SynfireError('ERR_SYNFIRE_DATA_MISSING', `There is no file ${show(path)}`, details);
}

function unreadable(path: string, reason: string, cause?: unknown): SynfireError {
  const details = { field: 'path', value: path, expected: 'a readable file', cause };
  return new SynfireError('ERR_SYNFIRE_IO', `Cannot read ${show(path)}: ${reason}`, details);
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return 'code' in error ? String(error.code) : error.message;
}
