// The configuration of training: length, batches, optimiser, learning-rate schedule, stopping and
// augmentation.
import { z } from 'zod';
import { choice, flag, integer, number, section, seed, variants } from './fields.ts';

const common = (learningRate: number, weightDecay: number) => ({
  /** Default 0.01 for `sgd`, otherwise 0.001. */
  learningRate: number({ min: 0, max: 1000 }).default(learningRate),
  /** `adamw`: decoupled from the gradient, default 0.01. Others: added to the gradient, default 0. */
  weightDecay: number({ min: 0, max: 1 }).default(weightDecay),
  /**
   * Factor on all weights after every step, whatever the learning rate is. Default 1, which changes nothing.
   */
  decayFactor: number({ above: 0, max: 1 }).default(1),
});

const moments = {
  /** Default 0.9. */
  beta1: number({ min: 0, max: 0.9999999 }).default(0.9),
  /** Default 0.999. */
  beta2: number({ min: 0, max: 0.9999999 }).default(0.999),
  /** Default 1e-8. */
  epsilon: number({ min: 1e-20, max: 1 }).default(1e-8),
};

const optimizer = variants(
  [
    section({
      kind: z.literal('sgd'),
      ...common(0.01, 0),
      /** Default 0. */
      momentum: number({ min: 0, max: 0.9999999 }).default(0),
    }),
    section({ kind: z.literal('adam'), ...common(0.001, 0), ...moments }),
    section({ kind: z.literal('adamw'), ...common(0.001, 0.01), ...moments }),
  ],
  'adam',
);

const warmup = {
  /** The learning rate rises linearly over this many epochs, which may be a fraction. Default 0. */
  warmupEpochs: number({ min: 0, max: 1e6 }).default(0),
};

const schedule = variants([
  section({ kind: z.literal('constant'), ...warmup }),
  section({
    kind: z.literal('step'),
    ...warmup,
    /** Epochs between two reductions. Default 5. */
    everyEpochs: integer({ min: 1, max: 1e6 }).default(5),
    /** Factor of a reduction. Default 0.95. */
    factor: number({ above: 0, max: 1 }).default(0.95),
  }),
  section({
    kind: z.literal('cosine'),
    ...warmup,
    /** Epochs until the smallest rate is reached. Default: all epochs of the training. */
    epochs: integer({ min: 1, max: 1e6 }).optional(),
    /** Smallest rate as a share of the learning rate. Default 0. */
    finalFactor: number({ min: 0, max: 1 }).default(0),
  }),
]);

const convergence = section({
  /** Epochs without an improvement after which training stops. Default 10. */
  patience: integer({ min: 1, max: 1e6 }).default(10),
  /** An improvement has to be larger than this. Default 0. */
  minDelta: number({ min: 0 }).default(0),
  /** Default `validationLoss`. */
  monitor: choice('trainLoss', 'trainAccuracy', 'validationLoss', 'validationAccuracy').default(
    'validationLoss',
  ),
  /** Whether the monitored value should fall or rise. Default: losses fall, accuracies rise. */
  mode: choice('min', 'max').optional(),
});

const augmentation = section({
  /** Largest shift in pixels, both ways in both directions. Default 0. */
  shift: integer({ min: 0, max: 64 }).default(0),
  /** Largest rotation in degrees, both ways. Default 0. */
  rotate: number({ min: 0, max: 180 }).default(0),
  /** Strength of elastic distortion in pixels. Default 0, which is none. */
  elastic: number({ min: 0, max: 64 }).default(0),
  /** Smoothness of elastic distortion in pixels. Default 4. */
  elasticSigma: number({ min: 0.5, max: 64 }).default(4),
});

/**
 * Spike-timing rules belong to the projections of event networks: a layer network accepts the section only
 * while it is switched off.
 */
const stdp = section({
  enabled: flag().default(false),
  learningRate: number({ min: 0 }).optional(),
  tauPre: number({ above: 0 }).optional(),
  tauPost: number({ above: 0 }).optional(),
  aPlus: number({ min: 0 }).optional(),
  aMinus: number({ min: 0 }).optional(),
  wMin: number().optional(),
  wMax: number().optional(),
  metaplasticity: section({
    enabled: flag().default(false),
    threshold: number({ min: 0 }).optional(),
    tauMeta: number({ above: 0 }).optional(),
    scalingFactor: number({ above: 0 }).optional(),
  }).optional(),
}).refine((rule) => !rule.enabled, {
  path: ['enabled'],
  error:
    'false: a layer network learns by network.learning; STDP is the plasticity of a projection in event networks, ' +
    'which "synfire simulate" runs',
});

export const trainingSchema = section({
  /** Passes over the training part of the data. Default 10. */
  epochs: integer({ min: 1, max: 1e6 }).default(10),
  /** Samples per training step. Default 64. */
  batchSize: integer({ min: 1, max: 65536 }).default(64),
  /** Of the order of samples, of encoded spikes, dropout and augmentation. Default 42. */
  seed: seed().default(42),
  /** Default: one for every processor that the process may use. Results do not depend on it. */
  threads: integer({ min: 1, max: 1024 }).optional(),
  /** Default Adam. */
  optimizer: optimizer.prefault('adam'),
  /** Default constant. */
  schedule: schedule.prefault('constant'),
  /** Gradients whose joint norm is larger are scaled down to it. Default 0, which is off. */
  clipNorm: number({ min: 0 }).default(0),
  /** Early stopping. Default: none. */
  convergence: convergence.optional(),
  /** What is done to training samples at random, anew in every epoch. Default: nothing. */
  augmentation: augmentation.optional(),
  /** Whether the data set's sample weights scale the loss. Default false. */
  sampleWeights: flag().default(false),
  stdp: stdp.optional(),
});

/** Training as it is written: everything may be left out. */
export type TrainingOptions = z.input<typeof trainingSchema>;
/** Training with every default filled in. */
export type TrainingConfig = z.output<typeof trainingSchema>;
export type OptimizerConfig = z.output<typeof optimizer>;
export type ScheduleConfig = z.output<typeof schedule>;
export type ConvergenceConfig = z.output<typeof convergence>;
export type AugmentationConfig = z.output<typeof augmentation>;
