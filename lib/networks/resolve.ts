// Turns a network's configuration into the description that the native engine builds from.
import { nativeFields, type Placement } from '../config/layer-kinds.ts';
import type { EncoderConfig, NetworkConfig, SurrogateConfig } from '../config/network.ts';
import { type NeuronConfig, nativeNeuron, neuronSchema } from '../config/neuron-kinds.ts';
import type { NativeLayer, NativeLayerNetworkSpec } from '../native/types.ts';
import { inferShapes, isSynaptic, type LayerShape, type SynapticLayer } from './shapes.ts';

/** The native description of a network. Throws ERR_SYNFIRE_CONFIG when its layers do not fit together. */
export function resolveNetwork(config: NetworkConfig): NativeLayerNetworkSpec {
  const shapes = inferShapes(config);
  const last = config.layers.length - 1;
  return {
    inputShape: config.inputShape,
    timesteps: config.timesteps,
    seed: config.seed,
    precision: config.precision,
    encoder: nativeEncoder(config.encoder),
    layers: config.layers.map((layer, index) => nativeLayer(layer, shapes[index]!, index === last)),
    readout: config.readout,
    loss: { labelSmoothing: 0, targetCorrect: 1, targetIncorrect: 0, ...config.loss },
    learning: { ...config.learning, surrogate: nativeSurrogate(config.learning.surrogate) },
  };
}

/** What the engine reads of layers that have no use for a field. */
const unused: Omit<NativeLayer, 'name' | 'kind'> = {
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

function nativeLayer(
  layer: NetworkConfig['layers'][number],
  shape: LayerShape,
  isLast: boolean,
): NativeLayer {
  const native: NativeLayer = { name: shape.name, kind: layer.kind, ...unused, ...nativeFields(layer) };
  if (!isSynaptic(layer) || shape.synapses === undefined) return native;
  const { bias, trainWeight, trainBias, learningRateScale, updateEvery, input, inputGain, init } = layer;
  const neuron = neuronOf(layer.neuron, isLast);
  return {
    ...native,
    ...{ bias, trainWeight, trainBias: bias && trainBias, learningRateScale, updateEvery, input, inputGain },
    initStd: initialDeviation(init, shape.synapses),
    neuron: neuron && nativeNeuron(neuron),
  };
}

/** The neurons that a layer has when its configuration names none. */
function neuronOf(neuron: NeuronConfig | null | undefined, isLast: boolean): NeuronConfig | null {
  if (neuron !== undefined) return neuron;
  return isLast ? null : neuronSchema.parse('lif');
}

function initialDeviation(
  init: SynapticLayer['init'],
  { fanIn, fanOut }: NonNullable<Placement['synapses']>,
): number {
  switch (init.kind) {
    case 'normal':
      return init.std;
    case 'he':
      return Math.sqrt(2 / fanIn);
    case 'glorot':
      return Math.sqrt(2 / (fanIn + fanOut));
  }
}

function nativeEncoder(encoder: EncoderConfig): NativeLayerNetworkSpec['encoder'] {
  return { deterministicSteps: 1, gain: 1, ...encoder };
}

/** The engine knows a surrogate's one parameter as its slope. */
function nativeSurrogate({
  kind,
  ...parameters
}: SurrogateConfig): NativeLayerNetworkSpec['learning']['surrogate'] {
  const [slope = 1] = Object.values(parameters);
  return { kind, slope };
}
