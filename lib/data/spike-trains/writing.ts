// Writes spike trains as JSON, NDJSON or CSV.

import { writeFileAtomic } from '../../checkpoints/atomic.ts';
import { refused } from '../checks.ts';
import { ascendingOrder } from './order.ts';
import { formatOf } from './reading.ts';
import { isLayerName, layerNameWords, type SpikeFormat, type SpikeTrains } from './spikes.ts';

export type WritableSpikeFormat = Exclude<SpikeFormat, 'aer'>;

/** The spikes of one neuron: those with the indices order[from] to order[to - 1]. */
interface Train {
  neuron: number;
  layer: string | undefined;
  from: number;
  to: number;
}

const writers: Record<WritableSpikeFormat, (trains: SpikeTrains) => Iterable<string>> = {
  json: jsonText,
  ndjson: ndjsonText,
  csv: csvText,
};

const chunkBytes = 2 ** 16;
const timesPerPart = 2 ** 12;

/**
 * Writes a file, by default in the format of its ending (.json, .ndjson, .jsonl, .csv), and puts it in place
 * when it is complete. Times are written so that they are read back exactly. What is not kept: in JSON and
 * NDJSON the order of simultaneous spikes, in CSV the duration. Throws ERR_SYNFIRE_INVALID_ARGUMENT for trains
 * that are no trains, or that have layers, which CSV cannot hold; and ERR_SYNFIRE_IO.
 */
export async function writeSpikeTrains(
  path: string,
  trains: SpikeTrains,
  options: { format?: WritableSpikeFormat } = {},
): Promise<void> {
  const format = checkFormat(path, options.format);
  checkTrains(trains);
  if (format === 'csv' && trains.layers) {
    throw refused('layers', trains.layers.names, 'no layers in CSV; JSON and NDJSON have them');
  }
  await writeFileAtomic(path, chunks(writers[format](trains)));
}

function checkFormat(path: string, format: SpikeFormat | undefined): WritableSpikeFormat {
  const found = format ?? (path.endsWith('.gz') ? undefined : formatOf(path));
  if (found !== undefined && found !== 'aer' && Object.hasOwn(writers, found)) return found;
  throw refused('format', found ?? path, 'a name with .json, .ndjson, .jsonl or .csv, or one as format');
}

function checkTrains({ timesMs, neurons, durationMs, layers }: SpikeTrains): void {
  if (!(timesMs instanceof Float64Array)) throw refused('timesMs', timesMs, 'a Float64Array');
  const spikes = timesMs.length;
  if (!(neurons instanceof Uint32Array && neurons.length === spikes)) {
    throw refused('neurons', neurons, `a Uint32Array of ${spikes}, one for every spike`);
  }
  let previousMs = 0;
  for (const [i, timeMs] of timesMs.entries()) {
    if (!(timeMs >= previousMs && timeMs < Infinity)) {
      throw refused(`timesMs[${i}]`, timeMs, `a finite time of at least ${previousMs}, the time before it`);
    }
    previousMs = timeMs;
  }
  if (!(durationMs >= previousMs && durationMs < Infinity)) {
    throw refused('durationMs', durationMs, `a finite time of at least ${previousMs}, the last spike`);
  }
  if (layers === undefined) return;
  const { names, ofSpikes } = layers;
  if (!(ofSpikes instanceof Uint16Array && ofSpikes.length === spikes)) {
    throw refused('layers.ofSpikes', ofSpikes, `a Uint16Array of ${spikes}, one for every spike`);
  }
  const outside = ofSpikes.findIndex((layer) => layer >= names.length);
  if (outside !== -1) {
    throw refused(
      `layers.ofSpikes[${outside}]`,
      ofSpikes[outside],
      `below ${names.length}, the number of names`,
    );
  }
  const unfit = names.findIndex((name) => !isLayerName(name));
  if (unfit !== -1) throw refused(`layers.names[${unfit}]`, names[unfit], layerNameWords);
}

function* csvText({ timesMs, neurons }: SpikeTrains): Generator<string> {
  yield 'neuron,time_ms\n';
  for (let i = 0; i < timesMs.length; i++) yield `${neurons[i]},${timesMs[i]}\n`;
}

function* jsonText(trains: SpikeTrains): Generator<string> {
  yield '{"spike_trains": [';
  let separator = '\n';
  for (const text of trainTexts(trains)) {
    yield separator;
    yield* text;
    separator = ',\n';
  }
  yield '\n]}\n';
}

function* ndjsonText(trains: SpikeTrains): Generator<string> {
  for (const text of trainTexts(trains)) {
    yield* text;
    yield '\n';
  }
}

/** One text in parts for every neuron that fires, by layer and number. */
function* trainTexts(trains: SpikeTrains): Generator<Iterable<string>> {
  const byNeuron = ascendingOrder(trains.neurons);
  const order = trains.layers ? ascendingOrder(trains.layers.ofSpikes, byNeuron) : byNeuron;
  for (let from = 0; from < order.length; ) {
    const neuron = trains.neurons[order[from]!]!;
    const layer = layerOf(trains, order[from]!);
    let to = from + 1;
    while (
      to < order.length &&
      trains.neurons[order[to]!] === neuron &&
      layerOf(trains, order[to]!) === layer
    ) {
      to++;
    }
    yield trainText(trains, order, { neuron, layer, from, to });
    from = to;
  }
}

function layerOf({ layers }: SpikeTrains, spike: number): string | undefined {
  return layers?.names[layers.ofSpikes[spike]!];
}

function* trainText(
  { timesMs, durationMs }: SpikeTrains,
  order: Uint32Array,
  { neuron, layer, from, to }: Train,
): Generator<string> {
  const name = layer === undefined ? '' : `"layer": ${JSON.stringify(layer)}, `;
  yield `{"neuron_id": ${neuron}, ${name}"spike_times": [`;
  for (let at = from; at < to; at += timesPerPart) {
    if (at > from) yield ', ';
    yield Array.from(order.subarray(at, Math.min(to, at + timesPerPart)), (i) => timesMs[i]).join(', ');
  }
  yield `], "duration": ${durationMs}}`;
}

/** Gathers parts of a text into bytes worth a write. */
function* chunks(parts: Iterable<string>): Generator<Uint8Array> {
  let text = '';
  for (const part of parts) {
    text += part;
    if (text.length < chunkBytes) continue;
    yield Buffer.from(text);
    text = '';
  }
  if (text !== '') yield Buffer.from(text);
}
