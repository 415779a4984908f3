// Reads spike trains from files of any known format, in pieces or whole.

import { ByteReader, type ByteSource } from '../byte-reader.ts';
import { refused } from '../checks.ts';
import { AerSpikes, eventBytes } from './aer.ts';
import { CsvSpikes } from './csv.ts';
import { JsonSpikes } from './json.ts';
import { ascend, ascendingOrder } from './order.ts';
import {
  checkReadOptions,
  mostSpikes,
  type ReadSettings,
  type ReadSpikeOptions,
  type SpikeFormat,
  SpikeGatherer,
  type SpikeLayers,
  type SpikeParser,
  type SpikeTrains,
} from './spikes.ts';

const parsers: Record<SpikeFormat, (spikes: SpikeGatherer) => SpikeParser> = {
  json: (spikes) => new JsonSpikes(spikes, false),
  ndjson: (spikes) => new JsonSpikes(spikes, true),
  csv: (spikes) => new CsvSpikes(spikes),
  aer: (spikes) => new AerSpikes(spikes),
};

const endings = new Map<string, SpikeFormat>([
  ['.json', 'json'],
  ['.ndjson', 'ndjson'],
  ['.jsonl', 'ndjson'],
  ['.csv', 'csv'],
  ['.bin', 'aer'],
]);

const chunkBytes = Math.floor(2 ** 16 / eventBytes) * eventBytes;
const pieceSpikes = 2 ** 16;

/** The format that the ending of a file's name tells, with or without .gz; undefined when it tells none. */
export function formatOf(path: string): SpikeFormat | undefined {
  const name = path.toLowerCase().replace(/\.gz$/, '');
  return endings.get(name.slice(name.lastIndexOf('.')));
}

/**
 * Reads all spikes of a file, plain or gzip, in the order of time; simultaneous ones stay in the order of the
 * file. Throws ERR_SYNFIRE_DATA_FORMAT with the place of the fault, ERR_SYNFIRE_DATA_MISSING and
 * ERR_SYNFIRE_IO.
 */
export async function readSpikeTrains(
  source: ByteSource,
  options: ReadSpikeOptions = {},
): Promise<SpikeTrains> {
  const pieces: SpikeTrains[] = [];
  const settings = checkReadOptions(options, mostSpikes);
  for await (const piece of readPieces(source, options, settings)) pieces.push(piece);
  return inOrderOfTime(joined(pieces));
}

/**
 * The spikes of a file in the order of the file, in pieces of about 2^16; the last one may be empty. Nothing is
 * read ahead of the consumer. A train of JSON or NDJSON comes in one piece, and is in memory as a whole; with
 * other formats memory is constant. Throws as `readSpikeTrains` does.
 */
export async function* streamSpikeTrains(
  source: ByteSource,
  options: ReadSpikeOptions = {},
): AsyncGenerator<SpikeTrains> {
  yield* readPieces(source, options, checkReadOptions(options, Infinity));
}

async function* readPieces(
  source: ByteSource,
  options: ReadSpikeOptions,
  settings: ReadSettings,
): AsyncGenerator<SpikeTrains> {
  const makeParser = parsers[checkFormat(source, options.format)];
  const reader = await ByteReader.open(source, options.signal);
  try {
    const spikes = new SpikeGatherer(reader.name, settings);
    const parser = makeParser(spikes);
    const chunk = Buffer.alloc(chunkBytes);
    for (let bytes = 1; bytes > 0; ) {
      bytes = await reader.readInto(chunk);
      parser.write(chunk.subarray(0, bytes));
      if (spikes.length >= pieceSpikes) yield spikes.take();
    }
    parser.end();
    spikes.checkLayerFound();
    yield spikes.take();
  } finally {
    await reader.close();
  }
}

function checkFormat(source: ByteSource, format: SpikeFormat | undefined): SpikeFormat {
  const path = typeof source === 'string' ? source : undefined;
  const found = format ?? (path === undefined ? undefined : formatOf(path));
  if (found !== undefined && Object.hasOwn(parsers, found)) return found;
  const expected = `${Object.keys(parsers).join(', ')}, or a file named ${[...endings.keys()].join(', ')}`;
  throw refused('format', found ?? path, expected);
}

function joined(pieces: SpikeTrains[]): SpikeTrains {
  const length = pieces.reduce((sum, { timesMs }) => sum + timesMs.length, 0);
  const timesMs = new Float64Array(length);
  const neurons = new Uint32Array(length);
  const ofSpikes = new Uint16Array(length);
  let at = 0;
  for (const piece of pieces) {
    timesMs.set(piece.timesMs, at);
    neurons.set(piece.neurons, at);
    if (piece.layers) ofSpikes.set(piece.layers.ofSpikes, at);
    at += piece.timesMs.length;
  }
  const { durationMs, layers } = pieces.at(-1)!;
  return { timesMs, neurons, durationMs, ...(layers && { layers: { names: layers.names, ofSpikes } }) };
}

function inOrderOfTime(trains: SpikeTrains): SpikeTrains {
  const { timesMs, neurons, durationMs, layers } = trains;
  if (ascend(timesMs)) return trains;
  const order = ascendingOrder(timesMs);
  return {
    timesMs: Float64Array.from(order, (i) => timesMs[i]!),
    neurons: Uint32Array.from(order, (i) => neurons[i]!),
    durationMs,
    ...(layers && { layers: layersInOrder(layers, order) }),
  };
}

function layersInOrder({ names, ofSpikes }: SpikeLayers, order: Uint32Array): SpikeLayers {
  return { names, ofSpikes: Uint16Array.from(order, (i) => ofSpikes[i]!) };
}
