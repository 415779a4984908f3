// Data sets from array files, IDX or NPY, read piece by piece into native memory.

import { SynfireError } from '../errors.ts';
import { callNative } from '../native/index.ts';
import { type ArrayFile, type ArrayHeader, type ReadOptions, withArrayFile } from './array-file.ts';
import { allocate, writeSamples } from './builder.ts';
import { type ByteReader, type ByteSource, malformed } from './byte-reader.ts';
import { checkInteger, checkLabels, isFitted, type Shape } from './checks.ts';
import { Dataset } from './dataset.ts';
import type { ElementArray, NumberArray } from './element-types.ts';
import { readIdxHeader } from './idx.ts';
import { type FittedNormalisation, type Normalisation, NormalisationFitter } from './normalisation.ts';
import { readNpyHeader } from './npy.ts';
import { limited, type ReportProgress } from './progress.ts';

export interface DatasetFiles {
  /**
   * An IDX or NPY file, plain or gzip, or its bytes: [samples, size], [samples, height, width] or [samples,
   * channels, height, width]. Bytes are taken as they are; other numbers lie in [0, 1] after normalisation.
   */
  samples: ByteSource;
  /** Whole numbers from 0, one for every sample. */
  labels?: ByteSource;
  /** Number of classes. Default: the largest label + 1. */
  classes?: number;
  /** Reads the first samples only. Default: all. */
  limit?: number;
  /** Fitted on all samples that are read. Default `none`. */
  normalisation?: Normalisation | FittedNormalisation;
  /** Stops the reading; the promise rejects with the signal's reason. */
  signal?: AbortSignal;
  /** At most 20 times a second. */
  onProgress?: ReportProgress;
}

/** Labels of a file; `total` is their number in the file, of which `limit` may leave some out. */
interface FileLabels {
  file: string;
  total: number;
  labels: Int32Array;
  classes: number;
}

const mostSamples = 2 ** 31 - 1;

/**
 * Reads a data set from files. Extra memory is about a megabyte, whatever their size. Throws
 * ERR_SYNFIRE_DATA_FORMAT for malformed files, ERR_SYNFIRE_DATA_MISSING and ERR_SYNFIRE_IO.
 */
export async function readDataset(files: DatasetFiles): Promise<Dataset> {
  const limit = checkInteger('limit', files.limit ?? mostSamples, 1, mostSamples);
  const labels = files.labels === undefined ? undefined : await readLabels(files.labels, limit, files);
  const normalisation = await fitted(files, limit);
  return withArrayFile(files.samples, readArrayHeader, files, async (file) => {
    const shape = sampleShape(file);
    const samples = Math.min(file.rows, limit);
    if (labels && labels.total !== file.rows) {
      throw malformed(
        labels.file,
        'labels',
        labels.total,
        `${file.rows}, as many as samples in ${file.name}`,
      );
    }
    const native = allocate({ shape, samples, classes: labels?.classes ?? 0, targets: 0 });
    const report = limited(files.onProgress);
    for await (const { first, values } of numbersOf(file, samples)) {
      inFile(file.name, () => writeSamples(native, first, values, scaleOf(file, normalisation)));
      report({
        phase: 'read',
        file: file.name,
        done: first + values.length / file.rowLength,
        total: samples,
      });
    }
    if (labels) callNative(() => native.writeLabels(0, labels.labels));
    return new Dataset(native, { normalisation });
  });
}

/** Number of classes in a file of labels: the largest + 1. */
export async function countClasses(source: ByteSource, options: ReadOptions): Promise<number> {
  return (await readLabels(source, mostSamples, options)).classes;
}

async function readLabels(
  source: ByteSource,
  limit: number,
  options: ReadOptions & { classes?: number },
): Promise<FileLabels> {
  return withArrayFile(source, readArrayHeader, options, async (file) => {
    if (file.rowLength !== 1 || file.rows < 1 || file.header.shape.length === 0) {
      throw malformed(file.name, 'shape', file.header.shape, 'one label for every sample');
    }
    const { data } = await file.readAll();
    const kept = data.subarray(0, limit);
    const checked = inFile(file.name, () => checkLabels(kept, kept.length, options.classes));
    return { file: file.name, total: file.rows, ...checked };
  });
}

async function fitted(files: DatasetFiles, limit: number): Promise<FittedNormalisation | undefined> {
  const { normalisation = 'none' } = files;
  if (isFitted(normalisation)) return normalisation;
  if (normalisation === 'none') return undefined;
  const fitter = new NormalisationFitter(normalisation);
  return withArrayFile(files.samples, readArrayHeader, files, async (file) => {
    sampleShape(file);
    for await (const { first, values } of numbersOf(file, Math.min(file.rows, limit))) {
      inFile(file.name, () => fitter.add(values, first * file.rowLength));
    }
    return fitter.fit();
  });
}

async function* numbersOf(
  file: ArrayFile,
  samples: number,
): AsyncGenerator<{ first: number; values: NumberArray }> {
  let first = 0;
  for await (const values of file.pieces(samples)) {
    if (!isNumberArray(values)) {
      throw malformed(
        file.name,
        'element type',
        file.header.elementType,
        'bytes, floats or whole numbers of up to 32 bits',
      );
    }
    yield { first, values };
    first += values.length / file.rowLength;
  }
}

function isNumberArray(values: ElementArray): values is NumberArray {
  return !(values instanceof BigInt64Array || values instanceof BigUint64Array);
}

/** Truth values come as bytes 0 and 1, which mean 0 and 1 rather than 0 and 1/255. */
function scaleOf(
  file: ArrayFile,
  normalisation: FittedNormalisation | undefined,
): FittedNormalisation | undefined {
  return file.header.elementType === 'bool' ? { minimum: 0, maximum: 1 } : normalisation;
}

function sampleShape(file: ArrayFile): Shape {
  const [samples = 0, ...sides] = file.header.shape;
  const fits = samples >= 1 && samples <= mostSamples && sides.length >= 1 && sides.length <= 3;
  if (!fits || sides.some((side) => side < 1 || side > 2 ** 16)) {
    throw malformed(
      file.name,
      'shape',
      file.header.shape,
      '[samples, size], [samples, height, width] or [samples, channels, height, width]',
    );
  }
  const [first = 1, second = 1, third] = sides;
  if (third === undefined) return sides.length === 1 ? [1, 1, first] : [1, first, second];
  if (third === 1) return [1, first, second]; // one channel: its place does not matter
  if (third <= 4 && first > 4) {
    throw malformed(
      file.name,
      'shape',
      file.header.shape,
      'channels before height and width; transpose to [0, 3, 1, 2]',
    );
  }
  return [first, second, third];
}

function readArrayHeader(reader: ByteReader): Promise<ArrayHeader> {
  const npyStart = 0x93;
  return reader.peek().then((byte) => (byte === npyStart ? readNpyHeader(reader) : readIdxHeader(reader)));
}

/** Runs a check of values; what it refuses becomes an error about the file. */
function inFile<T>(file: string, check: () => T): T {
  try {
    return check();
  } catch (error) {
    if (!(error instanceof SynfireError) || error.field === undefined) throw error;
    if (error.code !== 'ERR_SYNFIRE_INVALID_ARGUMENT') throw error;
    throw malformed(file, error.field, error.value, error.expected ?? 'another value', error);
  }
}
