// All configuration schemas and their types in one place.

export type { LayerConfig, LayerKindName, LayerOptions, Shape } from './layer-kinds.ts';
export * from './network.ts';
export type { NeuronConfig, NeuronOptions } from './neuron-kinds.ts';
export * from './run.ts';
export * from './training.ts';
