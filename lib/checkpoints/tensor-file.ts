// Opens safetensors files and reads their arrays one at a time, so that only the header and one array are in
// memory.
import { type FileHandle, open } from 'node:fs/promises';
import { invalid, SynfireError } from '../errors.ts';
import {
  decodeHeader,
  headerEnd,
  lengthBytes,
  type StoredTensor,
  type Tensor,
  type TensorArrays,
  type TensorLayout,
  tensorArrays,
} from './safetensors.ts';

/** Bytes that can be read at any position: a file, or memory in tests. */
export interface ByteAccess {
  /** Names the bytes in errors. */
  readonly name: string;
  readonly size: number;
  /** Fills `target` from `position` on and says how many bytes there were. */
  read(target: Uint8Array, position: number): Promise<number>;
}

/** A safetensors file whose header has been checked. Throws `ERR_SYNFIRE_CHECKPOINT`. */
export class TensorReader {
  readonly name: string;
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  readonly metadata: ReadonlyMap<string, string>;
  readonly #access: ByteAccess;

  static async open(access: ByteAccess): Promise<TensorReader> {
    const { name, size } = access;
    const start = await readExactly(access, 0, Math.min(lengthBytes, size));
    const head = await readExactly(access, 0, headerEnd(start, size, name));
    return new TensorReader(access, decodeHeader(head, size, name));
  }

  private constructor(access: ByteAccess, { tensors, metadata }: TensorLayout) {
    this.name = access.name;
    this.tensors = tensors;
    this.metadata = metadata;
    this.#access = access;
  }

  /** A tensor in an array of its own, or undefined when there is none of this name. */
  async load(name: string): Promise<Tensor | undefined> {
    const tensor = this.tensors.get(name);
    if (tensor === undefined) return undefined;
    const { type, shape, byteLength } = tensor;
    const data = new tensorArrays[type](byteLength / tensorArrays[type].BYTES_PER_ELEMENT);
    await this.read(name, data);
    return { type, shape, data } as Tensor;
  }

  /** Copies a tensor's elements into `output`, which has its type and size. */
  async read(name: string, output: TensorArrays[keyof TensorArrays]): Promise<void> {
    const tensor = this.tensors.get(name);
    if (tensor?.byteLength !== output.byteLength) {
      throw invalid(
        'ERR_SYNFIRE_CHECKPOINT',
        `${this.name}: tensor '${name}'`,
        tensor?.shape,
        `${output.length} elements`,
      );
    }
    await fill(
      this.#access,
      tensor.offset,
      new Uint8Array(output.buffer, output.byteOffset, output.byteLength),
    );
  }
}

/**
 * Opens the file at `path`, hands it to `use` and closes it again. Throws `ERR_SYNFIRE_CHECKPOINT`,
 * `ERR_SYNFIRE_IO`.
 */
export async function withTensorFile<Result>(
  path: string,
  use: (reader: TensorReader) => Promise<Result>,
): Promise<Result> {
  const file = await open(path).catch((error) => {
    throw unreadable(path, error);
  });
  try {
    return await use(await TensorReader.open(await fileAccess(path, file)));
  } finally {
    await file.close();
  }
}

async function fileAccess(path: string, file: FileHandle): Promise<ByteAccess> {
  const { size } = await file.stat();
  return {
    name: path,
    size,
    async read(target, position) {
      try {
        return (await file.read(target, 0, target.length, position)).bytesRead;
      } catch (error) {
        throw unreadable(path, error);
      }
    },
  };
}

async function readExactly(access: ByteAccess, position: number, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  await fill(access, position, bytes);
  return bytes;
}

async function fill(access: ByteAccess, position: number, target: Uint8Array): Promise<void> {
  for (let filled = 0; filled < target.length; ) {
    const count = await access.read(target.subarray(filled), position + filled);
    if (count === 0) {
      throw invalid(
        'ERR_SYNFIRE_CHECKPOINT',
        `${access.name}: file size`,
        position + filled,
        `${access.size} bytes: it became shorter`,
      );
    }
    filled += count;
  }
}

/** What the system says when a path does not lead to a file. */
const absent = new Set(['ENOENT', 'ENOTDIR', 'EISDIR']);

function unreadable(path: string, cause: unknown): SynfireError {
  const { code, message } = cause as NodeJS.ErrnoException;
  const expected = 'a checkpoint file that can be read';
  const kind = absent.has(code ?? '') ? 'ERR_SYNFIRE_CHECKPOINT' : 'ERR_SYNFIRE_IO';
  const details = { field: 'checkpoint', value: path, expected, cause };
  return new SynfireError(
    kind,
    `cannot read the checkpoint ${path}: ${message}; expected ${expected}`,
    details,
  );
}
