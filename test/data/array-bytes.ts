// Makes array files for tests, and measures what reading them takes.

import { execFile } from 'node:child_process';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';

/** An IDX file: big-endian elements of the type with this code. */
export function idxBytes(shape: number[], values: ArrayLike<number>, type = 0x08): Buffer {
  const header = Buffer.alloc(4 + 4 * shape.length);
  header.writeUInt8(type, 2);
  header.writeUInt8(shape.length, 3);
  shape.forEach((size, i) => {
    header.writeUInt32BE(size, 4 + 4 * i);
  });
  return Buffer.concat([header, bigEndian(values, type)]);
}

/** An NPY file with this header text and these bytes of data. */
export function npyBytes(dictionary: string, data: Uint8Array, version = 1): Buffer {
  const text = Buffer.from(`${dictionary}\n`, 'latin1');
  const length = Buffer.alloc(version === 1 ? 2 : 4);
  length.writeUIntLE(text.length, 0, length.length);
  return Buffer.concat([Buffer.from('\x93NUMPY', 'latin1'), Buffer.from([version, 0]), length, text, data]);
}

export function temporaryFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'synfire-data-'));
}

/** A deterministic set of the kind of MNIST: `samples` images of 4 x 3 with labels i % 3. */
export function tinySet(samples: number, seed = 1): { images: Uint8Array; labels: Uint8Array } {
  return {
    images: Uint8Array.from({ length: samples * 12 }, (_, i) => (i * 31 + seed * 17) % 256),
    labels: Uint8Array.from({ length: samples }, (_, i) => (i + seed) % 3),
  };
}

/** Instrumented processes keep freed memory, so nothing can be said about it. */
export const memoryIsTelling = process.env.SYNFIRE_SANITIZED === undefined;

/**
 * The largest memory, in bytes, that a process of its own needs beside what it starts with to run `code`, a
 * module in which `data` is lib/data; and what it prints.
 */
export async function memoryOf(code: string): Promise<{ bytes: number; output: string }> {
  const index = new URL('../../lib/data/index.js', import.meta.url).href;
  const script = `
    import { readFileSync } from 'node:fs';
    import * as data from ${JSON.stringify(index)};
    const before = process.memoryUsage.rss();
    ${code}
    const peak = /VmHWM:\\s+(\\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'))[1] * 1024;
    console.log(peak - before);`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script]);
  const lines = stdout.trim().split('\n');
  return { bytes: Number(lines.pop()), output: lines.join('\n') };
}

/** Writes the four files of a tiny set; returns the sets. */
export async function writeIdxFolder(folder: string, { train = 10, test = 4, packed = true } = {}) {
  const sets = { train: tinySet(train, 1), test: tinySet(test, 2) };
  for (const [prefix, { images, labels }] of [
    ['train', sets.train],
    ['t10k', sets.test],
  ] as const) {
    const pack = (bytes: Buffer) => (packed ? gzipSync(bytes) : bytes);
    const ending = packed ? '.gz' : '';
    await writeFile(
      join(folder, `${prefix}-images-idx3-ubyte${ending}`),
      pack(idxBytes([labels.length, 4, 3], images)),
    );
    await writeFile(
      join(folder, `${prefix}-labels-idx1-ubyte${ending}`),
      pack(idxBytes([labels.length], labels)),
    );
  }
  return sets;
}

const writers: Record<number, [bytes: number, write: (buffer: Buffer, value: number, at: number) => void]> = {
  8: [1, (buffer, value, at) => buffer.writeUInt8(value, at)],
  9: [1, (buffer, value, at) => buffer.writeInt8(value, at)],
  11: [2, (buffer, value, at) => buffer.writeInt16BE(value, at)],
  12: [4, (buffer, value, at) => buffer.writeInt32BE(value, at)],
  13: [4, (buffer, value, at) => buffer.writeFloatBE(value, at)],
  14: [8, (buffer, value, at) => buffer.writeDoubleBE(value, at)],
};

function bigEndian(values: ArrayLike<number>, type: number): Buffer {
  const [bytes, write] = writers[type]!;
  const buffer = Buffer.alloc(values.length * bytes);
  Array.from(values).forEach((value, i) => {
    write(buffer, value, i * bytes);
  });
  return buffer;
}
