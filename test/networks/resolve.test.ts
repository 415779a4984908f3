import test from 'ava';
import { check } from '../../lib/config/check.ts';
import { type LayerOptions, type NetworkOptions, networkSchema } from '../../lib/config/schema.ts';
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
import { resolveNetwork } from '../../lib/networks/resolve.ts';

const readout = dense({ units: 4 });
const resolve = (options: Partial<NetworkOptions> = {}) =>
  resolveNetwork(
    check(networkSchema, { inputShape: [2, 8, 8], layers: [readout], ...options }, { root: 'network' }),
  );
const resolveLayer = (layer: LayerOptions) => resolve({ layers: [layer, readout] }).layers[0];
/** As the second layer, over neurons whose shape is that of the input. */
const resolveSecond = (layer: LayerOptions) =>
  resolve({ layers: [conv2d({ filters: 2, kernel: 1 }), layer, readout] }).layers[1];

const plain = {
  filters: 0,
  kernel: [1, 1],
  stride: [1, 1],
  padding: [0, 0],
  units: 0,
  rate: 0,
  bias: false,
  trainWeight: false,
  trainBias: false,
  learningRateScale: 1,
  initStd: 0,
  neuron: null,
  updateEvery: 1,
  input: 'latest',
  inputGain: 1,
};
const defaultNeuron = { kind: 'lif', decay: 0.9, threshold: 0.8, reset: 'zero', resetValue: 0 };

test('the engine is told everything, defaults too', (t) => {
  t.deepEqual(resolve(), {
    inputShape: [2, 8, 8],
    timesteps: 10,
    seed: 42,
    precision: 'mixed',
    encoder: { kind: 'hybrid', deterministicSteps: 5, gain: 1 },
    layers: [
      {
        ...plain,
        name: 'layers.0',
        kind: 'dense',
        units: 4,
        bias: true,
        trainWeight: true,
        trainBias: true,
        initStd: Math.sqrt(2 / 128),
      },
    ],
    readout: 'meanCount',
    loss: {
      kind: 'crossEntropy',
      labelSmoothing: 0,
      reduction: 'mean',
      targetCorrect: 1,
      targetIncorrect: 0,
    },
    learning: {
      mode: 'bptt',
      surrogate: { kind: 'triangle', slope: 1 },
      detachReset: true,
      rateDerivative: 'surrogate',
      ratePresynaptic: 'drive',
    },
  } as unknown as ReturnType<typeof resolve>);
});

test('a convolution is described in full', (t) => {
  const layer = conv2d({
    name: 'edges',
    filters: 6,
    kernel: [5, 3],
    stride: 2,
    padding: [1, 0],
    bias: false,
    neuron: lif({ decay: 0.5, threshold: 2, reset: { kind: 'value', value: -0.25 } }),
    updateEvery: 3,
    input: 'window',
    inputGain: 0.25,
    trainWeight: false,
    learningRateScale: 0.1,
    init: { kind: 'normal', std: 0.3 },
  });
  t.deepEqual(resolveLayer(layer) as unknown, {
    ...plain,
    name: 'edges',
    kind: 'conv2d',
    filters: 6,
    kernel: [5, 3],
    stride: [2, 2],
    padding: [1, 0],
    neuron: { kind: 'lif', decay: 0.5, threshold: 2, reset: 'value', resetValue: -0.25 },
    updateEvery: 3,
    input: 'window',
    inputGain: 0.25,
    learningRateScale: 0.1,
    initStd: 0.3,
  });
});

test('layers without synapses are described by what they have', (t) => {
  const pool = { ...plain, name: 'layers.1', kernel: [2, 2], stride: [2, 2] } as const;
  t.deepEqual(resolveSecond(avgPool2d({ kernel: 2 })) as unknown, { ...pool, kind: 'avgPool2d' });
  t.deepEqual(resolveSecond(maxPool2d({ kernel: 2 })) as unknown, { ...pool, kind: 'maxPool2d' });
  t.deepEqual(resolveSecond(sumPool2d({ kernel: 2, stride: 1, padding: 1 })) as unknown, {
    ...pool,
    kind: 'sumPool2d',
    stride: [1, 1],
    padding: [1, 1],
  });
  t.deepEqual(resolveSecond(dropout({ rate: 0.2 })) as unknown, {
    ...plain,
    name: 'layers.1',
    kind: 'dropout',
    rate: 0.2,
  });
  t.deepEqual(resolveSecond(flatten()) as unknown, { ...plain, name: 'layers.1', kind: 'flatten' });
});

test('hidden layers have LIF neurons, the last layer has none, unless told otherwise', (t) => {
  const neurons = (layers: LayerOptions[]) => resolve({ layers }).layers.map((layer) => layer.neuron);
  t.deepEqual(neurons([dense({ units: 5 }), readout]) as unknown, [defaultNeuron, null]);
  t.deepEqual(neurons([dense({ units: 5, neuron: null })]), [null]);
  t.deepEqual(neurons([dense({ units: 5, neuron: 'lif' })]) as unknown, [defaultNeuron]);
});

test('every neuron and every reset has its native form', (t) => {
  const neuron = (given: NonNullable<Parameters<typeof dense>[0]['neuron']>) =>
    resolveLayer(dense({ units: 5, neuron: given }))?.neuron;
  t.like(neuron(lif({ reset: 'subtract' })), { reset: 'subtract', resetValue: 0 });
  t.like(neuron(lif({ reset: { kind: 'scale', factor: 0.25 } })), { reset: 'scale', resetValue: 0.25 });
  t.like(neuron(lif({ reset: 'scale' })), { reset: 'scale', resetValue: 0.5 });
  t.deepEqual(neuron(integrateAndFire({ threshold: 1.5 })), {
    kind: 'if',
    decay: 1,
    threshold: 1.5,
    reset: 'zero',
    resetValue: 0,
  });
  const integrators = [dense({ units: 5, neuron: leaky({ decay: 0.7 }) })];
  t.like(resolve({ layers: integrators, readout: 'maxMembrane' }).layers[0]?.neuron, {
    kind: 'leaky',
    decay: 0.7,
  });
});

test('weights start with the deviation of their rule', (t) => {
  const deviation = (layer: LayerOptions) => resolveLayer(layer)?.initStd;
  t.is(deviation(dense({ units: 5 })), Math.sqrt(2 / 128));
  t.is(deviation(dense({ units: 5, init: 'glorot' })), Math.sqrt(2 / (128 + 5)));
  t.is(deviation(dense({ units: 5, init: { kind: 'normal', std: 0 } })), 0);
  t.is(deviation(conv2d({ filters: 5, kernel: 3 })), Math.sqrt(2 / 18));
  t.is(deviation(conv2d({ filters: 5, kernel: 3, init: 'glorot' })), Math.sqrt(2 / (18 + 45)));
});

test('a bias that is not there is not trained', (t) => {
  t.like(resolveLayer(dense({ units: 5, bias: false, trainBias: true })), { bias: false, trainBias: false });
});

test('every encoder has its native form', (t) => {
  t.deepEqual(resolve({ encoder: { kind: 'rate', gain: 0.5 } }).encoder, {
    kind: 'rate',
    gain: 0.5,
    deterministicSteps: 1,
  });
  t.like(resolve({ encoder: 'latency' }).encoder, { kind: 'latency' });
  t.like(resolve({ encoder: 'direct' }).encoder, { kind: 'direct' });
});

test('every surrogate has its parameter as the native slope', (t) => {
  const surrogate = (given: NonNullable<NetworkOptions['learning']>['surrogate']) =>
    resolve({ learning: { surrogate: given } }).learning.surrogate;
  t.deepEqual(surrogate('fastSigmoid'), { kind: 'fastSigmoid', slope: 25 });
  t.deepEqual(surrogate({ kind: 'atan', alpha: 3 }), { kind: 'atan', slope: 3 });
  t.deepEqual(surrogate({ kind: 'triangle', width: 0.5 }), { kind: 'triangle', slope: 0.5 });
  t.deepEqual(surrogate({ kind: 'rectangle', width: 2 }), { kind: 'rectangle', slope: 2 });
  t.deepEqual(surrogate({ kind: 'sigmoid', slope: 6 }), { kind: 'sigmoid', slope: 6 });
});

test('losses keep their options', (t) => {
  t.like(resolve({ loss: { kind: 'mseCount', targetCorrect: 0.8, targetIncorrect: 0.1 } }).loss, {
    kind: 'mseCount',
    targetCorrect: 0.8,
    targetIncorrect: 0.1,
    reduction: 'mean',
  });
  t.like(resolve({ loss: { labelSmoothing: 0.1, reduction: 'sum' } }).loss, {
    labelSmoothing: 0.1,
    reduction: 'sum',
  });
});
