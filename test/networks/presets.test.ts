import test from 'ava';
import { configureRun } from '../../lib/config/configure.ts';
import { SynfireError } from '../../lib/errors.ts';
import { type PresetName, presetNames, presetRun, presets } from '../../lib/networks/presets.ts';
import { resolveNetwork } from '../../lib/networks/resolve.ts';
import { inferShapes } from '../../lib/networks/shapes.ts';

const run = (preset: PresetName) => configureRun({ network: { preset } });
const layers = (preset: PresetName) => resolveNetwork(run(preset).network).layers;

test('all presets share the shape of the convolutional network', (t) => {
  for (const name of presetNames) {
    const { network } = run(name);
    t.like(network, {
      inputShape: [1, 28, 28],
      timesteps: 10,
      encoder: { kind: 'hybrid', deterministicSteps: 5 },
    });
    t.deepEqual(
      inferShapes(network).map((shape) => [shape.kind, shape.output, shape.synapses?.weightShape]),
      [
        ['conv2d', [16, 12, 12], [16, 1, 5, 5]],
        ['dense', [1024], [1024, 2304]],
        ['dense', [10], [10, 1024]],
      ],
      name,
    );
    const [conv, hidden, readout] = layers(name);
    t.like(conv, {
      initStd: Math.sqrt(2 / 25),
      neuron: { decay: 0.9, threshold: 0.8, reset: 'zero' },
      updateEvery: 1,
    });
    t.like(hidden, { initStd: Math.sqrt(2 / (2304 + 1024)), neuron: { reset: 'scale', resetValue: 0.5 } });
    t.like(readout, { initStd: Math.sqrt(2 / 1034), neuron: null });
  }
});

test('conv-snn trains all layers from mean spike counts', (t) => {
  const { network, training } = run('conv-snn');
  t.like(network, { precision: 'mixed', loss: { kind: 'crossEntropy', reduction: 'mean' } });
  t.like(network.learning, { mode: 'rate', rateDerivative: 'surrogate', ratePresynaptic: 'drive' });
  t.like(layers('conv-snn')[1], { updateEvery: 2, input: 'cumulative', inputGain: 0.1 });
  for (const layer of layers('conv-snn'))
    t.like(layer, { trainWeight: true, trainBias: true, learningRateScale: 1 });
  t.like(training, {
    epochs: 20,
    batchSize: 64,
    optimizer: { kind: 'adam', learningRate: 0.0015 },
    schedule: { kind: 'cosine' },
    augmentation: { shift: 1, rotate: 8, elastic: 0.8, elasticSigma: 4 },
  });
});

test('conv-snn-bptt goes back through every step', (t) => {
  t.like(run('conv-snn-bptt').network.learning, { mode: 'bptt', detachReset: true });
  for (const layer of layers('conv-snn-bptt'))
    t.like(layer, { updateEvery: 1, input: 'latest', inputGain: 1 });
});

test('conv-snn-reference is the published algorithm', (t) => {
  const { network, training } = run('conv-snn-reference');
  t.like(network, { precision: 'float32', loss: { kind: 'crossEntropy', reduction: 'sum' } });
  t.like(network.learning, { mode: 'rate', rateDerivative: 'identity', ratePresynaptic: 'rate' });
  const [conv, hidden, readout] = layers('conv-snn-reference');
  t.like(conv, { trainWeight: false, trainBias: false });
  t.like(hidden, { updateEvery: 2, input: 'cumulative', inputGain: 0.1 });
  t.like(hidden, { trainWeight: true, trainBias: false, learningRateScale: 0.1 });
  t.like(readout, { trainWeight: true, trainBias: true, learningRateScale: 1 });
  t.like(training, {
    epochs: 30,
    batchSize: 64,
    clipNorm: 0,
    optimizer: { kind: 'sgd', learningRate: 0.01, momentum: 0, weightDecay: 0, decayFactor: 0.9999 },
    schedule: { kind: 'step', everyEpochs: 5, factor: 0.95, warmupEpochs: 0 },
  });
  t.is(training.augmentation, undefined);
});

test('a preset in code takes its options', (t) => {
  t.like(presets.convSnn({ seed: 7, timesteps: 4, precision: 'float32' }), {
    seed: 7,
    timesteps: 4,
    precision: 'float32',
  });
  t.deepEqual(presets.convSnn(), presets.convSnn({ learning: 'rate' }));
  t.deepEqual(presets.convSnn({ learning: 'bptt' }), presetRun('conv-snn-bptt').network);
  t.deepEqual(presets.convSnnReference(), presetRun('conv-snn-reference').network);
});

test('changing what a preset gives changes no other', (t) => {
  const network = presets.convSnn();
  network.layers.pop();
  network.inputShape[0] = 3;
  t.is(presets.convSnn().layers.length, 3);
  t.deepEqual(presets.convSnn().inputShape, [1, 28, 28]);
});

test('an unknown preset is refused with the nearest one', (t) => {
  const error = t.throws(() => presetRun('convsnn'), { instanceOf: SynfireError });
  t.is(error.field, 'preset');
  t.regex(error.message, /did you mean "conv-snn"\?/);
  for (const name of [undefined, 3, 'toString', '__proto__'])
    t.throws(() => presetRun(name), { instanceOf: SynfireError });
});
