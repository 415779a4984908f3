// Reads a simulation from a TOML or JSON file, with the files of synapses and spikes that it names.
import { basename, dirname, resolve } from 'node:path';
import { type Locate, locating } from '../config/check.ts';
import type { PlainTable } from '../config/document.ts';
import { isRecord } from '../config/fields.ts';
import { readSource } from '../config/load.ts';
import { completeSimulation, type Input, namedTables, type SimulationConfig } from '../config/simulation.ts';
import { type Document, readDocument, type Source } from '../config/source.ts';
import type { ReadOptions } from '../data/array-file.ts';
import { malformed } from '../data/byte-reader.ts';
import { readConnections, readWeightMatrix } from '../data/connections.ts';
import { readSpikeTrains } from '../data/spike-trains/reading.ts';
import { invalid, SynfireError } from '../errors.ts';

/** Spikes of a list source. */
export interface InputSpikes {
  timesMs: ArrayLike<number>;
  neurons: ArrayLike<number>;
}

export interface LoadedSimulation {
  /** Connectors from files are lists and matrices here. */
  config: SimulationConfig;
  /** What the file says, in plain data; the files that it names have absolute paths. */
  written: PlainTable;
  /** Where a field stands in the file. */
  locate: Locate;
  /** Reads the spikes that a list source sends, if there are any. */
  spikesOf(population: string, options?: ReadOptions): Promise<InputSpikes | undefined>;
}

/** What replaces keys of the file. */
export interface SimulationOverrides {
  durationMs?: number;
  seed?: number;
  threads?: number;
}

/**
 * The simulation that a .toml or .json file describes; files in it are sought from its folder. Throws
 * ERR_SYNFIRE_CONFIG naming the line of the fault, and the errors of `readConnections`.
 */
export async function loadSimulation(
  path: string,
  overrides: SimulationOverrides = {},
  options: ReadOptions = {},
): Promise<LoadedSimulation> {
  const { table, locate } = readSimulation(await readSource(path));
  const written = { ...table, ...overrides };
  for (const { parent, key, file } of filesIn(written)) parent[key] = resolve(dirname(path), file);
  const config = completeSimulation(await withConnections(written, { locate, ...options }), locate);
  const spikesOf = async (population: string, reading: ReadOptions = {}) => {
    const { size } = config.populations[population]!;
    const input = config.inputs[population];
    const place = locate(`inputs.${population}.file`);
    return input && inFile(place, () => readSpikes(input, size, reading));
  };
  return { config, written, locate, spikesOf };
}

/** The document of a simulation, which no schema has seen. Throws ERR_SYNFIRE_CONFIG. */
export function readSimulation(source: Source): Document {
  return readDocument(source, { named: namedTables });
}

async function readSpikes(
  input: Input,
  size: number,
  options: ReadOptions,
): Promise<InputSpikes | undefined> {
  if ('ratesHz' in input) return undefined;
  if ('timesMs' in input) return input;
  return readSpikeTrains(input.file, { ...options, layer: input.layer, maxNeurons: size });
}

/** The name of a file, and where in a document it stands. */
interface FileName {
  parent: PlainTable;
  key: string;
  file: string;
}

function filesIn({ inputs, projections }: PlainTable): FileName[] {
  const tables = (isRecord(inputs) ? Object.values(inputs) : []).filter(isRecord) as PlainTable[];
  const connectors = connectorsOf(projections).map(({ connect }) => connect);
  return [...tables, ...connectors].flatMap((parent) =>
    ['file', 'matrix'].flatMap((key) => {
      const file = parent[key];
      return typeof file === 'string' ? [{ parent, key, file }] : [];
    }),
  );
}

function connectorsOf(
  projections: unknown,
): { connect: PlainTable; projection: PlainTable; index: number }[] {
  if (!Array.isArray(projections)) return [];
  return projections.flatMap((projection, index) =>
    isRecord(projection) && isRecord(projection.connect)
      ? [{ connect: projection.connect as PlainTable, projection: projection as PlainTable, index }]
      : [],
  );
}

interface Reading extends ReadOptions {
  locate: Locate;
}

/** A document in which connectors that name a file, `{ file }` or `{ matrix }`, are what that holds. */
async function withConnections(written: PlainTable, reading: Reading): Promise<Record<string, unknown>> {
  const projections: unknown[] = Array.isArray(written.projections) ? [...written.projections] : [];
  for (const { connect, projection, index } of connectorsOf(projections)) {
    const field = `projections.${index}.connect`;
    const sizes = [projection.source, projection.target].map((name) => sizeOf(written.populations, name));
    projections[index] = { ...projection, connect: await connected(connect, { field, sizes, ...reading }) };
  }
  return projections.length > 0 ? { ...written, projections } : written;
}

interface Place extends Reading {
  field: string;
  /** Of the source and of the target, where they are known. */
  sizes: unknown[];
}

async function connected(connect: PlainTable, { field, sizes, locate, signal }: Place): Promise<object> {
  const { file, matrix } = connect;
  if (typeof file === 'string') {
    const [other] = Object.keys(connect).filter((key) => key !== 'file');
    if (other === undefined) return inFile(locate(field), () => readConnections(file, { signal }));
    const refuse = () => {
      throw invalid('ERR_SYNFIRE_CONFIG', `${field}.${other}`, connect[other], 'no key beside file');
    };
    return locating(locate, refuse);
  }
  if (typeof matrix !== 'string') return connect;
  const { weights, sources, targets } = await inFile(locate(field), () =>
    readWeightMatrix(matrix, { signal }),
  );
  if (sizes.every((size) => typeof size === 'number') && String(sizes) !== String([sources, targets])) {
    const expected = `${sizes.join(' x ')}, sources by targets`;
    throw malformed(`${locate(field)}: ${basename(matrix)}`, 'shape', `${sources} x ${targets}`, expected);
  }
  return { ...connect, matrix: weights };
}

function sizeOf(populations: unknown, name: unknown): unknown {
  const population = isRecord(populations) && typeof name === 'string' ? populations[name] : undefined;
  return isRecord(population) ? population.size : undefined;
}

/** Runs a reading of a file whose name stands at `place`, which its errors then begin with. */
async function inFile<Result>(place: string | undefined, read: () => Promise<Result>): Promise<Result> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof SynfireError) || place === undefined) throw error;
    throw new SynfireError(error.code, `${place}: ${error.message}`, error);
  }
}
