import test, { type ExecutionContext } from 'ava';
import { mostCharacters } from '../../lib/config/source.ts';
import { parseJson, parseToml } from '../../lib/config/toml.ts';
import { SynfireError } from '../../lib/errors.ts';

function refused(t: ExecutionContext, text: string, parse = parseToml): SynfireError {
  const error = t.throws(() => parse(text, 'run.toml'), { instanceOf: SynfireError });
  t.is(error.code, 'ERR_SYNFIRE_CONFIG');
  return error;
}

test('a file describes a whole run', (t) => {
  const run = parseToml(`
    [network]
    input_shape = [1, 28, 28]
    timesteps = 8
    encoder = { kind = "rate", gain = 0.5 }

    [[network.layers]]
    kind = "conv2d"
    filters = 4
    kernel = 5
    update_every = 2
    input = "cumulative"
    neuron = { kind = "lif", reset = "subtract" }

    [[network.layers]]
    kind = "avg_pool_2d"
    kernel = 2

    [[network.layers]]
    kind = "dense"
    units = 10

    [training]
    batchSize = 32
    [training.schedule]
    kind = "cosine"
    warmup_epochs = 0.5
    [training.augmentation]
    shift = 2

    [data]
    name = "fashion-mnist"
    [checkpoint]
    save_every_epochs = 2
    [metrics]
    file = "metrics.jsonl"
  `);
  t.like(run.network, { timesteps: 8, encoder: { kind: 'rate', gain: 0.5 } });
  t.like(run.network.layers[0], { filters: 4, updateEvery: 2, input: 'cumulative' });
  t.like(run.network.layers[0], { neuron: { kind: 'lif', decay: 0.9, reset: { kind: 'subtract' } } });
  t.is(run.network.layers[1]?.kind, 'avgPool2d');
  t.like(run.training, { batchSize: 32, schedule: { kind: 'cosine', warmupEpochs: 0.5 } });
  t.like(run.training.augmentation, { shift: 2, rotate: 0 });
  t.is(run.data.name, 'fashion-mnist');
  t.is(run.checkpoint.saveEveryEpochs, 2);
  t.is(run.metrics.file, 'metrics.jsonl');
});

test('a preset is the ground on which the own keys of a file stand', (t) => {
  const plain = parseToml('preset = "conv-snn"');
  const changed = parseToml(`
    [network]
    preset = "conv-snn"
    timesteps = 6
    [training]
    epochs = 2
    [training.optimizer]
    learning_rate = 0.5
  `);
  t.is(changed.network.timesteps, 6);
  t.deepEqual(changed.network.layers, plain.network.layers);
  t.like(changed.training, { epochs: 2, batchSize: 64, schedule: { kind: 'cosine' } });
  t.like(changed.training.optimizer, { kind: 'adam', learningRate: 0.5 });
});

test("a file's layers replace those of a preset", (t) => {
  const { layers } = parseToml('preset = "conv-snn"\n[[network.layers]]\nkind = "dense"\nunits = 10').network;
  t.is(layers.length, 1);
});

test('keys and sections of older training guides are accepted', (t) => {
  const run = parseToml(`
    preset = "conv-snn"
    [training]
    learning_rate = 0.25
    weight_decay = 0.001
    batch_size = 16
    optimizer = "adamw"
    [training.stdp]
    enabled = false
    learning_rate = 0.01
    tau_pre = 20.0
    a_plus = 0.1
    [training.stdp.metaplasticity]
    enabled = false
    tau_meta = 1000.0
    scaling_factor = 1.2
    [training.convergence]
    patience = 100
    min_delta = 1e-6
    monitor_metric = "loss"
    mode = "min"
    [data.augmentation]
    rotate = 5
    [checkpoint]
    checkpoint_dir = "checkpoints/"
    max_checkpoints = 10
    save_interval = 100
    save_best = true
  `);
  t.like(run.training.optimizer, { kind: 'adamw', learningRate: 0.25, weightDecay: 0.001, beta1: 0.9 });
  t.is(run.training.batchSize, 16);
  t.deepEqual(run.training.convergence, {
    patience: 100,
    minDelta: 1e-6,
    monitor: 'validationLoss',
    mode: 'min',
  });
  t.like(run.training.augmentation, { rotate: 5, shift: 1 });
  t.deepEqual(run.checkpoint, { directory: 'checkpoints/', keep: 10, saveEveryEpochs: 100, saveBest: true });
});

test('a syntax error names file, line and column', (t) => {
  const error = refused(t, 'preset = "conv-snn"\n[training]\nepochs = \n');
  t.regex(error.message, /^run\.toml:3:\d+: /);
  t.is(error.message.split('\n').length, 1);
});

test('every problem of a file is reported with its line', (t) => {
  const error = refused(
    t,
    `preset = "conv-snn"
[training]
epochs = 0
batch_sise = 64
[training.optimizer]
kind = "adam"
beta1 = 2
`,
  );
  t.deepEqual(error.message.split('\n').sort(), [
    'run.toml:3: training.epochs is 0; expected an integer from 1 to 1000000',
    'run.toml:4: training.batchSise is not a known key; did you mean batchSize?',
    'run.toml:7: training.optimizer.beta1 is 2; expected a number from 0 to 0.9999999',
  ]);
});

test('a missing key is reported at the section that lacks it', (t) => {
  const text = '[network]\ninput_shape = [1, 8, 8]\n\n[[network.layers]]\nkind = "dense"\n';
  t.regex(refused(t, text).message, /^run\.toml:4: network\.layers\.0\.units is missing/);
});

test('layers that do not fit are reported with their line', (t) => {
  const text =
    '[network]\ninput_shape = [1, 4, 4]\n[[network.layers]]\nkind = "conv2d"\nfilters = 2\nkernel = 5\n';
  const error = refused(t, text);
  t.is(error.field, 'network.layers.0.kernel');
  t.regex(error.message, /^run\.toml:6: .*at most 4 x 4/);
});

test('a key that was moved is reported where it was written', (t) => {
  const learningRate = refused(t, 'preset = "conv-snn"\n[training]\nlearning_rate = -1');
  t.regex(learningRate.message, /^run\.toml:3: training\.optimizer\.learningRate is -1/);
  const preset = refused(t, '\npreset = "conv-snm"');
  t.regex(preset.message, /^run\.toml:2: network\.preset is "conv-snm".*did you mean "conv-snn"\?/);
});

test('switching STDP on is explained', (t) => {
  const error = refused(t, 'preset = "conv-snn"\n[training.stdp]\nenabled = true');
  t.regex(error.message, /^run\.toml:3: training\.stdp\.enabled is true; .*event networks/);
});

test('a key in two spellings or two places is refused', (t) => {
  t.is(refused(t, '[training]\nbatch_size = 1\nbatchSize = 1').field, 'training.batchSize');
  const twice = refused(t, '[training]\nlearning_rate = 1\n[training.optimizer]\nlearning_rate = 2');
  t.regex(twice.message, /^run\.toml:2: training\.learningRate is 1; expected it only once/);
});

test('a file without a network says what it needs', (t) => {
  t.regex(refused(t, '').message, /^run\.toml: network is missing; expected a network or a preset/);
});

const hostile: [what: string, text: string][] = [
  ['a prototype key', '__proto__ = { polluted = true }'],
  ['a quoted prototype key', '["__proto__"]\npolluted = true'],
  ['a constructor key', '[constructor]\nprototype = 1'],
  ['a number that is none', 'preset = "conv-snn"\ntraining.clip_norm = nan'],
  ['an infinite number', 'preset = "conv-snn"\ntraining.clip_norm = inf'],
  ['an integer beyond 64 bits', 'preset = "conv-snn"\ntraining.epochs = 99999999999999999999'],
  ['an integer beyond 53 bits', 'preset = "conv-snn"\ntraining.epochs = 9007199254740993'],
  ['a date', 'preset = "conv-snn"\ntraining.epochs = 1979-05-27'],
  ['a time', 'preset = "conv-snn"\ntraining.epochs = 07:32:00'],
  ['deep lists', `a = ${'['.repeat(5000)}${']'.repeat(5000)}`],
  ['deep tables', `[${'a.'.repeat(50_000)}a]\nb = 1`],
  ['a deep key', `${'a.'.repeat(50_000)}a = 1`],
  ['too much text', `# ${'x'.repeat(mostCharacters)}`],
  ['a control character', 'a = "\u0001"'],
  ['a section where a value belongs', 'preset = "conv-snn"\n[training.epochs]\na = 1'],
  ['a value where a section belongs', 'preset = "conv-snn"\ntraining = 3'],
  ['a value where a moved key belongs', 'preset = "conv-snn"\ntraining = 3\n[data.augmentation]\nshift = 1'],
  ['a list of sections', 'preset = "conv-snn"\n[[training]]\nepochs = 1'],
];

for (const [what, text] of hostile) {
  test(`${what} is refused`, (t) => {
    const started = performance.now();
    refused(t, text);
    t.true(performance.now() - started < 2000);
    t.false('polluted' in {});
  });
}

test('JSON describes a run as well', (t) => {
  const run = parseJson('{"preset": "conv-snn", "training": {"epochs": 3, "batch_size": 8}}');
  t.like(run.training, { epochs: 3, batchSize: 8 });
});

test('errors of JSON name file and line', (t) => {
  const wrong = refused(t, '{\n "preset": "conv-snn",\n "training": {\n  "epochs": 0\n }\n}', parseJson);
  t.regex(wrong.message, /^run\.toml:4: training\.epochs is 0/);
  t.regex(refused(t, '{\n "preset": }', parseJson).message, /^run\.toml:2:\d+: /);
  t.regex(refused(t, '', parseJson).message, /^run\.toml:1:1: /);
});

test('hostile JSON is refused', (t) => {
  refused(t, '{"__proto__": {"polluted": true}}', parseJson);
  refused(t, '{"preset": "conv-snn", "training": {"epochs": 1e999}}', parseJson);
  refused(t, `${'{"a":'.repeat(5000)}1${'}'.repeat(5000)}`, parseJson);
  refused(t, '[1]', parseJson);
  refused(t, 'null', parseJson);
  t.false('polluted' in {});
});
