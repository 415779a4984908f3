// NumPy's array files.

import { endianness } from 'node:os';
import { invalid } from '../errors.ts';
import { type ArrayData, type ArrayHeader, type ReadOptions, withArrayFile } from './array-file.ts';
import { type ByteReader, type ByteSource, malformed } from './byte-reader.ts';
import type { ElementArray, ElementType } from './element-types.ts';

const signature = Buffer.from('\x93NUMPY', 'latin1');
/** NumPy pads headers to a multiple of this. */
const alignment = 64;
/** NumPy itself refuses longer headers unless told otherwise. */
const longestHeader = 10_000;

const elementTypes = new Map<string, ElementType>([
  ['b1', 'bool'],
  ['u1', 'uint8'],
  ['i1', 'int8'],
  ['u2', 'uint16'],
  ['i2', 'int16'],
  ['u4', 'uint32'],
  ['i4', 'int32'],
  ['u8', 'uint64'],
  ['i8', 'int64'],
  ['f4', 'float32'],
  ['f8', 'float64'],
]);

/**
 * Reads an NPY file, plain or gzip, from its path or bytes: whole numbers and floats of either byte order, in
 * C order. Throws ERR_SYNFIRE_DATA_FORMAT for anything else, and never allocates more than the file can hold.
 */
export async function readNpy(source: ByteSource, options: ReadOptions = {}): Promise<ArrayData> {
  return withArrayFile(source, readNpyHeader, options, (file) => file.readAll());
}

/**
 * The bytes of an NPY file with `data` in C order. Throws ERR_SYNFIRE_INVALID_ARGUMENT when the shape does
 * not hold exactly the data.
 */
export function writeNpy(data: ElementArray, shape: readonly number[] = [data.length]): Uint8Array {
  const sizes = shape.every((size) => Number.isSafeInteger(size) && size >= 0);
  if (!sizes || shape.reduce((product, size) => product * size, 1) !== data.length) {
    throw invalid(
      'ERR_SYNFIRE_INVALID_ARGUMENT',
      'shape',
      shape,
      `whole numbers whose product is ${data.length}`,
    );
  }
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(', ')})`;
  const dictionary = `{'descr': '${descriptorOf(data)}', 'fortran_order': False, 'shape': ${tuple}, }`;
  const before = signature.length + 4;
  const padding = alignment - ((before + dictionary.length + 1) % alignment);
  const header = Buffer.from(`${dictionary}${' '.repeat(padding)}\n`, 'latin1');
  const start = Buffer.from([...signature, 1, 0, header.length & 0xff, header.length >> 8]);
  return Buffer.concat([start, header, Buffer.from(data.buffer, data.byteOffset, data.byteLength)]);
}

/** Signature, version, length of the text, and the text: a Python dictionary. */
export async function readNpyHeader(reader: ByteReader): Promise<ArrayHeader> {
  const start = await reader.readPart('header', signature.length + 2);
  if (!start.subarray(0, signature.length).equals(signature)) {
    throw malformed(reader.name, 'signature', `0x${start.toString('hex')}`, 'an NPY file, 0x934e554d5059');
  }
  const version = start[signature.length]!;
  if (version < 1 || version > 3) throw malformed(reader.name, 'version', version, '1, 2 or 3');
  const lengthBytes = version === 1 ? 2 : 4;
  const length = (await reader.readPart('header length', lengthBytes)).readUIntLE(0, lengthBytes);
  if (length > longestHeader)
    throw malformed(reader.name, 'header length', length, `at most ${longestHeader} bytes`);
  const text = (await reader.readPart('header', length)).toString('latin1');
  return { ...parseDictionary(text, reader.name), headerBytes: start.length + lengthBytes + length };
}

function parseDictionary(text: string, file: string): Omit<ArrayHeader, 'headerBytes'> {
  const order = entry(text, 'fortran_order', /(True|False)/, file, 'True or False');
  const tuple = entry(text, 'shape', /\(([\dL,\s]*)\)/, file, 'a tuple of whole numbers');
  const shape = tuple
    .split(',')
    .map((size) => size.trim().replace(/L$/, ''))
    .filter((size) => size !== '')
    .map(Number);
  if (!shape.every((size) => Number.isSafeInteger(size))) {
    throw malformed(file, 'shape', shape, 'whole numbers below 2^53');
  }
  if (order === 'True' && shape.length > 1) {
    throw malformed(file, 'fortran_order', true, 'C order; save with numpy.ascontiguousarray(array)');
  }
  return { ...parseDescriptor(text, file), shape };
}

function parseDescriptor(text: string, file: string): Pick<ArrayHeader, 'elementType' | 'byteOrder'> {
  const known = 'one of bool, u1 to u8, i1 to i8, f4 and f8';
  const descriptor = entry(text, 'descr', /(['"][^'"]*['"]|\[)/, file, known).replace(/['"]/g, '');
  const elementType = elementTypes.get(descriptor.slice(1));
  const mark = descriptor[0]!;
  if (elementType === undefined || !'<>|='.includes(mark)) throw malformed(file, 'descr', descriptor, known);
  return { elementType, byteOrder: mark === '>' ? 'BE' : mark === '<' ? 'LE' : endianness() };
}

/** The value of a dictionary's key as it is written. */
function entry(text: string, key: string, pattern: RegExp, file: string, expected: string): string {
  const found = new RegExp(`['"]${key}['"]\\s*:\\s*${pattern.source}`).exec(text);
  if (found?.[1] === undefined) throw malformed(file, key, found ? found[0] : undefined, expected);
  return found[1];
}

function descriptorOf(data: ElementArray): string {
  const kind =
    data instanceof Float32Array || data instanceof Float64Array
      ? 'f'
      : /^(Big)?U/.test(data.constructor.name)
        ? 'u'
        : 'i';
  const order = data.BYTES_PER_ELEMENT === 1 ? '|' : endianness() === 'LE' ? '<' : '>';
  return `${order}${kind}${data.BYTES_PER_ELEMENT}`;
}
