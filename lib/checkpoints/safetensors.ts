// Reads and writes the safetensors format: named arrays and a map of strings in one file, checked before it
// is believed.
import { invalid, type SynfireError } from '../errors.ts';

/** Element types that synfire stores, and the typed array each one becomes. */
export interface TensorArrays {
  F64: Float64Array;
  F32: Float32Array;
  I64: BigInt64Array;
  U64: BigUint64Array;
  I32: Int32Array;
  U32: Uint32Array;
  I16: Int16Array;
  U16: Uint16Array;
  U8: Uint8Array;
}
export type TensorType = keyof TensorArrays;

/** The kind of array that holds the elements of each type. */
export const tensorArrays = {
  F64: Float64Array,
  F32: Float32Array,
  I64: BigInt64Array,
  U64: BigUint64Array,
  I32: Int32Array,
  U32: Uint32Array,
  I16: Int16Array,
  U16: Uint16Array,
  U8: Uint8Array,
} as const;

/** One array: its elements lie in C order, `shape` gives the extents. */
export type Tensor = {
  [Type in TensorType]: { type: Type; shape: number[]; data: TensorArrays[Type] };
}[TensorType];

/** What a safetensors file holds. */
export interface TensorFile {
  tensors: Map<string, Tensor>;
  metadata: Map<string, string>;
}

/**
 * The bytes of a safetensors file as chunks to be written one after the other. A tensor's `data` is read once
 * and only when its turn comes, so that a getter can supply one array at a time: a chunk is valid until the
 * next one is asked for. Throws `ERR_SYNFIRE_CHECKPOINT` when a shape and its data disagree or a name is
 * reserved.
 */
export function* encodeTensors(file: TensorFile): Generator<Uint8Array> {
  yield encodeHeader(file);
  for (const [name, tensor] of file.tensors) {
    const { data } = tensor;
    if (product(tensor.shape) !== data.length) {
      throw fault(
        `tensor '${name}' shape`,
        tensor.shape,
        `a shape of ${data.length} elements, as many as its data has`,
      );
    }
    yield new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  }
}

/** Where a tensor lies in a file. */
export interface StoredTensor {
  type: TensorType;
  shape: number[];
  /** Of its first byte in the file. */
  offset: number;
  byteLength: number;
}

/** What the header of a file says, found to agree with itself and with the size of the file. */
export interface TensorLayout {
  tensors: Map<string, StoredTensor>;
  metadata: Map<string, string>;
}

/** Bytes at the start of a file that say how long the header behind them is. */
export const lengthBytes = 8;

/**
 * Where the header of a file of `fileBytes` bytes ends, from its first `lengthBytes` bytes. `source` names
 * the file in errors. Throws `ERR_SYNFIRE_CHECKPOINT` when it would be beyond the end of the file.
 */
export function headerEnd(start: Uint8Array, fileBytes: number, source: string): number {
  if (start.length < lengthBytes) {
    throw fault(`${source}: file size`, fileBytes, `at least ${lengthBytes} bytes`);
  }
  const length = new DataView(start.buffer, start.byteOffset).getBigUint64(0, true);
  const limit = Math.min(fileBytes - lengthBytes, maxHeaderBytes);
  if (length > BigInt(limit)) {
    throw fault(`${source}: header length`, length, `at most ${limit} bytes in this file`);
  }
  return lengthBytes + Number(length);
}

/** Reads a file's header, the first `headerEnd` bytes of it. Throws `ERR_SYNFIRE_CHECKPOINT`. */
export function decodeHeader(head: Uint8Array, fileBytes: number, source: string): TensorLayout {
  const text = decodeUtf8(head.subarray(lengthBytes), source);
  const header = parseJson(text, source);
  if (!isObject(header)) throw fault(`${source}: header`, header, 'a JSON object');
  rejectRepeatedKeys(text, source);
  const metadata = new Map<string, string>();
  const tensors = new Map<string, StoredTensor>();
  for (const [name, value] of Object.entries(header)) {
    if (name === metadataName) readMetadata(value, metadata, source);
    else tensors.set(name, readTensor(name, value, head.length, source));
  }
  checkCoverage(tensors, head.length, fileBytes, source);
  return { tensors, metadata };
}

const metadataName = '__metadata__';
/** The format's own limit on the header. */
const maxHeaderBytes = 100_000_000;

function encodeHeader({ tensors, metadata }: TensorFile): Uint8Array {
  const entries: [string, unknown][] = [];
  if (metadata.size > 0) entries.push([metadataName, Object.fromEntries(metadata)]);
  let end = 0;
  for (const [name, { type, shape }] of tensors) {
    if (name === metadataName) throw fault('tensor name', name, 'any other name');
    const begin = end;
    end += product(shape) * tensorArrays[type].BYTES_PER_ELEMENT;
    entries.push([name, { dtype: type, shape, data_offsets: [begin, end] }]);
  }
  const members = entries.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`);
  const json = new TextEncoder().encode(`{${members.join(',')}}`);
  const header = new Uint8Array(lengthBytes + Math.ceil(json.length / 8) * 8).fill(0x20);
  new DataView(header.buffer).setBigUint64(0, BigInt(header.length - lengthBytes), true);
  header.set(json, lengthBytes);
  return header;
}

function decodeUtf8(bytes: Uint8Array, source: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw fault(`${source}: header`, 'bytes that are not UTF-8', 'a JSON object in UTF-8');
  }
}

function parseJson(text: string, source: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw fault(`${source}: header`, (error as Error).message, 'a JSON object');
  }
}

/**
 * `JSON.parse` keeps the last of several equal keys; here a repeated name is an error. `text` is valid JSON.
 */
function rejectRepeatedKeys(text: string, source: string): void {
  const open: Set<string>[] = [];
  let string = '';
  for (let position = 0; position < text.length; position += 1) {
    const character = text[position];
    if (character === '{') open.push(new Set());
    else if (character === '}') open.pop();
    else if (character === '"') {
      const end = closingQuote(text, position);
      string = text.slice(position, end + 1);
      position = end;
    } else if (character === ':') {
      const key = JSON.parse(string) as string;
      if (open.at(-1)?.has(key)) throw fault(`${source}: name`, key, 'a name that occurs once');
      open.at(-1)?.add(key);
    }
  }
}

function closingQuote(text: string, opening: number): number {
  let position = opening + 1;
  while (text[position] !== '"') position += text[position] === '\\' ? 2 : 1;
  return position;
}

function readMetadata(value: unknown, metadata: Map<string, string>, source: string): void {
  if (!isObject(value)) throw fault(`${source}: ${metadataName}`, value, 'an object of strings');
  for (const [key, text] of Object.entries(value)) {
    if (typeof text !== 'string') throw fault(`${source}: ${metadataName}.${key}`, text, 'a string');
    metadata.set(key, text);
  }
}

function readTensor(name: string, value: unknown, dataStart: number, source: string): StoredTensor {
  const field = `${source}: tensor '${name}'`;
  if (!isObject(value)) throw fault(field, value, 'an object with dtype, shape and data_offsets');
  const { dtype, shape, data_offsets: offsets } = value as Record<string, unknown>;
  if (!isTensorType(dtype)) {
    throw fault(`${field} dtype`, dtype, `one of ${Object.keys(tensorArrays).join(', ')}`);
  }
  if (!isSizes(shape)) throw fault(`${field} shape`, shape, 'a list of whole numbers');
  if (!isSizes(offsets) || offsets.length !== 2) {
    throw fault(`${field} data_offsets`, offsets, 'two whole numbers');
  }
  const [begin, end] = offsets as [number, number];
  const byteLength = product(shape) * tensorArrays[dtype].BYTES_PER_ELEMENT;
  if (end - begin !== byteLength) {
    throw fault(`${field} data_offsets`, offsets, `a range of ${byteLength} bytes, as its shape says`);
  }
  return { type: dtype, shape, offset: dataStart + begin, byteLength };
}

/** The arrays must fill the file from the header to its end: no hole, no overlap, nothing behind it. */
function checkCoverage(
  tensors: TensorLayout['tensors'],
  dataStart: number,
  fileBytes: number,
  source: string,
): void {
  let filled = dataStart;
  const order = [...tensors].sort(([, a], [, b]) => a.offset - b.offset || a.byteLength - b.byteLength);
  for (const [name, { offset, byteLength }] of order) {
    const field = `${source}: tensor '${name}' data_offsets`;
    const range = [offset - dataStart, offset - dataStart + byteLength];
    if (offset !== filled) {
      throw fault(field, range, `a range that begins at ${filled - dataStart}, where the one before it ends`);
    }
    if (byteLength > fileBytes - offset) {
      throw fault(field, range, `a range within the ${fileBytes - dataStart} data bytes of the file`);
    }
    filled = offset + byteLength;
  }
  if (filled !== fileBytes) {
    throw fault(
      `${source}: data size`,
      fileBytes - dataStart,
      `${filled - dataStart} bytes, as the header says`,
    );
  }
}

/**
 * Number of elements; a product beyond 2^53 comes out as Infinity or inexact and so never matches a byte
 * range.
 */
function product(shape: number[]): number {
  return shape.reduce((total, extent) => total * extent, 1);
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isTensorType(value: unknown): value is TensorType {
  return typeof value === 'string' && Object.hasOwn(tensorArrays, value);
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0);
}

function fault(field: string, value: unknown, expected: string): SynfireError {
  return invalid('ERR_SYNFIRE_CHECKPOINT', field, value, expected);
}
