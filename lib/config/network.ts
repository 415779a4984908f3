// The configuration of a layer network: input, time, encoder, layers, readout, loss and the way it learns.
import { z } from 'zod';
import { choice, flag, integer, number, section, seed, variants } from './fields.ts';
import { layerSchema } from './layer-kinds.ts';

const mostLayers = 256;
const mostTimesteps = 1000;

const side = () => integer({ min: 1, max: 4096 });
const slopeOrWidth = () => number({ min: 1e-6, max: 1e6 });

/** How a value p of the input, from 0 to 1, becomes spikes. */
const encoder = variants(
  [
    section({
      kind: z.literal('hybrid'),
      /**
       * In the first steps t a spike says p > 1 - t / deterministicSteps; afterwards it comes with
       * probability p. Default 5.
       */
      deterministicSteps: integer({ min: 1, max: mostTimesteps }).default(5),
    }),
    section({
      kind: z.literal('rate'),
      /** In every step a spike comes with probability gain x p. Default 1. */
      gain: number({ min: 1e-6, max: 1e6 }).default(1),
    }),
    /** One spike per value, the earlier the larger p is. */
    section({ kind: z.literal('latency') }),
    /** No spikes: p itself is the input in every step. */
    section({ kind: z.literal('direct') }),
  ],
  'hybrid',
);

const reduction = () => choice('mean', 'sum').default('mean');

const loss = variants(
  [
    section({
      kind: z.literal('crossEntropy'),
      /** Share of the target that is spread evenly over all classes. Default 0. */
      labelSmoothing: number({ min: 0, max: 0.999 }).default(0),
      /** Whether gradients are averaged or summed over a batch. Default `mean`. */
      reduction: reduction(),
    }),
    section({
      kind: z.literal('mseCount'),
      /** Mean spike count per step that the right class should reach. Default 1. */
      targetCorrect: number({ min: 0, max: 1 }).default(1),
      /** Mean spike count per step that the other classes should have. Default 0. */
      targetIncorrect: number({ min: 0, max: 1 }).default(0),
      /** Whether gradients are averaged or summed over a batch. Default `mean`. */
      reduction: reduction(),
    }),
  ],
  'crossEntropy',
);

/** Stands in for the derivative of the spike, as a function of x = potential - threshold. */
const surrogate = variants([
  section({
    kind: z.literal('fastSigmoid'),
    /** k of 1 / (1 + k |x|)^2. Default 25. */
    slope: slopeOrWidth().default(25),
  }),
  section({
    kind: z.literal('atan'),
    /** a of a / 2 / (1 + (pi a x / 2)^2). Default 2. */
    alpha: slopeOrWidth().default(2),
  }),
  section({
    kind: z.literal('triangle'),
    /** w of max(0, 1 - |x| / w) / w. Default 1. */
    width: slopeOrWidth().default(1),
  }),
  section({
    kind: z.literal('rectangle'),
    /** w of 1 / 2w where |x| < w, else 0. Default 1. */
    width: slopeOrWidth().default(1),
  }),
  section({
    kind: z.literal('sigmoid'),
    /** k of k s (1 - s) with s = 1 / (1 + exp(-k x)). Default 4. */
    slope: slopeOrWidth().default(4),
  }),
]);

const learning = section({
  /** `bptt` goes back through every step; `rate` goes back once, over mean spike counts. Default `bptt`. */
  mode: choice('bptt', 'rate').default('bptt'),
  /** Default triangle of width 1. */
  surrogate: surrogate.prefault('triangle'),
  /** Mode `bptt`: whether gradients ignore that a reset depends on the spike. Default true. */
  detachReset: flag().default(true),
  /** Mode `rate`: the derivative of a mean spike count by its input. Default `surrogate`. */
  rateDerivative: choice('surrogate', 'active', 'identity').default('surrogate'),
  /**
   * Mode `rate`: whether weights learn from the input that the layer was driven by or from plain mean spike
   * counts. Default `drive`.
   */
  ratePresynaptic: choice('drive', 'rate').default('drive'),
});

export const networkSchema = section({
  /** [channels, height, width] of a sample. */
  inputShape: z.tuple([integer({ min: 1, max: 64 }), side(), side()], {
    error: '[channels, height, width]: 1 to 64 channels, 1 to 4096 rows and columns',
  }),
  /** Steps for which every sample is shown. Default 10. */
  timesteps: integer({ min: 1, max: mostTimesteps }).default(10),
  /** Of the initial weights. Default 42. */
  seed: seed().default(42),
  /**
   * `mixed` reads the weights of the forward pass in a reduced precision, which is faster; `float32` reads
   * them as they are trained. Default `mixed`.
   */
  precision: choice('float32', 'mixed').default('mixed'),
  /** Default hybrid, five deterministic steps. */
  encoder: encoder.prefault('hybrid'),
  /** From input to readout. The last one is a dense layer with a unit per class. */
  layers: z
    .array(layerSchema, { error: `a list of 1 to ${mostLayers} layers` })
    .min(1)
    .max(mostLayers),
  /**
   * What a class's score is: its mean spike count, or a membrane potential of leaky units. Default
   * `meanCount`.
   */
  readout: choice('meanCount', 'lastMembrane', 'maxMembrane').default('meanCount'),
  /** Default cross-entropy. */
  loss: loss.prefault('crossEntropy'),
  learning: learning.prefault({}),
});

/** A network as it is written: everything with a default may be left out. */
export type NetworkOptions = z.input<typeof networkSchema>;
/** A network with every default filled in. */
export type NetworkConfig = z.output<typeof networkSchema>;
export type EncoderConfig = z.output<typeof encoder>;
export type SurrogateConfig = z.output<typeof surrogate>;
export type LearningConfig = z.output<typeof learning>;
