// PNG images, for pictures of receptive fields: 8 bits per channel, grey or colour.

import { crc32, deflateSync } from 'node:zlib';
import { checkInteger, refused } from './checks.ts';

/** 8 bits per channel. */
export interface PngImage {
  width: number;
  height: number;
  /** [height, width] for grey or [height, width, 3] for red, green and blue. */
  pixels: Uint8Array;
}

export interface TileOptions {
  /** Size of one field. */
  width: number;
  height: number;
  /** Fields in a row of the grid. Default: about as many as rows. */
  columns?: number;
  /** Black pixels between fields. Default 1. */
  gap?: number;
  /** Values shown black and white; others are cut off. Default: the smallest and largest of all values. */
  range?: readonly [number, number];
}

const signature = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');
const colourTypes = new Map([
  [1, 0],
  [3, 2],
]);
const longestSide = 2 ** 16;
const mostPixels = 2 ** 28;

/**
 * The bytes of a PNG file (W3C Portable Network Graphics, third edition). Throws ERR_SYNFIRE_INVALID_ARGUMENT
 * when the pixels do not fill the image.
 */
export function encodePng({ width, height, pixels }: PngImage): Uint8Array {
  const area = checkArea(width, height);
  const channels = pixels.length / area;
  const colourType = colourTypes.get(channels);
  if (!(pixels instanceof Uint8Array) || colourType === undefined) {
    throw refused('pixels', pixels, `a Uint8Array of ${area} grey values or ${3 * area} of colours`);
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, colourType, 0, 0, 0], 8); // bits, colour type; deflate, filters and no interlacing
  const rowBytes = width * channels;
  const rows = Buffer.alloc((rowBytes + 1) * height); // each row starts with its filter: 0, none
  for (let row = 0; row < height; row++) {
    rows.set(pixels.subarray(row * rowBytes, (row + 1) * rowBytes), row * (rowBytes + 1) + 1);
  }
  const parts = [signature, chunk('IHDR', header), chunk('IDAT', deflateSync(rows)), chunk('IEND')];
  return Buffer.concat(parts);
}

/**
 * One grey image of many fields in a grid, the first at the top left, row by row. `values` is [fields, height,
 * width], e.g. the weights onto every neuron. Throws ERR_SYNFIRE_INVALID_ARGUMENT.
 */
export function tileFields(values: ArrayLike<number>, options: TileOptions): PngImage {
  const { width, height, gap = 1 } = options;
  const size = checkArea(width, height);
  const fields = values.length / size;
  if (!(Number.isInteger(fields) && fields >= 1)) {
    throw refused('values.length', values.length, `a multiple of ${width} x ${height} = ${size}`);
  }
  checkInteger('gap', gap, 0, longestSide);
  const columns = checkInteger('columns', options.columns ?? Math.ceil(Math.sqrt(fields)), 1, longestSide);
  const rows = Math.ceil(fields / columns);
  const image = {
    width: columns * (width + gap) - gap,
    height: rows * (height + gap) - gap,
  };
  const pixels = new Uint8Array(checkArea(image.width, image.height));
  const whole = rangeOf(values);
  const grey = greyScale(options.range ?? whole);
  for (let i = 0; i < values.length; i++) {
    const field = Math.floor(i / size);
    const x = (field % columns) * (width + gap) + (i % width);
    const y = Math.floor(field / columns) * (height + gap) + Math.floor((i % size) / width);
    pixels[y * image.width + x] = grey(values[i]!);
  }
  return { ...image, pixels };
}

/** Length, type, data and checksum of the last two. */
function chunk(type: string, data: Uint8Array = new Uint8Array(0)): Buffer {
  const bytes = Buffer.alloc(12 + data.length);
  bytes.writeUInt32BE(data.length, 0);
  bytes.write(type, 4, 'latin1');
  bytes.set(data, 8);
  bytes.writeUInt32BE(crc32(bytes.subarray(4, 8 + data.length)), 8 + data.length);
  return bytes;
}

function checkArea(width: number, height: number): number {
  const area = checkInteger('width', width, 1, longestSide) * checkInteger('height', height, 1, longestSide);
  if (area > mostPixels) throw refused('width x height', area, `at most ${mostPixels} pixels`);
  return area;
}

/** The smallest and largest value, all of which must be finite. */
function rangeOf(values: ArrayLike<number>): [number, number] {
  let [low, high] = [Infinity, -Infinity];
  for (let i = 0; i < values.length; i++) {
    if (!Number.isFinite(values[i])) throw refused(`values[${i}]`, values[i], 'a finite number');
    low = Math.min(low, values[i]!);
    high = Math.max(high, values[i]!);
  }
  return [low, high];
}

/** Values between `low` and `high` become 0 to 255; where all are the same, 0. */
function greyScale([low, high]: readonly [number, number]): (value: number) => number {
  if (!(Number.isFinite(low) && Number.isFinite(high) && low <= high)) {
    throw refused('range', [low, high], 'two finite numbers, the smaller one first');
  }
  const scale = high > low ? 255 / (high - low) : 0;
  return (value) => Math.round((Math.min(high, Math.max(low, value)) - low) * scale);
}
