// The configuration of event networks that learn from a data set: the presets, how a sample is shown, training,
// labels and checkpoints.
import { z } from 'zod';
import { choice, flag, integer, number, section, seed, text } from './fields.ts';
import { dataSchema, metricsSchema } from './run.ts';

const size = () => integer({ min: 1, max: 2 ** 24 });
const milliseconds = () => number({ above: 0, max: 1e6 });
const duration = () => number({ min: 0, max: 1e6 });
const population = () => text('the name of a population');

const bounds = (schema: ReturnType<typeof number>, what: string) => {
  const error = `${what}, or [lowest, highest] to draw one for each synapse`;
  return z.union([schema, z.tuple([schema, schema]).refine(([low, high]) => low <= high, { error })], {
    error,
  });
};

/** The network of Diehl & Cook (2015), doi:10.3389/fncom.2015.00099. */
export const diehlCookSchema = section({
  /** Excitatory neurons, and as many inhibitory ones; published: 100, 400, 1600 and 6400. Default 400. */
  neurons: integer({ min: 1, max: 6400 }).default(400),
  /** Pixels of an image. Default 784. */
  inputs: size().default(784),
  /** Of the initial weights and of the input's spikes. Default 42. */
  seed: seed().default(42),
  /** From the input to the excitatory neurons; published: [0, 10]. Default 0. */
  delayMs: bounds(number({ min: 0, max: 1000 }), 'milliseconds').default(0),
  /** Step of the neurons. Default 0.5. */
  dtMs: milliseconds().default(0.5),
  /** Default `float32`. */
  precision: choice('float32', 'float64').default('float32'),
  /** How potentials advance. `euler`, as published, diverges when many inhibitory neurons fire in one step. */
  method: choice('exponential-euler', 'euler').default('exponential-euler'),
  /** How far below rest potentials start, in every sample. Default 0; published: 40, before the first image. */
  startBelowRestMv: number({ min: 0, max: 1000 }).default(0),
  /** What a spike adds to the neuron's threshold. Default 0.05. */
  thetaPlusMv: number({ min: 0, max: 1000 }).default(0.05),
  /** With which that is forgotten. Default 1e7. */
  tauThetaMs: number({ above: 0, max: 1e12 }).default(1e7),
  /** Learning rate of arriving spikes, which depress. Default 1e-4. */
  nuPre: number({ min: 0, max: 1 }).default(1e-4),
  /** Learning rate of the neuron's own spikes, which potentiate. Default 1e-2. */
  nuPost: number({ min: 0, max: 1 }).default(1e-2),
  /** Sum of the weights from the input to each neuron. Default 78, for 784 inputs. */
  total: number({ above: 0, max: 1e6 }).default(78),
  /** Weight from an excitatory neuron to its inhibitory neuron. Default 10.4. */
  excitation: number({ min: 0, max: 1e6 }).default(10.4),
  /** Weight from an inhibitory neuron to all excitatory neurons but its own. Default 17. */
  inhibition: number({ min: 0, max: 1e6 }).default(17),
});

/** One neuron for each class, which is taught what a sample belongs to. */
export const teachingSchema = section({
  /**
   * Neurons; samples of later classes are left out. The rule strengthens and weakens in balance where the share of
   * a class is (1 + 2 / classes) / 5, which is its share for three classes. Default 3.
   */
  classes: integer({ min: 2, max: 4096 }).default(3),
  /** Values of a sample. Default 784. */
  inputs: size().default(784),
  /** Of the initial weights. Default 42. */
  seed: seed().default(42),
  /** Default 2. */
  delayMs: bounds(number({ above: 0, max: 1000 }), 'milliseconds').default(2),
  /** What a spike adds to the potential is this times the weight. Default 20. */
  gainMv: number({ min: 0, max: 1e6 }).default(20),
  /** Sum of the weights onto each neuron. Default 50. */
  total: number({ above: 0, max: 1e6 }).default(50),
  /** Height of the relative refractoriness after a spike. Default 10. */
  relativeAmplitudeMv: number({ min: 0, max: 1000 }).default(10),
  /** Learning rate. Default 0.003. */
  base: number({ min: 0, max: 1000 }).default(0.003),
});

/** An image as rates of Poisson processes. */
export const imageProtocolSchema = section({
  /** The Poisson source, one neuron for each pixel. Default `input`. */
  source: population().default('input'),
  /** The population whose spikes count. Default `excitatory`. */
  output: population().default('excitatory'),
  /** Default 350. */
  showMs: milliseconds().default(350),
  /** Default 150. */
  restMs: duration().default(150),
  /** A pixel fires at byte / 8 * intensity Hz. Default 2. */
  intensity: number({ above: 0, max: 1000 }).default(2),
  /** An image with fewer output spikes is shown again, brighter by 1. Default 5. */
  minSpikes: integer({ min: 0, max: 1e6 }).default(5),
});

/** A sample as one spike of each value, the earlier the larger it is. */
export const latencyProtocolSchema = section({
  /** The spike list, one neuron for each value. Default `input`. */
  source: population().default('input'),
  /** The population that is taught, with a neuron for each class. Default `output`. */
  output: population().default('output'),
  /** The projection with the rule `teaching`. Default `input->output`. */
  projection: text('the name of a projection').default('input->output'),
  /** From the first spike of a sample to its end. Default 120. */
  sampleMs: milliseconds().default(120),
  /** A value p from 0 to 1 fires at (1 - p) * windowMs. Default 100. */
  windowMs: milliseconds().default(100),
  /** Smaller values do not fire. Default 0.2. */
  threshold: number({ min: 0, max: 1 }).default(0.2),
});

/** How samples reach an event network. */
export const protocolSchema = z.discriminatedUnion('kind', [
  section({ kind: z.literal('images'), ...imageProtocolSchema.shape }),
  section({ kind: z.literal('latency'), ...latencyProtocolSchema.shape }),
]);

/** Training of event networks, whichever way samples are shown. */
export const eventTrainingSchema = section({
  /** Passes over the training part of the data. Default 1. */
  epochs: integer({ min: 1, max: 1e6 }).default(1),
  /** Stops after so many images, rounded up to whole batches. Default: none. */
  images: integer({ min: 1, max: 2 ** 40 }).optional(),
  /** Images that are learned side by side, in replicas that are merged. Default: one for each processor. */
  batchSize: integer({ min: 1, max: 65536 }).optional(),
  /** What becomes of the changes that the replicas made. Default `mean`. */
  merge: choice('mean', 'sum', 'consensus').default('mean'),
  /** Of the order of images and the choice of those that labels come from. Default 42. */
  seed: seed().default(42),
  /** Default: one for every processor that the process may use. Results do not depend on it. */
  threads: integer({ min: 1, max: 1024 }).optional(),
  /** Images between two measurements of accuracy. Default: an epoch. */
  evaluateEvery: integer({ min: 1, max: 2 ** 31 - 1 }).optional(),
});

/** How neurons that were not told classes are read. */
export const labelsSchema = section({
  /** Images of the training part whose responses give every neuron its class. Default 10,000, or all. */
  images: integer({ min: 1, max: 2 ** 31 - 1 }).default(10_000),
  /**
   * `all`: the class whose neurons fire most on average; `proportional`: spikes count as the share of the
   * neuron's responses that its class has. Default `all`.
   */
  vote: choice('all', 'proportional').default('all'),
});

export const eventCheckpointSchema = section({
  /** Folder of the checkpoints. Default: `checkpoints` in the run's own folder. */
  directory: text('a folder').optional(),
  /** Images between two checkpoints; there is always one after a measurement. Default 10,000. */
  saveEvery: integer({ min: 1, max: 2 ** 31 - 1 }).default(10_000),
  /** Whether the best model so far is kept as well. Default true. */
  saveBest: flag().default(true),
});

const common = {
  training: eventTrainingSchema.prefault({}),
  data: dataSchema.prefault({}),
  checkpoint: eventCheckpointSchema.prefault({}),
  metrics: metricsSchema.prefault({}),
};

/** Runs of event networks by the name of their preset. */
export const eventRunSchemas = {
  'diehl-cook': section({
    network: section({ preset: z.literal('diehl-cook'), ...diehlCookSchema.shape }),
    protocol: imageProtocolSchema.prefault({}),
    labels: labelsSchema.prefault({}),
    ...common,
  }),
  teaching: section({
    network: section({ preset: z.literal('teaching'), ...teachingSchema.shape }),
    protocol: latencyProtocolSchema.prefault({}),
    ...common,
  }),
} as const;

export type EventPresetName = keyof typeof eventRunSchemas;
export const eventPresetNames = Object.keys(eventRunSchemas) as EventPresetName[];

export type DiehlCookOptions = z.input<typeof diehlCookSchema>;
export type TeachingOptions = z.input<typeof teachingSchema>;
export type ImageProtocolOptions = z.input<typeof imageProtocolSchema>;
export type ImageProtocol = z.output<typeof imageProtocolSchema>;
export type LatencyProtocolOptions = z.input<typeof latencyProtocolSchema>;
export type LatencyProtocol = z.output<typeof latencyProtocolSchema>;
export type Protocol = z.output<typeof protocolSchema>;
export type EventTrainingOptions = z.input<typeof eventTrainingSchema>;
export type EventTrainingConfig = z.output<typeof eventTrainingSchema>;
export type LabelsOptions = z.input<typeof labelsSchema>;
export type LabelsConfig = z.output<typeof labelsSchema>;
export type EventCheckpointOptions = z.input<typeof eventCheckpointSchema>;
export type EventCheckpointConfig = z.output<typeof eventCheckpointSchema>;
export type DiehlCookRunConfig = z.output<(typeof eventRunSchemas)['diehl-cook']>;
export type TeachingRunConfig = z.output<(typeof eventRunSchemas)['teaching']>;
/** A run of an event network with every default filled in. */
export type EventRunConfig = DiehlCookRunConfig | TeachingRunConfig;

/** Whether the network of a run is told classes, rather than finding its own. */
export function isTaught(run: EventRunConfig): run is TeachingRunConfig {
  return run.network.preset === 'teaching';
}
