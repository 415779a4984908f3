// The IDX format of MNIST and its relatives.

import { type ArrayData, type ArrayHeader, type ReadOptions, withArrayFile } from './array-file.ts';
import { type ByteReader, type ByteSource, malformed } from './byte-reader.ts';
import type { ElementType } from './element-types.ts';

const elementTypes = new Map<number, ElementType>([
  [0x08, 'uint8'],
  [0x09, 'int8'],
  [0x0b, 'int16'],
  [0x0c, 'int32'],
  [0x0d, 'float32'],
  [0x0e, 'float64'],
]);

/**
 * Reads an IDX file, plain or gzip, from its path or bytes. Throws ERR_SYNFIRE_DATA_FORMAT for a malformed
 * file, and never allocates more than the file can hold.
 */
export async function readIdx(source: ByteSource, options: ReadOptions = {}): Promise<ArrayData> {
  return withArrayFile(source, readIdxHeader, options, (file) => file.readAll());
}

/**
 * Two zero bytes, the element type, the number of dimensions, then every dimension as a big-endian 32-bit
 * number.
 */
export async function readIdxHeader(reader: ByteReader): Promise<ArrayHeader> {
  const magic = await reader.readPart('magic number', 4);
  const [zero0, zero1, type = 0, dimensions = 0] = magic;
  const elementType = elementTypes.get(type);
  if (zero0 !== 0 || zero1 !== 0 || elementType === undefined) {
    throw malformed(
      reader.name,
      'magic number',
      `0x${magic.toString('hex')}`,
      'an IDX file, 0x0000 and a type from 08 to 0e',
    );
  }
  const sizes = await reader.readPart('dimensions', 4 * dimensions);
  const shape = Array.from({ length: dimensions }, (_, i) => sizes.readUInt32BE(4 * i));
  return { elementType, byteOrder: 'BE', shape, headerBytes: 4 + 4 * dimensions };
}
