// What a network's spikes cost: synaptic operations against the dense network's, and a model of the energy
// they need.
import type { Evaluation } from '../networks/layer-network.ts';

/** Figures of one layer; all counts are means per sample. */
export interface LayerOperations {
  name: string;
  /** Share of the neurons that fire in a step, from 0 to 1; null for a layer without spiking neurons. */
  spikeRate: number | null;
  spikes: number;
  /** Additions of a weight because of a spike. */
  synapticOperations: number;
  /** Multiplications and additions of the same layer in a dense network that sees the sample once. */
  denseMacs: number;
  /** Neurons times steps: each is one update of a membrane potential. */
  neuronUpdates: number;
}

/** An estimate from counted operations, not a measurement. Memory traffic and control are left out. */
export interface EnergyModel {
  name: string;
  source: string;
  /** Picojoules of a 32-bit floating-point multiplication with addition, and of an addition. */
  picojoulesPerMac: number;
  picojoulesPerAddition: number;
  /** Nanojoules per sample of the dense network: all its MACs, once. */
  denseNanojoules: number;
  /**
   * Nanojoules per sample of the spiking network: an addition for every synaptic operation, a MAC for every
   * update.
   */
  spikingNanojoules: number;
  /** How many times less the spiking network needs in this model. */
  advantage: number;
}

export interface OperationReport {
  samples: number;
  layers: LayerOperations[];
  /** Sums over the layers. */
  synapticOperations: number;
  denseMacs: number;
  neuronUpdates: number;
  /** Dense MACs for each synaptic operation. */
  operationAdvantage: number;
  energy: EnergyModel;
  /** What the published network of this shape states for sparse operations alone. */
  publishedAdvantage: number;
}

/**
 * Summarises an evaluation with statistics. `analogInput` says that the first layer reads numbers instead of
 * spikes.
 */
export function reportOperations({ samples, layers }: Evaluation, analogInput: boolean): OperationReport {
  const perSample = layers.map(({ name, spikes, neuronSteps, synapticOperations, denseMacs }) => ({
    name,
    spikeRate: neuronSteps > 0 ? spikes / neuronSteps : null,
    spikes: spikes / samples,
    synapticOperations: synapticOperations / samples,
    denseMacs: denseMacs / samples,
    neuronUpdates: neuronSteps / samples,
  }));
  const sum = (of: (layer: LayerOperations) => number) =>
    perSample.reduce((total, layer) => total + of(layer), 0);
  const synapticOperations = sum((layer) => layer.synapticOperations);
  const denseMacs = sum((layer) => layer.denseMacs);
  const neuronUpdates = sum((layer) => layer.neuronUpdates);
  const multiplied = analogInput
    ? (perSample.find((layer) => layer.denseMacs > 0)?.synapticOperations ?? 0)
    : 0;
  const macs = neuronUpdates + multiplied;
  return {
    samples,
    layers: perSample,
    synapticOperations,
    denseMacs,
    neuronUpdates,
    operationAdvantage: denseMacs / synapticOperations,
    energy: modelEnergy(denseMacs, synapticOperations - multiplied, macs),
    publishedAdvantage: 1.9,
  };
}

const picojoulesPerMac = 4.6;
const picojoulesPerAddition = 0.9;

function modelEnergy(denseMacs: number, additions: number, macs: number): EnergyModel {
  const denseNanojoules = (denseMacs * picojoulesPerMac) / 1000;
  const spikingNanojoules = (additions * picojoulesPerAddition + macs * picojoulesPerMac) / 1000;
  return {
    name: 'arithmetic in 32-bit floating point, 45 nm',
    source: 'M. Horowitz, ISSCC 2014: multiplication 3.7 pJ, addition 0.9 pJ',
    picojoulesPerMac,
    picojoulesPerAddition,
    denseNanojoules,
    spikingNanojoules,
    advantage: denseNanojoules / spikingNanojoules,
  };
}
