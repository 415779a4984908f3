// Every neuron kind: its options and what the native engine is told of it. A new kind is one entry of
// `neuronKinds`.
import { z } from 'zod';
import type { NativeNeuron } from '../native/types.ts';
import { number, section, variants } from './fields.ts';

const decay = () => number({ min: 0, max: 1 }).default(0.9);
const threshold = () => number({ min: 1e-6, max: 1e6 }).default(0.8);

/** What a neuron's membrane potential becomes in the step in which it fires. */
const reset = variants([
  section({ kind: z.literal('zero') }),
  section({ kind: z.literal('value'), /** The potential after a spike. */ value: number() }),
  section({ kind: z.literal('subtract') }),
  section({
    kind: z.literal('scale'),
    /** The share of the potential that stays. */
    factor: number({ min: 0, max: 1 }).default(0.5),
  }),
]);

type Reset = z.output<typeof reset>;

const leakyIntegrateAndFire = section({
  kind: z.literal('lif'),
  /** Share of the membrane potential that is left after a step. */
  decay: decay(),
  /** The neuron fires when its potential is above this. */
  threshold: threshold(),
  /** Default `zero`. */
  reset: reset.prefault('zero'),
});

const integrateAndFire = section({
  kind: z.literal('if'),
  /** The neuron fires when its potential is above this. */
  threshold: threshold(),
  /** Default `zero`. */
  reset: reset.prefault('zero'),
});

const leakyIntegrator = section({
  kind: z.literal('leaky'),
  /** Share of the membrane potential that is left after a step. */
  decay: decay(),
});

interface NeuronKind<Schema extends z.ZodType> {
  options: Schema;
  /** Whether the neuron sends spikes; one that does not can only be read out. */
  spikes: boolean;
  native(neuron: z.output<Schema>): NativeNeuron;
}

const kind = <Schema extends z.ZodType>(entry: NeuronKind<Schema>) => entry;

/** The neuron kinds by the name that configurations use. */
export const neuronKinds = {
  lif: kind({
    options: leakyIntegrateAndFire,
    spikes: true,
    native: (neuron) => ({
      kind: 'lif',
      decay: neuron.decay,
      threshold: neuron.threshold,
      ...nativeReset(neuron.reset),
    }),
  }),
  if: kind({
    options: integrateAndFire,
    spikes: true,
    native: (neuron) => ({ kind: 'if', decay: 1, threshold: neuron.threshold, ...nativeReset(neuron.reset) }),
  }),
  leaky: kind({
    options: leakyIntegrator,
    spikes: false,
    native: (neuron) => ({ kind: 'leaky', decay: neuron.decay, threshold: 1, reset: 'zero', resetValue: 0 }),
  }),
};

export const neuronSchema = variants(
  Object.values(neuronKinds).map((entry) => entry.options),
  'lif',
);

export type NeuronOptions = z.input<typeof neuronSchema>;
export type NeuronConfig = z.output<typeof neuronSchema>;

/** Whether neurons of this configuration send spikes. */
export function sendsSpikes(neuron: NeuronConfig): boolean {
  return neuronKinds[neuron.kind].spikes;
}

/** The native engine's description of a neuron. */
export function nativeNeuron(neuron: NeuronConfig): NativeNeuron {
  return neuronKinds[neuron.kind].native(neuron as never);
}

function nativeReset(reset: Reset): Pick<NativeNeuron, 'reset' | 'resetValue'> {
  if (reset.kind === 'value') return { reset: 'value', resetValue: reset.value };
  if (reset.kind === 'scale') return { reset: 'scale', resetValue: reset.factor };
  return { reset: reset.kind, resetValue: 0 };
}
