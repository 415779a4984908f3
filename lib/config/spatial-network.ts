// The configuration of a spatial network: grids of neurons, what each neuron sees and stores, how it answers, learns
// and grows.
import { z } from 'zod';
import { choice, integer, number, section, seed } from './fields.ts';
import { selected } from './selected.ts';
import { type ActivationName, activationNames, mapSide } from './spatial-map.ts';

/** Sizes along x, y and z. */
export type Grid = [x: number, y: number, z: number];
/** Neurons, which make up a box as near to a cube as there is, or the sizes along x, y and z. */
export type GridSize = number | readonly [x: number, y: number, z: number];
/** Cells to either side of the middle, along all axes or along x, y and z. */
export type Reach = number | readonly [x: number, y: number, z: number];
/** `map` is a function for each pattern, chosen beforehand; a table of 8 x 8 names is a map of one's own. */
export type Activation = 'map' | ActivationName | readonly (readonly ActivationName[])[];

/** The rate of learning to begin with, and the bounds within which every neuron changes its own. */
export interface LearningRates {
  initial: number;
  min: number;
  max: number;
}

// ---- windows ------------------------------------------------------------------------------------------------------

const cells = integer({ min: 0, max: 32 });
const triple = z.tuple([cells, cells, cells]);
const reachWords = 'an integer from 0 to 32, [x, y, z] of such, or a list of these, one for each layer';

const layerReach = selected((value) => {
  if (typeof value === 'number') return cells;
  return isTriple(value) ? triple : 'an integer from 0 to 32, or [x, y, z] of such';
});

const reach = selected((value) => {
  if (typeof value === 'number') return cells;
  if (isTriple(value)) return triple;
  return Array.isArray(value) ? z.array(layerReach) : reachWords;
}) as z.ZodType<Reach | Reach[], Reach | readonly Reach[]>;

function isTriple(value: unknown): value is [number, number, number] {
  return Array.isArray(value) && value.length === 3 && value.every((item) => typeof item === 'number');
}

// ---- activations --------------------------------------------------------------------------------------------------

const name = choice(...activationNames);
const nameOrMap = choice('map', ...activationNames);
const rowWords = `a row of ${mapSide} names`;
const tableWords = `${mapSide} rows of ${mapSide} names`;
const table = z.array(z.array(name).length(mapSide, { error: rowWords })).length(mapSide, {
  error: tableWords,
});
const activationWords = '"map", the name of a function, a table of 8 x 8 names';

const layerActivation = selected((value) => {
  if (typeof value === 'string') return nameOrMap;
  return isTable(value) ? table : activationWords;
});

const activation = selected((value) => {
  if (typeof value === 'string') return nameOrMap;
  if (isTable(value)) return table;
  return Array.isArray(value)
    ? z.array(layerActivation)
    : `${activationWords}, or a list of these, one for each layer`;
}) as z.ZodType<Activation | Activation[], Activation | readonly Activation[]>;

/** Whether a value is, or is meant to be, a table of names rather than a list of what layers have. */
export function isTable(value: unknown): value is ActivationName[][] {
  const isRow = (row: unknown) => Array.isArray(row) && row.every((cell) => !Array.isArray(cell));
  return Array.isArray(value) && value.length > 0 && value.every(isRow);
}

// ---- learning and growth ------------------------------------------------------------------------------------------

const rate = number({ min: 0, max: 1 });

const rates = section({
  /** Default 0.08. */
  initial: rate.optional(),
  /** Default 0.08, or `initial` when that is smaller. */
  min: rate.optional(),
  /** Default 0.1, or `initial` when that is larger. */
  max: rate.optional(),
});

const learningRate = selected((value) => (typeof value === 'number' ? rate : rates)) as z.ZodType<
  number | Partial<LearningRates>,
  number | { initial?: number | undefined; min?: number | undefined; max?: number | undefined }
>;

const growth = section({
  /** Saturation from which on a neuron splits. Default 0.9. */
  threshold: number({ min: 0, max: 1 }).default(0.9),
  /** Batches between two growths. Default 0: only when `grow` asks for it. */
  everyBatches: integer({ min: 0, max: 2 ** 31 - 1 }).default(0),
  /** Neurons that a layer may grow to. Default 67,108,864. */
  maxNeurons: integer({ min: 1, max: 2 ** 31 - 1 }).default(2 ** 26),
});

/** The keys of a spatial network but its grids. */
export const spatialNetworkFields = {
  /** Bits of a stored weight. Default 4. */
  bits: z.literal([1, 2, 4], { error: '1, 2 or 4' }).default(4),
  /** Weights that a neuron may store; a whole window and a bias have to fit. Default 256. */
  capacity: integer({ min: 8, max: 65536 }).default(256),
  /**
   * Cells of the grid below to either side of the middle that a neuron sees. Three numbers are always those along x, y
   * and z; in a list for three layers at least one is written as [x, y, z]. Default 1.
   */
  reach: reach.default(1),
  /** How neurons answer. Default `map`, and `identity` in the last layer. */
  activation: activation.optional(),
  /** Bits of each of the two parts of a pattern that tell patterns apart: 3 tell 8 x 8 apart, 0 none. Default 3. */
  patternBits: integer({ min: 0, max: 3 }).default(3),
  /**
   * What becomes of changes that are smaller than a step of a weight: `stochastic` makes a whole step with that
   * probability, `residual` adds them up beside the weight, in 16 bits more. Default `stochastic`.
   */
  rounding: choice('stochastic', 'residual').default('stochastic'),
  /** Share of a neuron's sum that it keeps from the step before. Default 0. */
  temporalDecay: number({ min: 0, max: 0.999999 }).default(0),
  /** A number is short for { initial }. Default 0.08, and from 0.08 to 0.1. */
  learningRate: learningRate.prefault({}),
  growth: growth.prefault({}),
  /** Of the initial weights and of rounding. Default 42. */
  seed: seed().default(42),
  /**
   * What computes: the processor, or an NVIDIA GPU, for which the CUDA library has to be built. Results are the same,
   * bit for bit. Default `cpu`.
   */
  device: choice('cpu', 'cuda').default('cpu'),
  /** Default: one for every processor that the process may use. Results do not depend on it. */
  threads: integer({ min: 1, max: 1024 }).optional(),
  /** A network that would need more is refused, and does not grow further. Default: what the machine has. */
  maxMemoryBytes: integer({ min: 1 }).optional(),
};

export const spatialNetworkSchema = section(spatialNetworkFields);

/** A network's options as they are written: everything may be left out. */
export interface SpatialNetworkOptions extends z.input<typeof spatialNetworkSchema> {}
/** The options with every default filled in; lists have an entry for each grid but the first. */
export interface SpatialNetworkConfig
  extends Omit<z.output<typeof spatialNetworkSchema>, 'reach' | 'activation' | 'learningRate'> {
  reach: Grid[];
  activation: Activation[];
  learningRate: LearningRates;
}
