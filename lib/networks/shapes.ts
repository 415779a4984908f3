// Works out the shape of every layer from the shape of the input, and refuses layers that do not fit
// together.
import { elements, type LayerConfig, type Placement, placeLayer, type Shape } from '../config/layer-kinds.ts';
import type { NetworkConfig } from '../config/network.ts';
import { sendsSpikes } from '../config/neuron-kinds.ts';
import { invalid, type SynfireError } from '../errors.ts';

export interface LayerShape extends Placement {
  /** The layer's own name, or `layers.0` and so on. */
  name: string;
  kind: LayerConfig['kind'];
  input: Shape;
}

/**
 * The layers' shapes, from the input on. Throws ERR_SYNFIRE_CONFIG naming the layer that cannot stand where
 * it does.
 */
export function inferShapes(config: NetworkConfig): LayerShape[] {
  checkNames(config.layers);
  let input: Shape = config.inputShape;
  const shapes = config.layers.map((layer, index) => {
    const shape = placed(layer, index, input);
    input = shape.output;
    return shape;
  });
  checkFirst(config.layers);
  checkNeurons(config);
  checkReadout(config);
  return shapes;
}

/** The name that reports and errors use for a layer. */
function layerName(layer: LayerConfig, index: number): string {
  return layer.name ?? `layers.${index}`;
}

export type SynapticLayer = Extract<LayerConfig, { neuron?: unknown }>;

/** Whether a layer has weights and neurons of its own. */
export function isSynaptic(layer: LayerConfig): layer is SynapticLayer {
  return 'init' in layer;
}

/** Limits of the engine. */
const mostOutputs = 2 ** 31 - 1;
const mostWeights = 2 ** 30;
const mostClasses = 4096;

function placed(layer: LayerConfig, index: number, input: Shape): LayerShape {
  const refuse = (option: string, expected: string): never => {
    throw refused(layer, index, option, expected);
  };
  const placement = placeLayer(layer, input, refuse);
  const outputs = elements(placement.output);
  const weights = elements(placement.synapses?.weightShape ?? [0]);
  if (outputs > mostOutputs) refuse('kind', `at most ${mostOutputs} outputs of a layer, not ${outputs}`);
  if (weights > mostWeights) refuse('kind', `at most ${mostWeights} weights in a layer, not ${weights}`);
  return { name: layerName(layer, index), kind: layer.kind, input, ...placement };
}

/** The input is encoded within the first layer of neurons, so that nothing else can read it. */
function checkFirst(layers: readonly LayerConfig[]): void {
  const index = layers.findIndex((layer) => layer.kind !== 'flatten');
  const first = layers[index];
  if (first !== undefined && !isSynaptic(first)) {
    throw refused(first, index, 'kind', '"conv2d" or "dense" as the first layer');
  }
}

function checkNeurons({ layers, timesteps }: NetworkConfig): void {
  layers.forEach((layer, index) => {
    if (!isSynaptic(layer)) return;
    const silent = layer.neuron === null || (layer.neuron && !sendsSpikes(layer.neuron));
    if (silent && index < layers.length - 1) {
      throw refused(layer, index, 'neuron', 'neurons that send spikes, as in all layers but the last');
    }
    if (layer.updateEvery > timesteps) {
      throw refused(layer, index, 'updateEvery', `at most ${timesteps}, the network's timesteps`);
    }
  });
}

function checkReadout({ layers, readout }: NetworkConfig): void {
  const index = layers.length - 1;
  const last = layers[index]!;
  if (last.kind !== 'dense')
    throw refused(last, index, 'kind', '"dense": the last layer has a unit per class');
  if (last.units < 2 || last.units > mostClasses) {
    throw refused(last, index, 'units', `2 to ${mostClasses}, the number of classes`);
  }
  if (!last.neuron) checkLinearReadout(last, index);
  const readsMembrane = last.neuron != null && !sendsSpikes(last.neuron);
  if (readsMembrane === (readout === 'meanCount')) {
    const expected = readsMembrane
      ? '"lastMembrane" or "maxMembrane": the last layer never fires'
      : '"meanCount", or "leaky" as the neuron of the last layer';
    throw invalid('ERR_SYNFIRE_CONFIG', 'network.readout', readout, expected);
  }
}

/** A readout without neurons sees mean spike counts, so that settings of single steps mean nothing to it. */
function checkLinearReadout(layer: SynapticLayer, index: number): void {
  const neutral = { updateEvery: 1, input: 'latest', inputGain: 1 } as const;
  for (const option of Object.keys(neutral) as (keyof typeof neutral)[]) {
    if (layer[option] === neutral[option]) continue;
    const expected = `${JSON.stringify(neutral[option])}: a readout without neurons sees mean spike counts`;
    throw refused(layer, index, option, expected);
  }
}

function checkNames(layers: readonly LayerConfig[]): void {
  const names = new Set<string>();
  layers.forEach((layer, index) => {
    const name = layerName(layer, index);
    if (names.has(name)) throw refused(layer, index, 'name', 'a name that no other layer has');
    names.add(name);
  });
}

function refused(layer: LayerConfig, index: number, option: string, expected: string): SynfireError {
  const field = `network.layers.${index}.${option}`;
  const value = (layer as Record<string, unknown>)[option];
  const of = layer.name === undefined ? '' : ` in layer ${JSON.stringify(layer.name)}`;
  return invalid('ERR_SYNFIRE_CONFIG', field, value, expected + of);
}
