// The events of an event camera by pixel, polarity and time.

import type { ByteSource } from '../byte-reader.ts';
import { readSpikeTrains } from './reading.ts';
import { checkReadOptions, type ReadSpikeOptions } from './spikes.ts';

/** What an event camera saw: a pixel that became darker (polarity 0) or brighter (1), and when. */
export interface AddressEvents {
  x: Uint8Array;
  y: Uint8Array;
  polarity: Uint8Array;
  /** Ascending, in microseconds. */
  timesUs: Float64Array;
}

/** Reads the events of an AER file. Options and errors as for `readSpikeTrains`. */
export async function readAddressEvents(
  source: ByteSource,
  options: Omit<ReadSpikeOptions, 'format' | 'layer'> = {},
): Promise<AddressEvents> {
  const { timesMs, neurons } = await readSpikeTrains(source, { ...options, format: 'aer' });
  const { width, height } = checkReadOptions(options, 0).sensor;
  return {
    x: Uint8Array.from(neurons, (neuron) => neuron % width),
    y: Uint8Array.from(neurons, (neuron) => Math.floor(neuron / width) % height),
    polarity: Uint8Array.from(neurons, (neuron) => Math.floor(neuron / (width * height))),
    timesUs: Float64Array.from(timesMs, (timeMs) => Math.round(timeMs * 1000)),
  };
}
