// Spike trains: every format is read as it is written, and malformed files of every kind are refused.

import { mkdir, readdir, readFile, readlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { gzipSync } from 'node:zlib';
import test from 'ava';
import fc from 'fast-check';
import {
  listLabelledFiles,
  type ReadSpikeOptions,
  readAddressEvents,
  readLabelledSpikeTrains,
  readSpikeTrains,
  type SpikeFormat,
  type SpikeTrains,
  streamSpikeTrains,
  writeSpikeTrains,
} from '../../lib/data/index.ts';
import { ascendingOrder } from '../../lib/data/spike-trains/order.ts';
import { SynfireError } from '../../lib/errors.ts';
import { memoryIsTelling, memoryOf, temporaryFolder } from './array-bytes.ts';
import { aerBytes, anyTrains, exampleJson, listOf } from './spike-bytes.ts';

const read = (text: string | Uint8Array, format: SpikeFormat, options: ReadSpikeOptions = {}) =>
  readSpikeTrains(Buffer.from(text), { ...options, format });

async function piecesOf(pieces: AsyncIterable<SpikeTrains>): Promise<SpikeTrains[]> {
  const all: SpikeTrains[] = [];
  for await (const piece of pieces) all.push(piece);
  return all;
}

test('trains in JSON are merged in the order of time', async (t) => {
  const trains = await read(exampleJson, 'json');
  t.deepEqual([...trains.timesMs], [0, 12.5, 25.8, 25.8, 47.2, 62.1]);
  t.deepEqual([...trains.neurons], [7, 1234, 1234, 7, 1234, 1234]);
  t.is(trains.durationMs, 120);
  t.deepEqual(trains.layers?.names, ['granule_cell', 'purkinje']);
  t.deepEqual([...trains.layers!.ofSpikes], [1, 0, 0, 1, 0, 0]);
});

test('the members of a train come in any order, and unknown ones are passed over', async (t) => {
  const train = '{"spike_times": [1, 2], "note": {"a": [1, {"b": null}], "c": [[], {}]}, "neuron_id": 3}';
  const expected = [
    [1, 3, ''],
    [2, 3, ''],
  ];
  const document = `{"version": 1, "spike_trains": [${train}], "more": [true, false, "x"]}`;
  const trains = await read(document, 'json');
  t.deepEqual(listOf(trains), expected as never);
  t.is(trains.layers, undefined);
  t.is(trains.durationMs, 2, 'no duration is stated, so it is the last spike');
  t.deepEqual(listOf(await read(`\n${train}\r\n\n`, 'ndjson')), expected as never);
});

test('NDJSON has a train on every line', async (t) => {
  const text = '{"neuron_id": 2, "spike_times": [5]}\n{"neuron_id": 1, "spike_times": [3, 7], "duration": 9}';
  const trains = await read(text, 'ndjson');
  t.deepEqual([...trains.timesMs], [3, 5, 7]);
  t.deepEqual([...trains.neurons], [1, 2, 1]);
  t.is(trains.durationMs, 9);
  const later = `${text}\n{"neuron_id": 1, "spike_times": [11]}`;
  t.is((await read(later, 'ndjson')).durationMs, 11, 'a train without duration may be longer');
});

for (const [what, text] of [
  ['without titles', '2,1.5\n1, 3\n1,3e0\n'],
  ['with titles', 'neuron,time_ms\n2,1.5\n1,3\n1,3'],
  ['with columns turned round', 'Time [ms],neuron_id\r\n1.5,2\r\n3,1\r\n3,1\r\n'],
  ['with comments and numbers as NumPy writes them', '# neuron,time\n\n2.0e+00,1.5e+00\n1.0,3.0\n+1,+3.\n'],
  ['with a byte order mark', '\ufeffneuron,"time"\n2,1.5\n1,3\n1,3'],
] as const) {
  test(`CSV ${what} is read`, async (t) => {
    const trains = await read(text, 'csv');
    t.deepEqual([...trains.timesMs], [1.5, 3, 3]);
    t.deepEqual([...trains.neurons], [2, 1, 1]);
    t.is(trains.durationMs, 3);
  });
}

const events = aerBytes([
  [0, 0, 0, 0],
  [33, 1, 0, 1000],
  [5, 240, 1, 1000],
  [2, 33, 1, 1001],
  [0, 240, 0, 0],
  [0, 0, 1, 2 ** 23 - 1],
]);

test('AER events are read, and overflow events move the clock', async (t) => {
  const trains = await read(events, 'aer');
  t.deepEqual([...trains.timesMs], [0, 1, 9.193, 8404.991]);
  t.deepEqual([...trains.neurons], [0, 34 + 33, 34 * 34 + 33 * 34 + 2, 34 * 34]);
  t.deepEqual(await readAddressEvents(events), {
    x: Uint8Array.of(0, 33, 2, 0),
    y: Uint8Array.of(0, 1, 33, 0),
    polarity: Uint8Array.of(0, 0, 1, 1),
    timesUs: Float64Array.of(0, 1000, 1001 + 8192, 2 ** 23 - 1 + 2 * 8192),
  });
});

test('AER events of another sensor have other neurons', async (t) => {
  const sensor = { width: 240, height: 180 };
  const bytes = aerBytes([[239, 179, 1, 10]]);
  t.is((await read(bytes, 'aer', { sensor })).neurons[0], 2 * 240 * 180 - 1);
  t.deepEqual((await readAddressEvents(bytes, { sensor })).y, Uint8Array.of(179));
});

test('any events are read back', async (t) => {
  const event = fc.tuple(fc.nat(33), fc.nat(33), fc.nat(1), fc.nat(2 ** 23 - 1));
  await fc.assert(
    fc.asyncProperty(fc.array(event), async (list) => {
      list.sort((a, b) => a[3] - b[3]);
      const { x, y, polarity, timesUs } = await readAddressEvents(aerBytes(list));
      t.deepEqual(
        Array.from(x, (x, i) => [x, y[i]!, polarity[i]!, timesUs[i]!]),
        list,
      );
    }),
  );
});

for (const ending of ['json', 'ndjson', 'jsonl', 'csv']) {
  for (const layered of ending === 'csv' ? [false] : [false, true]) {
    test(`any trains ${layered ? 'with layers ' : ''}are read from .${ending} as written`, async (t) => {
      const path = join(await temporaryFolder(), `trains.${ending}`);
      await fc.assert(
        fc.asyncProperty(anyTrains({ layered }), async (trains) => {
          await writeSpikeTrains(path, trains);
          const again = await readSpikeTrains(path);
          t.deepEqual(listOf(again), listOf(trains));
          t.deepEqual([...again.timesMs], [...trains.timesMs]);
          if (trains.timesMs.length > 0 && ending !== 'csv') t.is(again.durationMs, trains.durationMs);
          if (ending === 'csv')
            t.deepEqual(again.neurons, trains.neurons, 'simultaneous spikes keep their order');
          await writeFile(`${path}.gz`, gzipSync(await readFile(path)));
          t.deepEqual(await readSpikeTrains(`${path}.gz`), again);
        }),
        { numRuns: 40 },
      );
    });
  }
}

const many: SpikeTrains = {
  timesMs: Float64Array.from({ length: 150_000 }, (_, i) => i / 7),
  neurons: Uint32Array.from({ length: 150_000 }, (_, i) => (i * 7919) % 1000),
  durationMs: 25_000,
};

for (const format of ['json', 'ndjson', 'csv'] as const) {
  test(`a large file in ${format} is read, whole and in pieces`, async (t) => {
    const path = join(await temporaryFolder(), `trains.${format}`);
    await writeSpikeTrains(path, many);
    const whole = await readSpikeTrains(path);
    t.true(isDeepStrictEqual(whole.timesMs, many.timesMs));
    t.true(isDeepStrictEqual(whole.neurons, many.neurons));
    const pieces = await piecesOf(streamSpikeTrains(path));
    t.is(pieces.length, 3);
    t.true(pieces.slice(0, -1).every(({ timesMs }) => timesMs.length >= 2 ** 16 && timesMs.length < 1e5));
    const spikes = pieces.flatMap((piece) => listOf(piece)).sort((a, b) => a[0] - b[0]);
    t.true(isDeepStrictEqual(spikes, listOf(many)));
  });
}

test('a large AER file is read', async (t) => {
  const bytes = aerBytes(Array.from({ length: 100_000 }, (_, i) => [i % 34, (i >> 5) % 34, i % 2, i * 80]));
  const trains = await read(bytes, 'aer');
  t.is(trains.timesMs.length, 100_000);
  t.true(trains.timesMs.every((timeMs, i) => timeMs === (i * 80) / 1000));
});

test('an early end of a stream closes its file', async (t) => {
  const path = join(await temporaryFolder(), 'trains.csv');
  await writeSpikeTrains(path, many);
  const holders = async () =>
    (await Promise.all((await readdir('/proc/self/fd')).map((fd) => linkOf(`/proc/self/fd/${fd}`)))).filter(
      (target) => target === path,
    ).length;
  for await (const piece of streamSpikeTrains(path)) {
    t.true(piece.timesMs.length > 0);
    t.is(await holders(), 1);
    break;
  }
  t.is(await holders(), 0);
});

function linkOf(path: string): Promise<string> {
  return readlink(path).catch(() => '');
}

test('a layer can be chosen, and a time to stop at', async (t) => {
  const chosen = await read(exampleJson, 'json', { layer: 'purkinje', untilMs: 25.8 });
  t.deepEqual(listOf(chosen), [[0, 7, 'purkinje']]);
  t.is(chosen.durationMs, 25.8);
  const granule = await read(exampleJson, 'json', { layer: 'granule_cell' });
  t.is(granule.durationMs, 100);
  t.is(granule.timesMs.length, 4);
  t.is((await read('1,2\n1,30', 'csv', { untilMs: 10 })).timesMs.length, 1);
});

test('a layer that is not in the file is refused', async (t) => {
  const error = await t.throwsAsync(read(exampleJson, 'json', { layer: 'basket' }), {
    instanceOf: SynfireError,
  });
  t.is(error.field, 'layer');
  t.is(error.expected, 'a layer of the file: granule_cell, purkinje');
  await t.throwsAsync(read('1,2', 'csv', { layer: 'x' }), { message: /no layer, as the file names none/ });
});

const unsorted: [SpikeFormat, string | Uint8Array, RegExp][] = [
  [
    'json',
    '{"spike_trains": [{"neuron_id": 1, "spike_times": [5, 4]}]}',
    /byte 54: spike_trains\[0\].spike_times\[1\] is 4/,
  ],
  ['ndjson', '{"neuron_id": 1, "spike_times": [5, 4]}', /line 1, byte 36: spike_times\[1\] is 4/],
  ['csv', '1,5\n1,4\n', /line 2: time is "4"/],
  [
    'aer',
    aerBytes([
      [1, 1, 0, 5000],
      [1, 1, 0, 4000],
    ]),
    /byte 5: time is 4/,
  ],
];

for (const [format, bytes, message] of unsorted) {
  test(`unsorted times in ${format} are refused or sorted`, async (t) => {
    const error = await t.throwsAsync(read(bytes, format), { instanceOf: SynfireError, message });
    t.is(error.expected, "at least 5, the time before it, or unsorted: 'sort'");
    t.deepEqual([...(await read(bytes, format, { unsorted: 'sort' })).timesMs], [4, 5]);
  });
}

test('sorting is stable, by all bits of floats and whole numbers', (t) => {
  const keys = fc.array(fc.oneof(fc.double({ min: 0, noNaN: true }), fc.nat(3)), { maxLength: 40 });
  fc.assert(
    fc.property(keys, (list) => {
      const byComparison = (values: ArrayLike<number>) =>
        Array.from(values, (_, i) => i).sort((a, b) => values[a]! - values[b]! || a - b);
      for (const values of [Float64Array.from(list), Uint32Array.from(list), Uint16Array.from(list)]) {
        t.deepEqual([...ascendingOrder(values)], byComparison(values));
      }
    }),
    { numRuns: 50 },
  );
});

const inTrains = (train: string) => `{"spike_trains": [${train}]}`;
const malformed: { what: string; format: SpikeFormat; text: string | Uint8Array; message: RegExp }[] = [
  {
    what: 'an empty document',
    format: 'json',
    text: '',
    message: /JSON is "the end of the file"; expected {/,
  },
  {
    what: 'a document cut off',
    format: 'json',
    text: exampleJson.slice(0, 150),
    message: /line 4, byte 150: JSON is "the end of the file"; expected a value/,
  },
  {
    what: 'a number cut off',
    format: 'json',
    text: '{"a": 1',
    message: /JSON is "the end of the file"; expected , or }/,
  },
  {
    what: 'a document that goes on',
    format: 'json',
    text: `${exampleJson}{}`,
    message: /line 8, byte \d+: JSON is "{"; expected nothing more/,
  },
  { what: 'an array', format: 'json', text: '[]', message: /line 1, byte 0: JSON is "\["; expected {/ },
  { what: 'no trains', format: 'json', text: '{"spikes": []}', message: /spike_trains is missing/ },
  {
    what: 'trains twice',
    format: 'json',
    text: '{"spike_trains": [], "spike_trains": []}',
    message: /given twice/,
  },
  {
    what: 'trains that are no array',
    format: 'json',
    text: '{"spike_trains": {}}',
    message: /spike_trains is "{"; expected an array/,
  },
  {
    what: 'a train that is no object',
    format: 'json',
    text: inTrains('3'),
    message: /spike_trains\[0\] is 3; expected an object/,
  },
  {
    what: 'a missing comma',
    format: 'json',
    text: inTrains('{"neuron_id": 1 "a": 2}'),
    message: /JSON is "a"; expected , or }/,
  },
  {
    what: 'a comma too many',
    format: 'json',
    text: inTrains('{"neuron_id": 1,}'),
    message: /JSON is "}"; expected a key/,
  },
  {
    what: 'a missing element',
    format: 'json',
    text: inTrains('{"spike_times": [1,]}'),
    message: /JSON is "]"; expected a value/,
  },
  {
    what: 'times without comma',
    format: 'json',
    text: inTrains('{"spike_times": [1 2]}'),
    message: /JSON is 2; expected , or ]/,
  },
  { what: 'a missing colon', format: 'json', text: '{"a" 1}', message: /JSON is 1; expected :/ },
  { what: 'mismatched brackets', format: 'json', text: '{"a": [1}', message: /JSON is "}"; expected , or ]/ },
  {
    what: 'no neuron',
    format: 'json',
    text: inTrains('{"spike_times": []}'),
    message: /spike_trains\[0\]\.neuron_id is missing/,
  },
  {
    what: 'no times',
    format: 'json',
    text: inTrains('{"neuron_id": 1}'),
    message: /spike_trains\[0\]\.spike_times is missing/,
  },
  {
    what: 'a neuron twice',
    format: 'json',
    text: inTrains('{"neuron_id": 1, "neuron_id": 2}'),
    message: /neuron_id is "given twice"/,
  },
  {
    what: 'a negative neuron',
    format: 'json',
    text: inTrains('{"neuron_id": -1}'),
    message: /neuron_id is -1; expected a whole number from 0 to 4294967295/,
  },
  {
    what: 'half a neuron',
    format: 'json',
    text: inTrains('{"neuron_id": 1.5}'),
    message: /neuron_id is 1.5/,
  },
  {
    what: 'a neuron beyond 32 bits',
    format: 'json',
    text: inTrains('{"neuron_id": 4294967296}'),
    message: /neuron_id is 4294967296/,
  },
  {
    what: 'a neuron in quotes',
    format: 'json',
    text: inTrains('{"neuron_id": "1"}'),
    message: /neuron_id is "1"/,
  },
  {
    what: 'a layer that is no name',
    format: 'json',
    text: inTrains('{"layer": [1]}'),
    message: /layer is \[\]; expected a name/,
  },
  {
    what: 'an empty layer',
    format: 'json',
    text: inTrains('{"neuron_id": 1, "spike_times": [], "layer": ""}'),
    message: /layer is ""/,
  },
  {
    what: 'an endless layer name',
    format: 'json',
    text: inTrains(`{"neuron_id": 1, "spike_times": [], "layer": "${'x'.repeat(257)}"}`),
    message: /a name of 1 to 256/,
  },
  {
    what: 'layers of some trains only',
    format: 'ndjson',
    text: '{"neuron_id": 1, "spike_times": [], "layer": "a"}\n{"neuron_id": 1, "spike_times": []}',
    message: /line 2, byte \d+: layer is missing; expected a layer/,
  },
  {
    what: 'a negative time',
    format: 'json',
    text: inTrains('{"neuron_id": 1, "spike_times": [-0.5]}'),
    message: /spike_times\[0\] is -0.5; expected a finite time/,
  },
  {
    what: 'an infinite time',
    format: 'json',
    text: inTrains('{"neuron_id": 1, "spike_times": [1e999]}'),
    message: /spike_times\[0\] is Infinity/,
  },
  {
    what: 'a time NaN',
    format: 'json',
    text: inTrains('{"neuron_id": 1, "spike_times": [NaN]}'),
    message: /byte \d+: JSON is/,
  },
  {
    what: 'a time null',
    format: 'json',
    text: inTrains('{"neuron_id": 1, "spike_times": [null]}'),
    message: /spike_times\[0\] is null/,
  },
  {
    what: 'a time array',
    format: 'json',
    text: inTrains('{"neuron_id": 1, "spike_times": [[1]]}'),
    message: /spike_times\[0\] is \[\]/,
  },
  {
    what: 'one time',
    format: 'json',
    text: inTrains('{"neuron_id": 1, "spike_times": 1}'),
    message: /spike_times is 1; expected an array/,
  },
  {
    what: 'a spike after the end',
    format: 'json',
    text: inTrains('{"neuron_id": 1, "spike_times": [9], "duration": 8}'),
    message: /duration is 8; expected at least 9/,
  },
  {
    what: 'a negative duration',
    format: 'json',
    text: inTrains('{"duration": -1}'),
    message: /duration is -1/,
  },
  { what: 'deep nesting', format: 'json', text: `{"a": ${'['.repeat(1e5)}`, message: /nested 65 deep/ },
  {
    what: 'an endless string',
    format: 'json',
    text: `{"a": "${'x'.repeat(2e5)}`,
    message: /byte 4: JSON is "too long after this"; expected a token within 131072 bytes/,
  },
  {
    what: 'an endless number',
    format: 'json',
    text: `{"a": ${'1'.repeat(2e5)}`,
    message: /byte 4: JSON is "too long after this"; expected a token within 131072 bytes/,
  },
  { what: 'a line break in a string', format: 'json', text: '{"a\n": 1}', message: /JSON is/ },
  {
    what: 'text that is not UTF-8',
    format: 'json',
    text: Buffer.from('{"\xff\xff\xff\xff": 1}', 'latin1'),
    message: /JSON is .*UTF-8/,
  },
  { what: 'bytes of anything', format: 'json', text: aerBytes([[1, 2, 1, 3]]), message: /JSON is/ },
  {
    what: 'a train over two lines',
    format: 'ndjson',
    text: '{"neuron_id": 1,\n"spike_times": []}',
    message: /JSON is "\\n"; expected a key/,
  },
  {
    what: 'two trains on a line',
    format: 'ndjson',
    text: '{"neuron_id": 1, "spike_times": []} {}',
    message: /the end of the line/,
  },
  {
    what: 'a line that is no object',
    format: 'ndjson',
    text: '\n7\n',
    message: /line 2, byte 1: the line is 7/,
  },
  { what: 'one column', format: 'csv', text: '1,2\n3\n', message: /data, line 2: columns is "3"/ },
  { what: 'three columns', format: 'csv', text: '1,2,3', message: /line 1: columns is "1,2,3"/ },
  {
    what: 'unknown titles',
    format: 'csv',
    text: 'neuron,time_s\n',
    message: /line 1: header is "neuron,time_s"/,
  },
  { what: 'the same title twice', format: 'csv', text: 'time,time_ms\n', message: /line 1: header/ },
  { what: 'titles in between', format: 'csv', text: '1,2\nneuron,time\n', message: /line 2: time is "time"/ },
  { what: 'a time of text', format: 'csv', text: '1,0x10', message: /line 1: header is "1,0x10"/ },
  { what: 'a time nan', format: 'csv', text: '1,2\n1,nan', message: /line 2: time is "nan"/ },
  {
    what: 'a time beyond all numbers',
    format: 'csv',
    text: '1,2\n1,1e999',
    message: /line 2: time is "1e999"; expected a finite/,
  },
  { what: 'an empty time', format: 'csv', text: '1,2\n1,', message: /line 2: time is ""/ },
  { what: 'a time below 0', format: 'csv', text: '1,-2', message: /line 1: time is "-2"/ },
  { what: 'a neuron of text', format: 'csv', text: '1,2\nx,3', message: /line 2: neuron is "x"/ },
  { what: 'half a neuron', format: 'csv', text: '1.5,2', message: /line 1: neuron is 1.5/ },
  {
    what: 'an endless line',
    format: 'csv',
    text: '1,2\n'.padEnd(1e6),
    message: /line 2: line is .*at most 256 characters/,
  },
  {
    what: 'an event cut off',
    format: 'aer',
    text: events.subarray(0, 13),
    message: /byte 10: event is "cut off after 3 bytes"/,
  },
  {
    what: 'an x outside',
    format: 'aer',
    text: aerBytes([
      [0, 0, 0, 0],
      [34, 0, 0, 0],
    ]),
    message: /byte 5: x is 34; expected below 34/,
  },
  { what: 'a y outside', format: 'aer', text: aerBytes([[0, 34, 0, 0]]), message: /byte 0: y is 34/ },
];

for (const { what, format, text, message } of malformed) {
  test(`${what} in ${format} is refused`, async (t) => {
    for (const bytes of [Buffer.from(text), gzipSync(text)]) {
      const error = await t.throwsAsync(read(bytes, format), { instanceOf: SynfireError, message });
      t.is(error.code, 'ERR_SYNFIRE_DATA_FORMAT');
      t.truthy(error.field);
      t.truthy(error.expected);
      await t.throwsAsync(piecesOf(streamSpikeTrains(bytes, { format })), { message: error.message });
    }
  });
}

test('limits of neurons and spikes are kept', async (t) => {
  await t.throwsAsync(read('1,2\n9,3', 'csv', { maxNeurons: 9 }), {
    message: /line 2: neuron is 9; .*0 to 8/,
  });
  await t.throwsAsync(read('1,2\n1,3', 'csv', { maxSpikes: 1 }), {
    message: /line 2: spikes is 2; .*at most 1;/,
  });
  await t.throwsAsync(read(exampleJson, 'json', { maxSpikes: 5 }), { message: /spikes is 6/ });
  t.is((await read(exampleJson, 'json', { maxSpikes: 6 })).timesMs.length, 6);
  await t.throwsAsync(read(events, 'aer', { maxNeurons: 34 * 34 }), { message: /byte 15: neuron is 2280/ });
});

test('negative zeros are zeros', async (t) => {
  for (const [format, text] of [
    ['json', inTrains('{"neuron_id": -0, "spike_times": [-0, 1]}')],
    ['csv', '-0,-0\n0,1'],
  ] as const) {
    const trains = await read(text, format);
    t.deepEqual([...trains.timesMs], [0, 1]);
    t.true(Object.is(trains.timesMs[0], 0));
  }
});

test('options that make no sense are refused', async (t) => {
  const refusals: [ReadSpikeOptions, string][] = [
    [{ format: 'xml' as SpikeFormat }, 'format'],
    [{ format: 'toString' as SpikeFormat }, 'format'],
    [{}, 'format'],
    [{ format: 'csv', untilMs: 0 }, 'untilMs'],
    [{ format: 'csv', untilMs: Number.NaN }, 'untilMs'],
    [{ format: 'csv', unsorted: 'no' as 'sort' }, 'unsorted'],
    [{ format: 'csv', maxNeurons: 0 }, 'maxNeurons'],
    [{ format: 'csv', maxSpikes: -1 }, 'maxSpikes'],
    [{ format: 'aer', sensor: { width: 257, height: 1 } }, 'sensor.width'],
    [{ format: 'aer', sensor: { width: 1, height: 241 } }, 'sensor.height'],
  ];
  for (const [options, field] of refusals) {
    const error = await t.throwsAsync(readSpikeTrains(Buffer.of(), options), { instanceOf: SynfireError });
    t.is(error.code, 'ERR_SYNFIRE_INVALID_ARGUMENT');
    t.is(error.field, field);
  }
  await t.throwsAsync(readSpikeTrains('trains.txt'), {
    message: /format is "trains.txt"; expected json, ndjson/,
  });
  const missing = await t.throwsAsync(readSpikeTrains('/nowhere/trains.csv'), { instanceOf: SynfireError });
  t.is(missing.code, 'ERR_SYNFIRE_DATA_MISSING');
});

test('an aborted reading rejects with the reason', async (t) => {
  const reason = new Error('enough');
  t.is(await t.throwsAsync(read('1,2', 'csv', { signal: AbortSignal.abort(reason) })), reason);
  const path = join(await temporaryFolder(), 'trains.csv');
  await writeSpikeTrains(path, many);
  const controller = new AbortController();
  const error = await t.throwsAsync(async () => {
    for await (const _ of streamSpikeTrains(path, { signal: controller.signal })) controller.abort(reason);
  });
  t.is(error, reason);
});

test('trains that are none are not written, and the file that was there stays', async (t) => {
  const path = join(await temporaryFolder(), 'trains.json');
  await writeFile(path, exampleJson);
  const good = await readSpikeTrains(path);
  const layers = good.layers!;
  const refusals: [Partial<SpikeTrains>, string][] = [
    [{ timesMs: [1, 2] as never }, 'timesMs'],
    [{ neurons: new Uint32Array(5) }, 'neurons'],
    [{ neurons: [1, 2, 3, 4, 5, 6] as never }, 'neurons'],
    [{ timesMs: Float64Array.of(0, 1, 2, 4, 3, 5) }, 'timesMs[4]'],
    [{ timesMs: Float64Array.of(-1, 1, 2, 3, 4, 5) }, 'timesMs[0]'],
    [{ timesMs: Float64Array.of(0, Number.NaN, 2, 3, 4, 5) }, 'timesMs[1]'],
    [{ timesMs: Float64Array.of(0, 1, 2, 3, 4, Infinity) }, 'timesMs[5]'],
    [{ durationMs: 62 }, 'durationMs'],
    [{ durationMs: Infinity }, 'durationMs'],
    [{ layers: { names: layers.names, ofSpikes: new Uint16Array(2) } }, 'layers.ofSpikes'],
    [{ layers: { names: ['one'], ofSpikes: layers.ofSpikes } }, 'layers.ofSpikes[0]'],
    [{ layers: { names: ['one', ''], ofSpikes: layers.ofSpikes } }, 'layers.names[1]'],
  ];
  for (const [change, field] of refusals) {
    const error = await t.throwsAsync(writeSpikeTrains(path, { ...good, ...change }), {
      instanceOf: SynfireError,
    });
    t.is(error.code, 'ERR_SYNFIRE_INVALID_ARGUMENT');
    t.is(error.field, field);
  }
  await t.throwsAsync(writeSpikeTrains(`${path}.csv`, good), { message: /no layers in CSV/ });
  for (const name of ['x.bin', 'x.txt', 'x.csv.gz']) {
    const error = await t.throwsAsync(writeSpikeTrains(name, many), { instanceOf: SynfireError });
    t.is(error.field, 'format');
  }
  t.is(await readFile(path, 'utf8'), exampleJson);
});

test('files are written as documented', async (t) => {
  const folder = await temporaryFolder();
  const trains = await read(exampleJson, 'json');
  await writeSpikeTrains(join(folder, 'a.json'), trains);
  const written = JSON.parse(await readFile(join(folder, 'a.json'), 'utf8'));
  t.deepEqual(written, {
    spike_trains: [
      { neuron_id: 1234, layer: 'granule_cell', spike_times: [12.5, 25.8, 47.2, 62.1], duration: 120 },
      { neuron_id: 7, layer: 'purkinje', spike_times: [0, 25.8], duration: 120 },
    ],
  });
  await writeSpikeTrains(join(folder, 'a.txt'), trains, { format: 'ndjson' });
  const lines = (await readFile(join(folder, 'a.txt'), 'utf8')).trimEnd().split('\n');
  t.deepEqual(
    lines.map((line) => JSON.parse(line)),
    written.spike_trains,
  );
  const { layers, ...flat } = trains;
  t.truthy(layers);
  await writeSpikeTrains(join(folder, 'a.csv'), flat);
  t.is(
    await readFile(join(folder, 'a.csv'), 'utf8'),
    'neuron,time_ms\n7,0\n1234,12.5\n1234,25.8\n7,25.8\n1234,47.2\n1234,62.1\n',
  );
});

test('labelled folders are listed by label and name, and read one by one', async (t) => {
  const folder = await temporaryFolder();
  for (const [label, name, x] of [
    ['10', 'b.bin', 4],
    ['2', '00002.bin', 2],
    ['2', '00001.bin', 1],
    ['2', 'notes.txt', 0],
    ['10', 'a.bin', 3],
    ['other', 'c.bin', 5],
  ] as const) {
    await mkdir(join(folder, label), { recursive: true });
    await writeFile(join(folder, label, name), aerBytes([[x, 0, 0, 7000]]));
  }
  const files = await listLabelledFiles(folder);
  t.deepEqual(files, [
    { path: join(folder, '2', '00001.bin'), label: 2 },
    { path: join(folder, '2', '00002.bin'), label: 2 },
    { path: join(folder, '10', 'a.bin'), label: 10 },
    { path: join(folder, '10', 'b.bin'), label: 10 },
  ]);
  const samples: [number, number][] = [];
  for await (const { label, neurons, timesMs } of readLabelledSpikeTrains(files)) {
    t.deepEqual([...timesMs], [7]);
    samples.push([label, neurons[0]!]);
  }
  t.deepEqual(samples, [
    [2, 1],
    [2, 2],
    [10, 3],
    [10, 4],
  ]);
});

test('folders without recordings say so', async (t) => {
  const folder = await temporaryFolder();
  for (const path of [folder, join(folder, 'nothing')]) {
    const error = await t.throwsAsync(listLabelledFiles(path), { instanceOf: SynfireError });
    t.is(error.code, 'ERR_SYNFIRE_DATA_MISSING');
    t.is(error.value, path);
  }
  await writeFile(join(folder, '0'), 'no folder');
  const error = await t.throwsAsync(listLabelledFiles(folder), { instanceOf: SynfireError });
  t.is(error.code, 'ERR_SYNFIRE_IO');
});

const bombs: [name: string, format: SpikeFormat, start: string, piece: string, times: number][] = [
  ['empty lines', 'json', '', ' \\n', 8e6],
  ['skipped values', 'json', '{"a": [0', ', [{}, "x"]', 4e5],
  ['silent trains', 'ndjson', '', '{"neuron_id": 1, "spike_times": []}\\n', 4e5],
  ['late spikes', 'csv', '', '1,99\\n', 3e6],
  ['clock events', 'aer', '', '\\0\\xf0\\0\\0\\0', 4e6],
];

for (const [name, format, start, piece, times] of bombs) {
  (memoryIsTelling ? test : test.skip)(`${name} in ${format} are streamed in little memory`, async (t) => {
    const path = join(await temporaryFolder(), 'bomb.gz');
    await memoryOf(`
      const { writeFileSync } = await import('node:fs');
      const { gzipSync } = await import('node:zlib');
      writeFileSync(${JSON.stringify(path)}, gzipSync(Buffer.from('${start}' + '${piece}'.repeat(${times}), 'latin1')));`);
    const { bytes, output } = await memoryOf(`
      const options = { format: ${JSON.stringify(format)}, untilMs: 50 };
      let spikes = 0;
      try {
        for await (const { timesMs } of data.streamSpikeTrains(${JSON.stringify(path)}, options)) {
          spikes += timesMs.length;
        }
      } catch (error) {
        if (!/the end of the file/.test(error.message)) throw error;
      }
      console.log(spikes);`);
    t.is(output, '0');
    t.true(bytes < 48 * 2 ** 20, `${bytes} bytes`);
  });
}
