import test from 'ava';
import { check } from '../../lib/config/check.ts';
import {
  checkpointSchema,
  dataSchema,
  type NetworkOptions,
  networkSchema,
  runSchema,
  trainingSchema,
} from '../../lib/config/schema.ts';
import { SynfireError } from '../../lib/errors.ts';

const network: NetworkOptions = { inputShape: [1, 8, 8], layers: [{ kind: 'dense', units: 3 }] };

function problem(run: () => unknown): SynfireError {
  try {
    run();
  } catch (error) {
    if (error instanceof SynfireError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

const networkProblem = (changes: Record<string, unknown>) =>
  problem(() => check(networkSchema, { ...network, ...changes }, { root: 'network' }));
const trainingProblem = (training: Record<string, unknown>) =>
  problem(() => check(trainingSchema, training, { root: 'training' }));

test('a network needs its input and its layers only', (t) => {
  t.deepEqual(networkSchema.parse(network), {
    inputShape: [1, 8, 8],
    timesteps: 10,
    seed: 42,
    precision: 'mixed',
    encoder: { kind: 'hybrid', deterministicSteps: 5 },
    layers: [
      {
        kind: 'dense',
        units: 3,
        bias: true,
        updateEvery: 1,
        input: 'latest',
        inputGain: 1,
        trainWeight: true,
        trainBias: true,
        learningRateScale: 1,
        init: { kind: 'he' },
      },
    ],
    readout: 'meanCount',
    loss: { kind: 'crossEntropy', labelSmoothing: 0, reduction: 'mean' },
    learning: {
      mode: 'bptt',
      surrogate: { kind: 'triangle', width: 1 },
      detachReset: true,
      rateDerivative: 'surrogate',
      ratePresynaptic: 'drive',
    },
  });
});

test('training, data and checkpoints need nothing', (t) => {
  const adam = {
    learningRate: 0.001,
    weightDecay: 0,
    decayFactor: 1,
    beta1: 0.9,
    beta2: 0.999,
    epsilon: 1e-8,
  };
  t.deepEqual(trainingSchema.parse({}), {
    epochs: 10,
    batchSize: 64,
    seed: 42,
    optimizer: { kind: 'adam', ...adam },
    schedule: { kind: 'constant', warmupEpochs: 0 },
    clipNorm: 0,
    sampleWeights: false,
  });
  t.deepEqual(checkpointSchema.parse({}), { keep: 3, saveEveryEpochs: 1, saveBest: true });
  t.is(dataSchema.parse({}).name, 'digits');
});

test('one number stands for height and width', (t) => {
  const layers: NetworkOptions['layers'] = [{ kind: 'conv2d', filters: 2, kernel: 3, stride: [2, 1] }];
  const [layer] = networkSchema.parse({ ...network, layers }).layers;
  t.like(layer, { kernel: [3, 3], stride: [2, 1], padding: [0, 0] });
});

test("a kind's name stands for the kind with its defaults", (t) => {
  const written = { encoder: 'rate', loss: 'mseCount', learning: { surrogate: 'atan' } } as const;
  t.like(networkSchema.parse({ ...network, ...written }), {
    encoder: { kind: 'rate', gain: 1 },
    loss: { kind: 'mseCount', targetCorrect: 1, targetIncorrect: 0, reduction: 'mean' },
    learning: { surrogate: { kind: 'atan', alpha: 2 } },
  });
  t.like(trainingSchema.parse({ optimizer: 'sgd' }), { optimizer: { kind: 'sgd', learningRate: 0.01 } });
});

test('options without a kind are options of the default kind', (t) => {
  t.like(networkSchema.parse({ ...network, encoder: { deterministicSteps: 2 } }), {
    encoder: { kind: 'hybrid', deterministicSteps: 2 },
  });
  t.like(trainingSchema.parse({ optimizer: { learningRate: 0.5 } }), {
    optimizer: { kind: 'adam', learningRate: 0.5, beta1: 0.9 },
  });
});

test('AdamW decays weights unless told otherwise, the other optimisers do not', (t) => {
  const decay = (kind: 'sgd' | 'adam' | 'adamw') =>
    trainingSchema.parse({ optimizer: kind }).optimizer.weightDecay;
  t.deepEqual([decay('sgd'), decay('adam'), decay('adamw')], [0, 0, 0.01]);
});

test('an error names the field, the value and what would be valid', (t) => {
  const error = trainingProblem({ optimizer: { kind: 'adam', beta1: 1 } });
  t.is(error.code, 'ERR_SYNFIRE_CONFIG');
  t.is(error.field, 'training.optimizer.beta1');
  t.is(error.value, 1);
  t.is(error.expected, 'a number from 0 to 0.9999999');
  t.is(error.message, 'training.optimizer.beta1 is 1; expected a number from 0 to 0.9999999');
});

test('a missing option says so', (t) => {
  const { message } = networkProblem({ layers: [{ kind: 'dense' }] });
  t.is(message, 'network.layers.0.units is missing; expected an integer from 1 to 1048576');
});

test('an unknown key is not accepted, and the nearest one is named', (t) => {
  const error = trainingProblem({ optimizer: { kind: 'sgd', momentun: 0.9 } });
  t.is(error.field, 'training.optimizer.momentun');
  t.is(error.value, 0.9);
  t.is(error.message, 'training.optimizer.momentun is not a known key; did you mean momentum?');
  t.regex(
    trainingProblem({ whatever: 1 }).message,
    /whatever is not a known key; expected one of the keys epochs, batchSize/,
  );
});

test('options of another kind are not accepted', (t) => {
  t.is(trainingProblem({ optimizer: { kind: 'sgd', beta1: 0.9 } }).field, 'training.optimizer.beta1');
  t.is(networkProblem({ layers: [{ kind: 'dropout', units: 3 }] }).field, 'network.layers.0.units');
});

test('an unknown kind is answered with the kinds that there are', (t) => {
  const { field, value, message } = networkProblem({ layers: [{ kind: 'dence', units: 3 }] });
  t.is(field, 'network.layers.0.kind');
  t.is(value, 'dence');
  t.regex(message, /one of "conv2d", "dense", .*did you mean "dense"\?/);
  t.is(networkProblem({ layers: [{ units: 3 }] }).field, 'network.layers.0.kind');
  t.is(networkProblem({ layers: [null] }).field, 'network.layers.0');
  t.is(networkProblem({ encoder: 'latncy' }).value, 'latncy');
});

test('several problems are listed, each once', (t) => {
  const { message } = trainingProblem({ epochs: 1e99, batchSize: 0, clipNorm: -1 });
  t.deepEqual(
    message.split('\n').map((line) => line.split(' ', 1)[0]),
    ['training.epochs', 'training.batchSize', 'training.clipNorm'],
  );
});

test('a flood of problems is cut off', (t) => {
  const layers = Array.from({ length: 100 }, () => ({ kind: 'dense', units: 0 }));
  const lines = networkProblem({ layers }).message.split('\n');
  t.is(lines.length, 9);
  t.is(lines.at(-1), '… and 92 more');
});

const outOfRange: [field: string, changes: Record<string, unknown>][] = [
  ['network.inputShape', { inputShape: [28, 28] }],
  ['network.inputShape.2', { inputShape: [1, 28, 0] }],
  ['network.timesteps', { timesteps: 0 }],
  ['network.timesteps', { timesteps: 2.5 }],
  ['network.timesteps', { timesteps: '10' }],
  ['network.seed', { seed: -1 }],
  ['network.seed', { seed: 2 ** 32 }],
  ['network.precision', { precision: 'float16' }],
  ['network.encoder.gain', { encoder: { kind: 'rate', gain: 0 } }],
  ['network.encoder.deterministicSteps', { encoder: { deterministicSteps: 0 } }],
  ['network.layers', { layers: [] }],
  ['network.layers', { layers: 'dense' }],
  ['network.layers.0.kernel', { layers: [{ kind: 'conv2d', filters: 1, kernel: [3, 3, 3] }] }],
  ['network.layers.0.kernel', { layers: [{ kind: 'conv2d', filters: 1, kernel: 0 }] }],
  ['network.layers.0.filters', { layers: [{ kind: 'conv2d', filters: Number.NaN, kernel: 3 }] }],
  ['network.layers.0.rate', { layers: [{ kind: 'dropout', rate: 1 }] }],
  ['network.layers.0.name', { layers: [{ kind: 'flatten', name: '1 2' }] }],
  ['network.layers.0.neuron.decay', { layers: [{ kind: 'dense', units: 1, neuron: { decay: 1.1 } }] }],
  [
    'network.layers.0.neuron.threshold',
    { layers: [{ kind: 'dense', units: 1, neuron: { kind: 'if', threshold: 0 } }] },
  ],
  [
    'network.layers.0.neuron.reset.value',
    { layers: [{ kind: 'dense', units: 1, neuron: { reset: 'value' } }] },
  ],
  ['network.layers.0.init.std', { layers: [{ kind: 'dense', units: 1, init: 'normal' }] }],
  ['network.layers.0.input', { layers: [{ kind: 'dense', units: 1, input: 'newest' }] }],
  ['network.readout', { readout: 'first' }],
  ['network.loss.labelSmoothing', { loss: { labelSmoothing: 1 } }],
  ['network.learning.mode', { learning: { mode: 'stdp' } }],
  ['network.learning.surrogate.width', { learning: { surrogate: { kind: 'triangle', width: 0 } } }],
];

for (const [field, changes] of outOfRange) {
  test(`${field} refuses ${JSON.stringify(changes)}`, (t) => {
    const error = networkProblem(changes);
    t.is(error.field, field);
    t.truthy(error.expected);
  });
}

const badTraining: [field: string, training: Record<string, unknown>][] = [
  ['training.epochs', { epochs: 0 }],
  ['training.batchSize', { batchSize: 65537 }],
  ['training.threads', { threads: 0 }],
  ['training.optimizer.learningRate', { optimizer: { learningRate: Number.POSITIVE_INFINITY } }],
  ['training.optimizer.momentum', { optimizer: { kind: 'sgd', momentum: 1 } }],
  ['training.optimizer.decayFactor', { optimizer: { decayFactor: 1.01 } }],
  ['training.schedule.factor', { schedule: { kind: 'step', factor: 0 } }],
  ['training.schedule.kind', { schedule: { factor: 0.5 } }],
  ['training.convergence.patience', { convergence: { patience: 0 } }],
  ['training.convergence.monitor', { convergence: { monitor: 'f1' } }],
  ['training.convergence.mode', { convergence: { mode: 'up' } }],
  ['training.augmentation.rotate', { augmentation: { rotate: 181 } }],
  ['training.sampleWeights', { sampleWeights: 1 }],
  ['training.stdp.tauPre', { stdp: { tauPre: 0 } }],
];

for (const [field, training] of badTraining) {
  test(`${field} refuses ${JSON.stringify(training)}`, (t) => {
    t.is(trainingProblem(training).field, field);
  });
}

test('STDP is accepted while it is off and explained when it is on', (t) => {
  const stdp = { learningRate: 0.01, tauPre: 20, tauPost: 20, aPlus: 0.1, aMinus: 0.105, wMin: 0, wMax: 1 };
  t.notThrows(() => trainingSchema.parse({ stdp: { enabled: false, ...stdp } }));
  const error = trainingProblem({ stdp: { enabled: true, ...stdp } });
  t.is(error.field, 'training.stdp.enabled');
  t.regex(error.message, /event networks/);
});

test('validation is a share or a count', (t) => {
  for (const validation of [0, 0.1, 1, 5000]) t.is(dataSchema.parse({ validation }).validation, validation);
  for (const validation of [-0.1, 1.5, Number.NaN]) {
    const error = problem(() => check(dataSchema, { validation }, { root: 'data' }));
    t.is(error.field, 'data.validation');
  }
});

test('a run is not accepted without a network', (t) => {
  t.is(problem(() => check(runSchema, {}, { root: '' })).field, 'network');
  t.is(problem(() => check(runSchema, undefined, { root: '' })).field, '');
});

test('a complete configuration is complete as it is', (t) => {
  const layers: NetworkOptions['layers'] = [
    { kind: 'conv2d', filters: 2, kernel: 3, neuron: 'if' },
    { kind: 'maxPool2d', kernel: 2 },
    { kind: 'dense', units: 3, neuron: null },
  ];
  const once = networkSchema.parse({ ...network, layers, encoder: 'direct' });
  t.deepEqual(networkSchema.parse(once), once);
  t.deepEqual(networkSchema.parse(JSON.parse(JSON.stringify(once))), once);
  const training = trainingSchema.parse({ optimizer: 'adamw', convergence: {}, augmentation: { shift: 1 } });
  t.deepEqual(trainingSchema.parse(training), training);
});
