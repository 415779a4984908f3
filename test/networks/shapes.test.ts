import test from 'ava';
import { check } from '../../lib/config/check.ts';
import { type LayerOptions, type NetworkOptions, networkSchema } from '../../lib/config/schema.ts';
import { SynfireError } from '../../lib/errors.ts';
import {
  avgPool2d,
  conv2d,
  dense,
  dropout,
  flatten,
  integrateAndFire,
  leaky,
  lif,
  maxPool2d,
  sumPool2d,
} from '../../lib/networks/layers.ts';
import { inferShapes } from '../../lib/networks/shapes.ts';

const infer = (layers: LayerOptions[], others: Partial<NetworkOptions> = {}) =>
  inferShapes(check(networkSchema, { inputShape: [3, 32, 24], layers, ...others }, { root: 'network' }));
const outputs = (layers: LayerOptions[]) => infer(layers).map((shape) => shape.output);

test('a convolution gives a row and a column for every place of its window', (t) => {
  t.deepEqual(outputs([conv2d({ filters: 8, kernel: 5 }), dense({ units: 2 })])[0], [8, 28, 20]);
  t.deepEqual(outputs([conv2d({ filters: 8, kernel: 3, padding: 1 }), dense({ units: 2 })])[0], [8, 32, 24]);
  t.deepEqual(outputs([conv2d({ filters: 8, kernel: 5, stride: 2 }), dense({ units: 2 })])[0], [8, 14, 10]);
  const uneven = conv2d({ filters: 1, kernel: [32, 3], stride: [1, 5], padding: [0, 2] });
  t.deepEqual(outputs([uneven, dense({ units: 2 })])[0], [1, 1, 6]);
});

test('a convolution counts what a dense network would do', (t) => {
  const [conv, readout] = infer([conv2d({ filters: 8, kernel: [5, 3], stride: 2 }), dense({ units: 2 })]);
  t.deepEqual(conv, {
    name: 'layers.0',
    kind: 'conv2d',
    input: [3, 32, 24],
    output: [8, 14, 11],
    macs: 8 * 14 * 11 * 3 * 15,
    synapses: { weightShape: [8, 3, 5, 3], fanIn: 45, fanOut: 120 },
  });
  t.deepEqual(readout?.synapses, { weightShape: [2, 8 * 14 * 11], fanIn: 8 * 14 * 11, fanOut: 2 });
});

/** A layer of neurons for those that only rearrange what a layer below sends. */
const neurons = conv2d({ filters: 3, kernel: 1 });

test('pooling windows touch unless a stride is given', (t) => {
  const pooled = (layer: LayerOptions) => outputs([neurons, layer, dense({ units: 2 })])[1];
  t.deepEqual(pooled(avgPool2d({ kernel: 2 })), [3, 16, 12]);
  t.deepEqual(pooled(maxPool2d({ kernel: 3, stride: 1 })), [3, 30, 22]);
  t.deepEqual(pooled(sumPool2d({ kernel: 3, padding: 1, stride: 2 })), [3, 16, 12]);
  t.deepEqual(pooled(avgPool2d({ kernel: 5 })), [3, 6, 4]);
});

test('dropout keeps a shape, flatten and dense forget positions', (t) => {
  const layers = [
    neurons,
    dropout(),
    flatten(),
    dense({ units: 7 }),
    dropout({ rate: 0.1 }),
    dense({ units: 2 }),
  ];
  t.deepEqual(outputs(layers), [[3, 32, 24], [3, 32, 24], [2304], [7], [7], [2]]);
});

const misfits: [what: string, field: string, layers: LayerOptions[], others?: Partial<NetworkOptions>][] = [
  [
    'a kernel larger than its input',
    'network.layers.1.kernel',
    [neurons, conv2d({ filters: 1, kernel: 40 })],
  ],
  [
    'a pool larger than its input',
    'network.layers.1.kernel',
    [neurons, maxPool2d({ kernel: [1, 25] }), dense({ units: 2 })],
  ],
  [
    'padding beyond half a pool',
    'network.layers.1.padding',
    [neurons, avgPool2d({ kernel: 2, padding: 2 }), dense({ units: 2 })],
  ],
  [
    'a convolution after dense',
    'network.layers.1.kind',
    [dense({ units: 4 }), conv2d({ filters: 1, kernel: 1 })],
  ],
  [
    'a pool after flatten',
    'network.layers.2.kind',
    [neurons, flatten(), sumPool2d({ kernel: 1 }), dense({ units: 2 })],
  ],
  ['a convolution at the end', 'network.layers.0.kind', [conv2d({ filters: 4, kernel: 3 })]],
  [
    'two layers of one name',
    'network.layers.1.name',
    [flatten({ name: 'a' }), dense({ name: 'a', units: 2 })],
  ],
  [
    'hidden integrators',
    'network.layers.0.neuron',
    [dense({ units: 4, neuron: leaky() }), dense({ units: 2 })],
  ],
  [
    'a hidden layer without neurons',
    'network.layers.0.neuron',
    [dense({ units: 4, neuron: null }), dense({ units: 2 })],
  ],
  [
    'a linear readout that skips steps',
    'network.layers.0.updateEvery',
    [dense({ units: 2, updateEvery: 2 })],
  ],
  ['a linear readout with a memory', 'network.layers.0.input', [dense({ units: 2, input: 'window' })]],
  [
    'a linear readout with a gain',
    'network.layers.0.inputGain',
    [dense({ units: 2, neuron: null, inputGain: 2 })],
  ],
  [
    'a readout of potentials from spiking neurons',
    'network.readout',
    [dense({ units: 2, neuron: lif() })],
    {
      readout: 'maxMembrane',
    },
  ],
  [
    'a readout of potentials without neurons',
    'network.readout',
    [dense({ units: 2 })],
    { readout: 'lastMembrane' },
  ],
  ['a readout of counts from integrators', 'network.readout', [dense({ units: 2, neuron: leaky() })]],
  [
    'a layer beyond 32 bits',
    'network.layers.0.kind',
    [conv2d({ filters: 4096, kernel: 1 }), dense({ units: 2 })],
    { inputShape: [1, 4096, 4096] },
  ],
  [
    'padding as large as a kernel',
    'network.layers.0.padding',
    [conv2d({ filters: 1, kernel: 3, padding: 3 }), dense({ units: 2 })],
  ],
  [
    'a sum of too many values',
    'network.layers.1.kernel',
    [neurons, sumPool2d({ kernel: 12 }), dense({ units: 2 })],
  ],
  [
    'a mean of too many values',
    'network.layers.1.kernel',
    [neurons, avgPool2d({ kernel: 12 }), dense({ units: 2 })],
  ],
  [
    'updates more seldom than there are steps',
    'network.layers.0.updateEvery',
    [dense({ units: 4, updateEvery: 11 }), dense({ units: 2 })],
  ],
  ['pooling of the input', 'network.layers.0.kind', [maxPool2d({ kernel: 2 }), dense({ units: 2 })]],
  ['dropout of the input', 'network.layers.1.kind', [flatten(), dropout(), dense({ units: 2 })]],
  ['one class', 'network.layers.0.units', [dense({ units: 1 })]],
  ['more classes than the engine knows', 'network.layers.0.units', [dense({ units: 5000 })]],
  [
    'weights beyond 32 bits',
    'network.layers.1.kind',
    [dense({ units: 65536 }), dense({ units: 65536 }), dense({ units: 2 })],
  ],
];

for (const [what, field, layers, others] of misfits) {
  test(`${what} is refused`, (t) => {
    const error = t.throws(() => infer(layers, others), { instanceOf: SynfireError });
    t.is(error.code, 'ERR_SYNFIRE_CONFIG');
    t.is(error.field, field);
    t.truthy(error.expected);
  });
}

test("an error tells a layer's own name", (t) => {
  const layers = [conv2d({ name: 'edges', filters: 1, kernel: 50 }), dense({ units: 2 })];
  const { message } = t.throws(() => infer(layers), { instanceOf: SynfireError });
  t.regex(message, /network\.layers\.0\.kernel is \[50,50\]; expected at most 32 x 24, .* in layer "edges"/);
});

test('readouts of every sort are accepted', (t) => {
  t.notThrows(() =>
    infer([dense({ units: 2, neuron: integrateAndFire(), updateEvery: 2, input: 'window' })]),
  );
  t.notThrows(() => infer([dense({ units: 2, neuron: leaky() })], { readout: 'lastMembrane' }));
  t.notThrows(() => infer([dense({ units: 2, neuron: leaky() })], { readout: 'maxMembrane' }));
});
