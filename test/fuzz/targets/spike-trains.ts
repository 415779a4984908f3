// Fuzz targets: spike trains in every format. Whatever a file holds, it is spike trains that can be written and
// read again, or ERR_SYNFIRE_DATA_FORMAT.

import { gzipSync } from 'node:zlib';
import {
  readSpikeTrains,
  type SpikeFormat,
  type SpikeTrains,
  streamSpikeTrains,
} from '../../../lib/data/index.ts';
import { SynfireError } from '../../../lib/errors.ts';
import { aerBytes, exampleJson } from '../../data/spike-bytes.ts';
import type { FuzzTarget } from '../target.ts';

const lines = [
  '{"neuron_id": 2, "layer": "a\\u00e9\\n", "spike_times": [5, 5.25, 1e2], "duration": 120}',
  '{"neuron_id": 1, "layer": "b", "spike_times": [], "duration": 9, "note": [null, {"x": [true, "y"]}]}',
];

const seeds: Record<SpikeFormat, Uint8Array[]> = {
  json: [
    Buffer.from(exampleJson),
    Buffer.from(`{"version": {"major": 1}, "spike_trains": [${lines.join(', ')}]}`),
    gzipSync(exampleJson),
  ],
  ndjson: [Buffer.from(lines.join('\n')), Buffer.from('{"neuron_id": 0, "spike_times": [0, 0.5]}\r\n\n')],
  csv: [
    Buffer.from('neuron,time_ms\n2,1.5\n1,3\n1,3e0\n'),
    Buffer.from('# comment\n\n4294967295,0\n+1.,  7.25\n'),
    gzipSync('Time [ms],neuron_id\r\n1.5,2\r\n3,1\r\n'),
  ],
  aer: [
    aerBytes([
      [0, 0, 0, 0],
      [33, 1, 0, 1000],
      [5, 240, 1, 1000],
      [2, 33, 1, 1001],
    ]),
    gzipSync(aerBytes(Array.from({ length: 40 }, (_, i) => [i % 34, (3 * i) % 34, i % 2, 7000 * i]))),
  ],
};

export const spikeTrains: FuzzTarget[] = (Object.keys(seeds) as SpikeFormat[]).map((format) => ({
  name: `spikes-${format}`,
  seeds: () => seeds[format],
  async run(bytes) {
    await readAndCheck(bytes, { format, unsorted: 'sort' });
    await readAndCheck(bytes, { format });
  },
}));

async function readAndCheck(
  bytes: Uint8Array,
  options: { format: SpikeFormat; unsorted?: 'sort' },
): Promise<void> {
  const whole = await allowFormatError(readSpikeTrains(bytes, options));
  checkTrains(whole);
  let spikes = 0;
  for await (const { timesMs } of streamSpikeTrains(bytes, options)) spikes += timesMs.length;
  if (spikes !== whole.timesMs.length)
    throw new Error(`${spikes} spikes in pieces, ${whole.timesMs.length} in all`);
}

function checkTrains({ timesMs, neurons, durationMs, layers }: SpikeTrains): void {
  let previousMs = 0;
  for (const timeMs of timesMs) {
    if (!(timeMs >= previousMs && timeMs <= durationMs)) throw new Error(`a spike at ${timeMs}`);
    previousMs = timeMs;
  }
  if (!Number.isFinite(durationMs) || neurons.length !== timesMs.length) throw new Error('no trains');
  if (layers && !layers.ofSpikes.every((layer) => layer < layers.names.length)) throw new Error('no layer');
}

/** Any other code than that of malformed data is a find. */
async function allowFormatError<Result>(reading: Promise<Result>): Promise<Result> {
  try {
    return await reading;
  } catch (error) {
    if (error instanceof SynfireError && error.code !== 'ERR_SYNFIRE_DATA_FORMAT')
      throw new Error(error.message);
    throw error;
  }
}
