// The files of a simulation: arrays of its recordings, and spikes in the formats that other programs read.
import { basename, dirname, extname, join } from 'node:path';
import { writeFileAtomic } from '../checkpoints/atomic.ts';
import { writeNpy } from '../data/npy.ts';
import { ascendingOrder } from '../data/spike-trains/order.ts';
import type { SpikeTrains } from '../data/spike-trains/spikes.ts';
import { writeSpikeTrains } from '../data/spike-trains/writing.ts';
import { invalid } from '../errors.ts';
import type { RecordedArray } from './recorders.ts';

/** Spikes of a population. */
export interface PopulationTrains {
  population: string;
  timesMs: Float64Array;
  neurons: Uint32Array;
}

const endings = ['.csv', '.json', '.ndjson', '.jsonl', '.npy'];

/** Throws ERR_SYNFIRE_INVALID_ARGUMENT for a name whose ending is not that of a format. */
export function checkSpikeFile(field: string, path: string): void {
  if (endings.includes(extname(path).toLowerCase())) return;
  throw invalid('ERR_SYNFIRE_INVALID_ARGUMENT', field, path, `a name that ends in ${endings.join(', ')}`);
}

/**
 * Writes each array to an NPY file called after it and returns their paths. Throws ERR_SYNFIRE_IO; files of the same
 * names are replaced.
 */
export async function writeArrays(folder: string, arrays: readonly RecordedArray[]): Promise<string[]> {
  const paths: string[] = [];
  for (const { name, data, shape } of arrays) {
    const path = join(folder, `${name}.npy`);
    await writeFileAtomic(path, [writeNpy(data, shape)]);
    paths.push(path);
  }
  return paths;
}

/**
 * Writes spikes in the format of the ending and returns the paths of the files. JSON and NDJSON name populations as
 * layers; in the other formats several populations get a file each, `<name>-<population>`. NPY is a pair of files,
 * `<name>.times.npy` and `<name>.neurons.npy`. Throws ERR_SYNFIRE_IO.
 */
export async function writeSpikes(
  path: string,
  populations: readonly PopulationTrains[],
  durationMs: number,
): Promise<string[]> {
  const ending = extname(path).toLowerCase();
  if (ending === '.csv' || ending === '.npy') {
    const paths: string[] = [];
    for (const trains of populations) {
      const stem = join(dirname(path), basename(path, extname(path)));
      const own = populations.length === 1 ? stem : `${stem}-${trains.population}`;
      paths.push(
        ...(ending === '.csv' ? await writeCsv(own, trains, durationMs) : await writePair(own, trains)),
      );
    }
    return paths;
  }
  await writeSpikeTrains(path, merged(populations, durationMs));
  return [path];
}

async function writeCsv(
  stem: string,
  { timesMs, neurons }: PopulationTrains,
  durationMs: number,
): Promise<string[]> {
  const path = `${stem}.csv`;
  await writeSpikeTrains(path, { timesMs, neurons, durationMs });
  return [path];
}

async function writePair(stem: string, { timesMs, neurons }: PopulationTrains): Promise<string[]> {
  return writeArrays(dirname(stem), [
    { name: `${basename(stem)}.times`, data: timesMs, shape: [timesMs.length] },
    { name: `${basename(stem)}.neurons`, data: neurons, shape: [neurons.length] },
  ]);
}

/** The spikes of all populations in the order of their times. */
function merged(populations: readonly PopulationTrains[], durationMs: number): SpikeTrains {
  const spikes = populations.reduce((sum, { timesMs }) => sum + timesMs.length, 0);
  const timesMs = new Float64Array(spikes);
  const neurons = new Uint32Array(spikes);
  const layers = new Uint16Array(spikes);
  let at = 0;
  populations.forEach((trains, layer) => {
    timesMs.set(trains.timesMs, at);
    neurons.set(trains.neurons, at);
    layers.fill(layer, at, at + trains.timesMs.length);
    at += trains.timesMs.length;
  });
  const order = ascendingOrder(timesMs);
  return {
    timesMs: Float64Array.from(order, (spike) => timesMs[spike]!),
    neurons: Uint32Array.from(order, (spike) => neurons[spike]!),
    durationMs,
    layers: {
      names: populations.map(({ population }) => population),
      ofSpikes: Uint16Array.from(order, (spike) => layers[spike]!),
    },
  };
}
