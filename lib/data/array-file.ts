// An array in a file, IDX or NPY: its header is checked before anything is allocated, its rows are read piece
// by piece.

import { ByteReader, type ByteSource, malformed } from './byte-reader.ts';
import {
  bytesPerElement,
  type ElementArray,
  type ElementType,
  elementsOf,
  toMachineOrder,
} from './element-types.ts';

/** What the header of an array file says. */
export interface ArrayHeader {
  elementType: ElementType;
  byteOrder: 'LE' | 'BE';
  /** Sizes of the dimensions, the slowest first. */
  shape: number[];
  /** Bytes before the first element. */
  headerBytes: number;
}

/** An array with its values; `data` runs through the last dimension first. */
export interface ArrayData {
  elementType: ElementType;
  shape: number[];
  data: ElementArray;
}

/** Reads and checks a header from the start of a file; throws with `malformed`. */
export type HeaderReader = (reader: ByteReader) => Promise<ArrayHeader>;

export interface ReadOptions {
  /** Stops the reading; the promise rejects with the signal's reason. */
  signal?: AbortSignal | undefined;
}

const piece = 256 * 1024;
const mostDimensions = 8;

/** An array file whose header has been read and found to agree with the file's size. */
export class ArrayFile {
  readonly name: string;
  readonly header: ArrayHeader;
  readonly #reader: ByteReader;

  static async open(
    source: ByteSource,
    readHeader: HeaderReader,
    options: ReadOptions = {},
  ): Promise<ArrayFile> {
    const reader = await ByteReader.open(source, options.signal);
    try {
      const header = await readHeader(reader);
      checkSize(header, reader);
      return new ArrayFile(reader, header);
    } catch (error) {
      await reader.close();
      throw error;
    }
  }

  private constructor(reader: ByteReader, header: ArrayHeader) {
    this.name = reader.name;
    this.header = header;
    this.#reader = reader;
  }

  /** Size of the first dimension. */
  get rows(): number {
    return this.header.shape[0] ?? 1;
  }

  /** Elements in one row: the product of all other dimensions. */
  get rowLength(): number {
    return productOf(this.header.shape.slice(1));
  }

  /**
   * The first `limit` rows, several at a time. Each piece is valid until the next one is asked for. Reading
   * all rows also checks that the file ends there.
   */
  async *pieces(limit = this.rows): AsyncGenerator<ElementArray> {
    const { elementType, byteOrder } = this.header;
    const rowBytes = this.rowLength * bytesPerElement(elementType);
    const rowsPerPiece = Math.max(1, Math.floor(piece / Math.max(1, rowBytes)));
    let buffer = new ArrayBuffer(Math.min(rowsPerPiece, limit) * rowBytes);
    for (let row = 0; row < limit; row += rowsPerPiece) {
      const bytes = Math.min(rowsPerPiece, limit - row) * rowBytes;
      if (bytes !== buffer.byteLength) buffer = new ArrayBuffer(bytes);
      await this.#fill(Buffer.from(buffer), row * rowBytes);
      toMachineOrder(Buffer.from(buffer), elementType, byteOrder);
      yield elementsOf(elementType, buffer);
    }
    if (limit === this.rows) await this.#expectEnd();
  }

  /** All values at once. */
  async readAll(): Promise<ArrayData> {
    const { elementType, byteOrder, shape } = this.header;
    const buffer = new ArrayBuffer(dataBytes(this.header));
    await this.#fill(Buffer.from(buffer), 0);
    await this.#expectEnd();
    toMachineOrder(Buffer.from(buffer), elementType, byteOrder);
    return { elementType, shape, data: elementsOf(elementType, buffer) };
  }

  async close(): Promise<void> {
    await this.#reader.close();
  }

  async #fill(target: Uint8Array, before: number): Promise<void> {
    const got = await this.#reader.readInto(target);
    if (got < target.length) throw wrongLength(this.name, before + got, this.header);
  }

  async #expectEnd(): Promise<void> {
    if (await this.#reader.atEnd()) return;
    throw wrongLength(this.name, `more than ${dataBytes(this.header)}`, this.header);
  }
}

/** Opens `source`, hands the array to `use` and closes it again. */
export async function withArrayFile<T>(
  source: ByteSource,
  readHeader: HeaderReader,
  options: ReadOptions,
  use: (file: ArrayFile) => Promise<T>,
): Promise<T> {
  const file = await ArrayFile.open(source, readHeader, options);
  try {
    return await use(file);
  } finally {
    await file.close();
  }
}

function checkSize(header: ArrayHeader, reader: ByteReader): void {
  const { shape, headerBytes } = header;
  if (shape.length > mostDimensions) {
    throw malformed(reader.name, 'dimensions', shape.length, `at most ${mostDimensions}`);
  }
  const total = headerBytes + dataBytes(header);
  if (!Number.isSafeInteger(total) || total > reader.capacity) {
    const room = Math.max(0, reader.capacity - headerBytes);
    throw malformed(reader.name, 'shape', shape, `at most the ${room} bytes of data that this file can hold`);
  }
  if (reader.exact && total < reader.capacity) {
    throw wrongLength(reader.name, reader.capacity - headerBytes, header);
  }
}

function dataBytes({ shape, elementType }: ArrayHeader): number {
  return productOf(shape) * bytesPerElement(elementType);
}

function wrongLength(file: string, bytes: number | string, header: ArrayHeader) {
  const shape = header.shape.join(' x ') || 'a single number';
  return malformed(
    file,
    'data length',
    bytes,
    `${dataBytes(header)} bytes: ${header.elementType} of shape ${shape}`,
  );
}

function productOf(sizes: number[]): number {
  return sizes.includes(0) ? 0 : sizes.reduce((product, size) => product * size, 1);
}
