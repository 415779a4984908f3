// Networks that are ready to train, each with the training that suits it.
import type { EventRunConfig } from '../config/event-training.ts';
import type { DataOptions, NetworkOptions, TrainingOptions } from '../config/schema.ts';
import { oneOf } from '../config/suggest.ts';
import { invalid } from '../errors.ts';
import { diehlCook } from './diehl-cook.ts';
import type { EventNetworkOptions } from './event-network.ts';
import { conv2d, dense, lif } from './layers.ts';
import { spatialDigits, spatialIdentity } from './spatial-presets.ts';
import { teaching } from './teaching.ts';

export interface ConvSnnOptions {
  /**
   * `rate` learns from mean spike counts in one backward pass, `bptt` goes back through every step. Default
   * `rate`.
   */
  learning?: 'rate' | 'bptt';
  /** Steps for which every sample is shown. Default 10. */
  timesteps?: number;
  /** Of the initial weights. Default 42. */
  seed?: number;
  /** Default `mixed`. */
  precision?: 'float32' | 'mixed';
}

/** What a preset stands for: a network with the training and data settings that go with it. */
export interface PresetRun {
  network: NetworkOptions;
  training: TrainingOptions;
  data: DataOptions;
}

/**
 * Networks by name, as options that `LayerNetwork` or `EventNetwork` takes, or as the arguments of `SpatialNetwork`, and
 * that may be changed before.
 */
export const presets = { convSnn, convSnnReference, diehlCook, teaching, spatialIdentity, spatialDigits };

const registry = {
  'conv-snn': () => ({ network: convSnn(), training: convSnnTraining(), data: {} }),
  'conv-snn-bptt': () => ({ network: convSnn({ learning: 'bptt' }), training: convSnnTraining(), data: {} }),
  'conv-snn-reference': () => ({ network: convSnnReference(), training: referenceTraining(), data: {} }),
} satisfies Record<string, () => PresetRun>;

export type PresetName = keyof typeof registry;

/** The names that configuration files, the program and `LayerNetwork` know. */
export const presetNames = Object.keys(registry) as PresetName[];

/**
 * The preset called `name`; `field` is what errors call that name. Throws ERR_SYNFIRE_CONFIG for an unknown
 * one.
 */
export function presetRun(name: unknown, field = 'preset'): PresetRun {
  const known = presetNames.find((candidate) => candidate === name);
  if (known !== undefined) return registry[known]();
  throw invalid('ERR_SYNFIRE_CONFIG', field, name, oneOf(presetNames, name));
}

/** The event network of a run's configuration. Throws ERR_SYNFIRE_INVALID_ARGUMENT. */
export function eventPreset(network: EventRunConfig['network']): EventNetworkOptions {
  const { preset, ...options } = network;
  return preset === 'teaching' ? teaching(options) : diehlCook(options);
}

const timesteps = 10;
const filters = 16;
const convolved = filters * 12 * 12;
const hidden = 1024;
const classes = 10;

/** Standard deviations of the initial weights. */
const initial = {
  convolution: { kind: 'normal', std: Math.sqrt(2 / 25) },
  hidden: { kind: 'normal', std: Math.sqrt(2 / (convolved + hidden)) },
  readout: { kind: 'normal', std: Math.sqrt(2 / (hidden + classes)) },
} as const;

/**
 * Half-widths of the surrogate, chosen on the validation part: the mean over steps that rate learning takes
 * wants a wide one; through time a narrow one learns as well and leaves most gradients at zero.
 */
const surrogateWidth = { rate: 1, bptt: 0.5 } as const;

/**
 * The hidden layer of rate learning runs at every other step and sees all spikes of the convolution so far.
 */
const everyOtherStep = { updateEvery: 2, input: 'cumulative', inputGain: 0.1 } as const;

/**
 * A convolution of 16 filters, 1024 hidden neurons and a linear readout of ten classes for images of 28 x 28,
 * all trained.
 */
function convSnn(options: ConvSnnOptions = {}): NetworkOptions {
  const { learning = 'rate', ...rest } = options;
  return {
    inputShape: [1, 28, 28],
    timesteps,
    precision: 'mixed',
    ...rest,
    encoder: { kind: 'hybrid', deterministicSteps: 5 },
    layers: [
      conv2d({ filters, kernel: 5, stride: 2, neuron: lif(), init: initial.convolution }),
      dense({
        units: hidden,
        neuron: lif({ reset: { kind: 'scale', factor: 0.5 } }),
        init: initial.hidden,
        ...(learning === 'rate' ? everyOtherStep : {}),
      }),
      dense({ units: classes, init: initial.readout }),
    ],
    readout: 'meanCount',
    loss: { kind: 'crossEntropy' },
    learning: {
      mode: learning,
      surrogate: { kind: 'triangle', width: surrogateWidth[learning] },
      rateDerivative: 'surrogate',
      ratePresynaptic: 'drive',
    },
  };
}

function convSnnTraining(): TrainingOptions {
  return {
    epochs: 20,
    batchSize: 64,
    optimizer: { kind: 'adam', learningRate: 0.0015 },
    schedule: { kind: 'cosine' },
    augmentation: { shift: 1, rotate: 8, elastic: 0.8, elasticSigma: 4 },
  };
}

/**
 * The published rate-based algorithm for the same shape: a frozen random convolution, gradients summed over
 * the batch and passed through the neurons as if they were linear, no bias learning in the hidden layer.
 */
function convSnnReference(options: Omit<ConvSnnOptions, 'learning'> = {}): NetworkOptions {
  return {
    inputShape: [1, 28, 28],
    timesteps,
    precision: 'float32',
    ...options,
    encoder: { kind: 'hybrid', deterministicSteps: 5 },
    layers: [
      conv2d({
        filters,
        kernel: 5,
        stride: 2,
        neuron: lif(),
        init: initial.convolution,
        trainWeight: false,
        trainBias: false,
      }),
      dense({
        units: hidden,
        neuron: lif({ reset: { kind: 'scale', factor: 0.5 } }),
        init: initial.hidden,
        ...everyOtherStep,
        learningRateScale: 0.1,
        trainBias: false,
      }),
      dense({ units: classes, init: initial.readout }),
    ],
    readout: 'meanCount',
    loss: { kind: 'crossEntropy', reduction: 'sum' },
    learning: { mode: 'rate', rateDerivative: 'identity', ratePresynaptic: 'rate' },
  };
}

function referenceTraining(): TrainingOptions {
  return {
    epochs: 30,
    batchSize: 64,
    optimizer: { kind: 'sgd', learningRate: 0.01, momentum: 0, decayFactor: 0.9999 },
    schedule: { kind: 'step', everyEpochs: 5, factor: 0.95 },
  };
}
