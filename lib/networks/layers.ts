// Small functions that write layers and neurons in code: each gives the plain object that a configuration
// contains.
import type { LayerOptions, NeuronOptions } from '../config/schema.ts';

type Layer<Kind extends LayerOptions['kind']> = Extract<LayerOptions, { kind: Kind }>;
type Neuron<Kind extends string> = Extract<NeuronOptions, { kind: Kind }>;
/** The options of one kind, without the kind itself. */
type Options<Kinded> = { [Key in keyof Kinded as Key extends 'kind' ? never : Key]: Kinded[Key] };

/** A two-dimensional convolution with its neurons. */
export function conv2d(options: Options<Layer<'conv2d'>>): Layer<'conv2d'> {
  return { kind: 'conv2d', ...options };
}

/**
 * Neurons that are connected to the whole input; inputs with positions are read in the order channel, row,
 * column.
 */
export function dense(options: Options<Layer<'dense'>>): Layer<'dense'> {
  return { kind: 'dense', ...options };
}

/** The mean of every window. */
export function avgPool2d(options: Options<Layer<'avgPool2d'>>): Layer<'avgPool2d'> {
  return { kind: 'avgPool2d', ...options };
}

/** The maximum of every window: a spike where there is at least one. */
export function maxPool2d(options: Options<Layer<'maxPool2d'>>): Layer<'maxPool2d'> {
  return { kind: 'maxPool2d', ...options };
}

/** The sum of every window: its number of spikes. */
export function sumPool2d(options: Options<Layer<'sumPool2d'>>): Layer<'sumPool2d'> {
  return { kind: 'sumPool2d', ...options };
}

/** Silences units at random during training, the same ones in every step of a sample. */
export function dropout(options: Options<Layer<'dropout'>> = {}): Layer<'dropout'> {
  return { kind: 'dropout', ...options };
}

/** Forgets rows and columns. */
export function flatten(options: Options<Layer<'flatten'>> = {}): Layer<'flatten'> {
  return { kind: 'flatten', ...options };
}

/** Leaky integrate-and-fire neurons: V ← decay V + I, a spike where V > threshold, then the reset. */
export function lif(options: Options<Neuron<'lif'>> = {}): Neuron<'lif'> {
  return { kind: 'lif', ...options };
}

/** Integrate-and-fire neurons: as `lif`, without the leak. */
export function integrateAndFire(options: Options<Neuron<'if'>> = {}): Neuron<'if'> {
  return { kind: 'if', ...options };
}

/** Leaky integrators that never fire, for readouts of membrane potentials. */
export function leaky(options: Options<Neuron<'leaky'>> = {}): Neuron<'leaky'> {
  return { kind: 'leaky', ...options };
}
