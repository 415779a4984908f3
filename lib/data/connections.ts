// Synapses and matrices of weights from files: lists in CSV or NPY, dense matrices in NPY.
import { basename } from 'node:path';
import type { ReadOptions } from './array-file.ts';
import { ByteReader, type ByteSource, malformed } from './byte-reader.ts';
import { refused } from './checks.ts';
import type { ElementArray } from './element-types.ts';
import { readNpy } from './npy.ts';
import { Growing } from './spike-trains/spikes.ts';

/** Synapses one by one. */
export interface ConnectionList {
  /** Counted from 0, as are targets. */
  sources: Uint32Array;
  targets: Uint32Array;
  weights?: Float64Array;
  delaysMs?: Float64Array;
}

/** Weights from each source (row) to each target (column), row by row. */
export interface WeightMatrix {
  weights: Float64Array;
  sources: number;
  targets: number;
}

const columnNames = ['source', 'target', 'weight', 'delay_ms'] as const;
type Column = (typeof columnNames)[number];

const columnWords = 'source,target, source,target,weight or source,target,weight,delay_ms';
const longestLine = 1024;
const chunkBytes = 2 ** 16;
const largestNeuron = 2 ** 32 - 1;

export interface ReadConnectionsOptions extends ReadOptions {
  /** Default: by the ending of the file's name, which bytes do not have. */
  format?: 'csv' | 'npy' | undefined;
}

/**
 * Reads synapses from a CSV or NPY file, plain or gzip: source and target, then perhaps the weight, then perhaps the
 * delay in ms. CSV may have titles, which may come in any order; empty lines and lines that start with # are passed
 * over. NPY has a row for each synapse. Throws ERR_SYNFIRE_DATA_FORMAT with the place of the fault,
 * ERR_SYNFIRE_DATA_MISSING and ERR_SYNFIRE_IO.
 */
export async function readConnections(
  source: ByteSource,
  { format = formatOf(source), ...options }: ReadConnectionsOptions = {},
): Promise<ConnectionList> {
  if (format === 'csv') return readCsv(source, options);
  if (format === 'npy') return fromRows(nameOf(source), await readNpy(source, options));
  throw refused('format', format ?? source, 'csv or npy, or a file named .csv or .npy');
}

function formatOf(source: ByteSource): 'csv' | 'npy' | undefined {
  const name = nameOf(source).toLowerCase().replace(/\.gz$/, '');
  return (['csv', 'npy'] as const).find((format) => name.endsWith(`.${format}`));
}

/** For messages. */
function nameOf(source: ByteSource): string {
  return typeof source === 'string' ? basename(source) : 'data';
}

/** Reads an NPY file of [sources, targets] floats; NaN means no synapse. Throws as `readConnections` does. */
export async function readWeightMatrix(source: ByteSource, options: ReadOptions = {}): Promise<WeightMatrix> {
  const { data, shape } = await readNpy(source, options);
  const [sources, targets] = shape;
  if (shape.length !== 2 || sources === undefined || targets === undefined) {
    throw malformed(nameOf(source), 'shape', shape, '[sources, targets]');
  }
  return { weights: numbersOf(data), sources, targets };
}

function fromRows(file: string, { data, shape }: { data: ElementArray; shape: number[] }): ConnectionList {
  const [rows, columns] = shape;
  if (shape.length !== 2 || rows === undefined || columns === undefined || columns < 2 || columns > 4) {
    throw malformed(file, 'shape', shape, '[synapses, 2 to 4 columns]: source, target, weight, delay in ms');
  }
  const numbers = numbersOf(data);
  const gatherer = new Gatherer(file, columnNames.slice(0, columns));
  for (let row = 0; row < rows; row++) {
    gatherer.add(Array.from(numbers.subarray(row * columns, (row + 1) * columns)), () => `row ${row}`);
  }
  return gatherer.take();
}

function numbersOf(data: ElementArray): Float64Array {
  return Float64Array.from(data as ArrayLike<number | bigint>, Number);
}

async function readCsv(source: ByteSource, { signal }: ReadOptions): Promise<ConnectionList> {
  const reader = await ByteReader.open(source, signal);
  try {
    const parser = new CsvConnections(reader.name);
    const chunk = Buffer.alloc(chunkBytes);
    for (let bytes = await reader.readInto(chunk); bytes > 0; bytes = await reader.readInto(chunk)) {
      parser.write(chunk.subarray(0, bytes));
    }
    return parser.end();
  } finally {
    await reader.close();
  }
}

class CsvConnections {
  readonly #file: string;
  #gatherer: Gatherer | undefined;
  #rest = '';
  #line = 0;

  constructor(file: string) {
    this.#file = file;
  }

  write(bytes: Buffer): void {
    const lines = (this.#rest + bytes.toString('latin1')).split('\n');
    this.#rest = lines.pop()!;
    for (const line of lines) this.#readLine(line);
    if (this.#rest.length > longestLine) this.#readLine(this.#rest);
  }

  end(): ConnectionList {
    this.#readLine(this.#rest);
    return (this.#gatherer ?? new Gatherer(this.#file, columnNames.slice(0, 2))).take();
  }

  #readLine(text: string): void {
    this.#line++;
    const place = () => `line ${this.#line}`;
    if (text.length > longestLine) {
      throw malformed(`${this.#file}, ${place()}`, 'line', text, `at most ${longestLine} characters`);
    }
    const line = (this.#line === 1 ? text.replace(/^\xef\xbb\xbf/, '') : text).trim();
    if (line === '' || line.startsWith('#')) return;
    const cells = line.split(',').map((cell) => cell.trim());
    if (this.#gatherer === undefined) {
      const titled = cells.some((cell) => Number.isNaN(numberOf(cell)));
      this.#gatherer = new Gatherer(
        this.#file,
        titled ? titlesOf(cells) : columnNames.slice(0, cells.length),
        place,
      );
      if (titled) return;
    }
    this.#gatherer.add(cells.map(numberOf), place, cells);
  }
}

function titlesOf(cells: string[]): readonly (Column | undefined)[] {
  const names = cells.map((cell) => cell.toLowerCase().replaceAll('"', ''));
  return names.map((name) => columnNames.find((column) => column === name));
}

function numberOf(cell: string): number {
  return cell === '' ? Number.NaN : Number(cell);
}

/** Gathers synapses whose values come in a certain order of columns. */
class Gatherer {
  readonly #file: string;
  readonly #columns: readonly Column[];
  readonly #ends = { source: new Growing(Uint32Array), target: new Growing(Uint32Array) };
  readonly #reals = { weight: new Growing(Float64Array), delay_ms: new Growing(Float64Array) };

  /** `place`: where the columns are named. */
  constructor(file: string, columns: readonly (Column | undefined)[], place = () => 'columns') {
    const known = columns.filter((column) => column !== undefined);
    const once = new Set(known).size === columns.length;
    if (!once || !known.includes('source') || !known.includes('target')) {
      throw malformed(
        `${file}, ${place()}`,
        'columns',
        columns.map((name) => name ?? '?').join(),
        columnWords,
      );
    }
    this.#file = file;
    this.#columns = known;
  }

  /** Adds a synapse; `written` is how the file has its values. */
  add(values: readonly number[], place: () => string, written: readonly unknown[] = values): void {
    const refuse = (field: string, value: unknown, expected: string) =>
      malformed(`${this.#file}, ${place()}`, field, value, expected);
    if (values.length !== this.#columns.length) {
      throw refuse('columns', written.join(), `${this.#columns.length} of them: ${this.#columns.join()}`);
    }
    this.#columns.forEach((column, index) => {
      const value = values[index]!;
      if (column === 'source' || column === 'target') {
        const isNeuron = Number.isInteger(value) && value >= 0 && value <= largestNeuron;
        if (!isNeuron) throw refuse(column, written[index], `a whole number from 0 to ${largestNeuron}`);
        this.#ends[column].push(value);
      } else {
        if (!Number.isFinite(value)) throw refuse(column, written[index], 'a finite number');
        this.#reals[column].push(value);
      }
    });
  }

  take(): ConnectionList {
    const { source, target } = this.#ends;
    const { weight, delay_ms: delay } = this.#reals;
    return {
      sources: source.take(),
      targets: target.take(),
      ...(this.#columns.includes('weight') && { weights: weight.take() }),
      ...(this.#columns.includes('delay_ms') && { delaysMs: delay.take() }),
    };
  }
}
