// Makes spike trains and files of them for tests.

import fc from 'fast-check';
import type { SpikeTrains } from '../../lib/data/index.ts';

/** An AER file; an event with y = 240 is one of the clock. */
export function aerBytes(events: [x: number, y: number, polarity: number, timeUs: number][]): Buffer {
  const bytes = Buffer.alloc(5 * events.length);
  events.forEach(([x, y, polarity, timeUs], i) => {
    bytes.set([x, y, (polarity << 7) | (timeUs >> 16), (timeUs >> 8) & 0xff, timeUs & 0xff], 5 * i);
  });
  return bytes;
}

/** A document like that of seed 2, with everything that a train may have. */
export const exampleJson = `{
  "spike_trains": [
    {"neuron_id": 1234, "layer": "granule_cell", "spike_times": [12.5, 25.8, 47.2, 62.1], "duration": 100.0},
    {"neuron_id": 7, "layer": "purkinje", "spike_times": [0, 25.8], "duration": 80},
    {"neuron_id": 8, "layer": "purkinje", "spike_times": [], "duration": 120}
  ]
}
`;

/** Spikes as [time, neuron, layer], those at the same time by layer and neuron. */
export function listOf({ timesMs, neurons, layers }: SpikeTrains): [number, number, string][] {
  const list = Array.from(timesMs, (timeMs, i): [number, number, string] => {
    return [timeMs, neurons[i]!, layers ? layers.names[layers.ofSpikes[i]!]! : ''];
  });
  return list.sort((a, b) => a[0] - b[0] || (a[2] < b[2] ? -1 : a[2] > b[2] ? 1 : a[1] - b[1]));
}

const times = fc.oneof(
  fc.double({ min: 0, max: 1e9, noNaN: true }),
  fc.integer({ min: 0, max: 20 }),
  fc.constantFrom(0, 5e-324, 0.1, 1e300),
);
const neurons = fc.oneof(fc.integer({ min: 0, max: 5 }), fc.integer({ min: 0, max: 2 ** 32 - 1 }));
const layerNames = fc.string({ minLength: 1, maxLength: 8, unit: 'binary' });

/** Any valid spike trains, with layers or without. */
export function anyTrains({ layered }: { layered: boolean }): fc.Arbitrary<SpikeTrains> {
  const spikes = fc.array(fc.tuple(times, neurons, fc.nat()), { maxLength: 30 });
  const names = fc.uniqueArray(layerNames, { minLength: 1, maxLength: 4 });
  return fc.tuple(spikes, names, fc.constantFrom(0, 0.5, 1e4)).map(([list, names, restMs]) => {
    const sorted = list.toSorted((a, b) => a[0] - b[0]);
    const ofSpikes = Uint16Array.from(sorted, ([, , layer]) => layer % names.length);
    return {
      timesMs: Float64Array.from(sorted, ([timeMs]) => timeMs),
      neurons: Uint32Array.from(sorted, ([, neuron]) => neuron),
      durationMs: (sorted.at(-1)?.[0] ?? 0) + restMs,
      ...(layered && { layers: { names, ofSpikes } }),
    };
  });
}
