// The description of spatial networks: grids, windows, activations, learning rates, and what is wrong with them.
import test from 'ava';
import { loadAnyRun } from '../../lib/config/load.ts';
import { completeSpatial } from '../../lib/config/spatial-grids.ts';
import { activationNames } from '../../lib/config/spatial-map.ts';
import { spatialPresetNames } from '../../lib/config/spatial-training.ts';
import { parseAnyRun } from '../../lib/config/toml.ts';
import { native } from '../../lib/native/index.ts';
import { activationMap } from '../../lib/networks/spatial-spec.ts';
import { type Expected, throwsError } from '../networks/errors.ts';

const config = (grids: unknown, options: unknown = {}) => completeSpatial(grids, options);

test('numbers of neurons become boxes that are as near to a cube as can be', (t) => {
  const boxes: [number, number[]][] = [
    [1, [1, 1, 1]],
    [4, [2, 2, 1]],
    [7, [7, 1, 1]],
    [10, [5, 2, 1]],
    [16, [4, 2, 2]],
    [64, [4, 4, 4]],
    [512, [8, 8, 8]],
    [2 ** 24, [256, 256, 256]],
  ];
  for (const [neurons, box] of boxes) t.deepEqual(config([neurons, [3, 2, 1]]).grids, [box, [3, 2, 1]]);
});

test('what is left out has its default, and one entry stands for all layers', (t) => {
  const { options } = config([4, 16, 4]);
  t.deepEqual(options, {
    ...{ bits: 4, capacity: 256, patternBits: 3, rounding: 'stochastic', temporalDecay: 0, seed: 42 },
    device: 'cpu',
    reach: [
      [1, 1, 1],
      [1, 1, 1],
    ],
    activation: ['map', 'identity'],
    learningRate: { initial: 0.08, min: 0.08, max: 0.1 },
    growth: { threshold: 0.9, everyBatches: 0, maxNeurons: 2 ** 26 },
  } as never);
  const reached = (reach: unknown) => config([27, 27, 27, 27], { reach }).options.reach;
  t.deepEqual(reached([0, 1, 2]), new Array(3).fill([0, 1, 2]));
  t.deepEqual(reached([0, 1, [2, 1, 0]]), [
    [0, 0, 0],
    [1, 1, 1],
    [2, 1, 0],
  ]);
  t.deepEqual(config([4, 16, 4], { activation: 'tanh' }).options.activation, ['tanh', 'tanh']);
  const table = new Array(8).fill(new Array(8).fill('sine'));
  t.deepEqual(config([4, 16, 4], { activation: table }).options.activation, [table, table]);
  t.deepEqual(config([4, 16, 4], { activation: [table, 'relu'] }).options.activation, [table, 'relu']);
});

test('bounds of the learning rate make room for the first one', (t) => {
  const rates = (learningRate: unknown) => config([4, 4], { learningRate }).options.learningRate;
  t.deepEqual(rates(0.09), { initial: 0.09, min: 0.08, max: 0.1 });
  t.deepEqual(rates(0.01), { initial: 0.01, min: 0.01, max: 0.1 });
  t.deepEqual(rates(0), { initial: 0, min: 0, max: 0.1 });
  t.deepEqual(rates({ initial: 0.5 }), { initial: 0.5, min: 0.08, max: 0.5 });
  t.deepEqual(rates({ min: 0.06, max: 0.07 }), { initial: 0.07, min: 0.06, max: 0.07 });
});

test('a complete description stays as it is', (t) => {
  const once = config([64, [4, 4, 1], 4], { reach: [1, [0, 1, 1]], learningRate: 0.2, threads: 2 });
  t.deepEqual(config(once.grids, once.options), once);
});

test('activations have the numbers of the engine, and the default map has all of them', (t) => {
  t.deepEqual(native().spatialActivations(), [...activationNames]);
  const map = activationMap('map');
  t.is(map.length, 64);
  t.deepEqual(
    [...new Set(map)].sort((a, b) => a - b),
    [...activationNames.keys()],
  );
  t.deepEqual([...activationMap('tanh')], new Array(64).fill(6));
  const rows = Array.from({ length: 8 }, (_, row) => new Array(8).fill(activationNames[row]!));
  t.deepEqual([...activationMap(rows)].slice(6, 10), [0, 0, 1, 1]);
});

const whole = /an integer from 1 to 65535/;
const wrong: [string, unknown, unknown, Expected][] = [
  ['no grids', undefined, {}, { field: 'grids', expected: /a list of 2 to 256 grids/ }],
  ['a single grid', [[4, 4, 1]], {}, { field: 'grids', expected: /2 to 256/ }],
  ['a grid without neurons', [4, 0], {}, { field: 'grids[1]', value: 0, expected: /from 1 to 268435456/ }],
  ['a grid without depth', [4, [2, 2, 0]], {}, { field: 'grids[1][2]', value: 0, expected: whole }],
  ['a negative size', [[-3, 2, 2], 4], {}, { field: 'grids[0][0]', value: -3, expected: whole }],
  ['a broken size', [[3, 2.5, 2], 4], {}, { field: 'grids[0][1]', value: 2.5, expected: whole }],
  ['a size that is no number', [[3, Number.NaN, 2], 4], {}, { field: 'grids[0][1]', expected: whole }],
  ['a size in words', [['3', 3, 2], 4], {}, { field: 'grids[0][0]', value: '3', expected: whole }],
  ['a side beyond 16 bits', [[65536, 1, 1], 4], {}, { field: 'grids[0][0]', value: 65536, expected: whole }],
  ['too many cells', [[65535, 65535, 2], 4], {}, { field: 'grids[0]', expected: /at most 268435456 cells/ }],
  ['too many neurons', [4, 2 ** 31], {}, { field: 'grids[1]', value: 2 ** 31 }],
  ['neurons without end', [4, Infinity], {}, { field: 'grids[1]', expected: /from 1 to 268435456/ }],
  ['a long prime', [65537, 4], {}, { field: 'grids[0]', value: 65537, expected: /sides of at most 65535/ }],
  ['two sizes', [[2, 2], 4], {}, { field: 'grids[0]', expected: /neurons, or \[x, y, z\]/ }],
  ['three bits', [4, 4], { bits: 3 }, { field: 'bits', value: 3, expected: /^1, 2 or 4$/ }],
  ['a memory too small', [4, 4], { capacity: 7 }, { field: 'capacity', value: 7, expected: /8 to 65536/ }],
  [
    'windows beyond the capacity',
    [[9, 9, 9], 27],
    { reach: 3 },
    { field: 'reach', expected: /at most 256 weights.*7 x 7 x 7 cells.*are 344/ },
  ],
  ['a reach below 0', [4, 4], { reach: -1 }, { field: 'reach', value: -1, expected: /from 0 to 32/ }],
  ['a reach of two axes', [4, 4], { reach: [[1, 2]] }, { field: 'reach.0', expected: /\[x, y, z\]/ }],
  ['too few reaches', [4, 4, 4], { reach: [[1, 1, 1]] }, { field: 'reach', expected: /a list of 2/ }],
  [
    'a reach in words',
    [4, 4],
    { reach: 'far' },
    { field: 'reach', value: 'far', expected: /one for each layer/ },
  ],
  [
    'an unknown function',
    [4, 4],
    { activation: 'tanhh' },
    { field: 'activation', expected: /did you mean "tanh"/ },
  ],
  [
    'a table that is too small',
    [4, 4],
    { activation: [['relu']] },
    { field: 'activation.0', expected: /a row of 8 names/ },
  ],
  [
    'an unknown function in a list',
    [4, 4, 4],
    { activation: ['map', 'reluu'] },
    { field: 'activation.1', expected: /did you mean "relu"/ },
  ],
  ['a pattern of four bits', [4, 4], { patternBits: 4 }, { field: 'patternBits', value: 4 }],
  ['unknown rounding', [4, 4], { rounding: 'up' }, { field: 'rounding', value: 'up' }],
  ['a sum that never decays', [4, 4], { temporalDecay: 1 }, { field: 'temporalDecay', value: 1 }],
  [
    'rates in the wrong order',
    [4, 4],
    { learningRate: { initial: 0.5, max: 0.1 } },
    { field: 'learningRate', expected: /min <= initial <= max/ },
  ],
  ['a share beyond 1', [4, 4], { growth: { threshold: 1.5 } }, { field: 'growth.threshold', value: 1.5 }],
  ['an unknown key', [4, 4], { capasity: 5 }, { field: 'capasity', expected: /capacity/ }],
  ['a seed in words', [4, 4], { seed: 'a' }, { field: 'seed', value: 'a' }],
];

for (const [name, grids, options, expected] of wrong) {
  test(`${name} is refused`, (t) => {
    throwsError(t, () => config(grids, options), { code: 'ERR_SYNFIRE_CONFIG', ...expected });
  });
}

// ---- runs ---------------------------------------------------------------------------------------------------------

const toml = (text: string) => parseAnyRun({ text, file: 'run.toml', language: 'toml' });

test('a preset is a complete run, and what is written lies over it', (t) => {
  for (const preset of spatialPresetNames) {
    const run = toml(`preset = "${preset}"`);
    t.is(run.kind, 'spatial');
    const again = parseAnyRun({ text: JSON.stringify(run.config), file: 'run.json', language: 'json' });
    t.deepEqual(again, run);
  }
  const { config: changed } = toml(`
    [network]
    preset = "spatial-digits"
    capacity = 1024
    growth = { threshold = 0.5 }
    learning_rate = 0.02
    activation = ["leaky-relu", "map", "identity"]
    [training]
    epochs = 2
    [training.prune]
    by = "contribution"
    [checkpoint]
    save_every_samples = 500`);
  t.like(changed, {
    network: { preset: 'spatial-digits', capacity: 1024, learningRate: { initial: 0.02 } },
    training: { epochs: 2, prune: { threshold: 0.01, by: 'contribution' } },
    data: { name: 'digits' },
    checkpoint: { saveEverySamples: 500, saveBest: true },
  });
});

test('the example says what its preset does', async (t) => {
  const example = new URL('../../../examples/spatial-digits.toml', import.meta.url).pathname;
  t.deepEqual(await loadAnyRun(example), await loadAnyRun('spatial-digits'));
});

test('errors of a file name the line', (t) => {
  const written = '[network]\npreset = "spatial-digits"\n';
  const faults: [string, RegExp][] = [
    ['bits = 3', /^run\.toml:3: network\.bits is 3; expected 1, 2 or 4/],
    ['grids = [\n [4, 4, 1],\n [4, 0, 1]]', /^run\.toml:5: network\.grids\[1\]\[1\] is 0/],
    ['grids = 5', /^run\.toml:3: network\.grids is 5; expected a list of grids/],
    [
      'capacity = 100',
      /^run\.toml: network\.reach is \[4,4,8\]; expected windows of at most 100|^run\.toml:\d+: /,
    ],
    ['[training]\nepoch = 3', /^run\.toml:4: training\.epoch is not a known key; did you mean epochs/],
  ];
  for (const [line, message] of faults) t.throws(() => toml(written + line), { message });
  t.throws(() => toml('preset = "spatial-digit"'), {
    message: /network\.preset.*did you mean "spatial-digits"/,
  });
});
