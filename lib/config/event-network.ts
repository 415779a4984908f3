// The description of an event network, in files and in code: populations of neurons and spike sources, and the
// projections between them.
import { z } from 'zod';
import { describeModels, describeRules, once, type Parameters, sectionsOf } from './event-tables.ts';
import { choice, flag, integer, isRecord, number, section, seed, text } from './fields.ts';
import { type Expectation, selected } from './selected.ts';
import { oneOf } from './suggest.ts';

const largestSize = 2 ** 31;
const longestMs = 1e9;

const period = () => number({ above: 0, max: longestMs });

// ---- numbers that are drawn ---------------------------------------------------------------------------------------

const limits = {
  /** Draws below this become this. */
  min: number().optional(),
  /** Draws above this become this. */
  max: number().optional(),
};

const pairOf = (what: string) => z.tuple([number(), number()], { error: what }).readonly();
const uniform = section({ uniform: pairOf('[lowest, highest]'), ...limits });
const normal = section({ normal: pairOf('[mean, standard deviation]'), ...limits });

const constant = number();

/** A number for all, or one drawn for each neuron or synapse. */
const draw = selected((value) => {
  if (typeof value === 'number') return constant;
  if (isRecord(value) && 'uniform' in value) return uniform;
  if (isRecord(value) && 'normal' in value) return normal;
  return 'a number, { uniform = [lowest, highest] } or { normal = [mean, standard deviation] }';
});

// ---- populations --------------------------------------------------------------------------------------------------

const size = integer({ min: 1, max: largestSize });

const intrinsic = section({
  /** Step of the threshold at twice the target rate. Default 0.1. */
  etaMv: number({ min: 0, max: 1e6 }).default(0.1),
  /** Default 5. */
  targetRateHz: number({ above: 0, max: 1e6 }).default(5),
  /** Time constant of the running rate. Default 10,000. */
  tauRateMs: period().default(10000),
  /** Between two steps. Default 100. */
  periodMs: period().default(100),
  /** Bounds of the threshold's offset. Default -10 and 10. */
  minMv: number({ min: -1e6, max: 1e6 }).default(-10),
  maxMv: number({ min: -1e6, max: 1e6 }).default(10),
});

const modelParameters = once(() => sectionsOf(describeModels(), () => ({})));

const parametersOf = (kind: string): z.ZodType<Parameters, Parameters> =>
  selected(() => modelParameters().get(kind)!) as never;

const neurons = <const Kind extends string>(kind: Kind) =>
  section({
    /** Number of neurons. */
    size,
    model: z.literal(kind),
    /** What differs from the model's defaults: see `describeModels()`. */
    parameters: parametersOf(kind).optional(),
    /** Where state variables start, by name (`v`, `ge`, …); others start at rest. */
    initial: z.record(z.string(), draw, { error: 'start values by state variable' }).optional(),
    /** Moves each neuron's threshold so that its rate comes near a target. Default: none. */
    intrinsic: intrinsic.optional(),
    /** A run fails when the population fires more within a millisecond. Default: no limit. */
    maxSpikesPerMs: integer({ min: 1 }).optional(),
  });

const spikeList = section({
  size,
  /** Sends the spikes given to `addSpikes` or by `feed`. */
  source: z.literal('list'),
  maxSpikesPerMs: integer({ min: 1 }).optional(),
});

const poisson = section({
  size,
  /** Sends spikes at random, each neuron at its own rate. */
  source: z.literal('poisson'),
  /** Rate of every neuron until `setRates`. Default 0. */
  rateHz: number({ min: 0, max: 1e6 }).default(0),
  maxSpikesPerMs: integer({ min: 1 }).optional(),
});

const byModel = {
  lif: neurons('lif'),
  'conductance-lif': neurons('conductance-lif'),
  izhikevich: neurons('izhikevich'),
  adex: neurons('adex'),
};
const bySource = { list: spikeList, poisson };

type AnyPopulation = (typeof byModel)[keyof typeof byModel] | (typeof bySource)[keyof typeof bySource];

const population = selected((value): AnyPopulation | Expectation => {
  if (!isRecord(value)) return 'a population: its size with a model or a source';
  const { model, source } = value;
  if (source === undefined && isKey(byModel, model)) return byModel[model];
  if (isKey(bySource, source)) return bySource[source];
  const sources = oneOf(Object.keys(bySource), source);
  if (source !== undefined) return ['source', sources];
  return ['model', `${oneOf(Object.keys(byModel), model)}, unless there is a source, ${sources}`];
});

function isKey<Table extends object>(table: Table, key: unknown): key is keyof Table {
  return typeof key === 'string' && Object.hasOwn(table, key);
}

const populationName = z.string().regex(/^[A-Za-z][\w-]{0,127}$/);

const populations = z
  .record(populationName, population, {
    error: (issue) =>
      issue.code === 'invalid_key'
        ? 'a name of letters, digits, _ and - that begins with a letter'
        : 'populations by name',
  })
  .refine((table) => Object.keys(table).length > 0, { error: 'at least one population' });

// ---- projections --------------------------------------------------------------------------------------------------

/** Numbers in a list or a typed array, which may be too many to look at each: the engine does that. */
const numbers = (what: string) =>
  z.custom<ArrayLike<number>>(isArrayLike, { error: `${what}: a list or typed array of numbers` });

function isArrayLike(value: unknown): boolean {
  return Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView));
}

const degree = integer({ min: 1, max: largestSize });
/** Whether neurons of the same number may be connected, such as each to itself. Default true. */
const self = flag().default(true);
/** Whether two neurons may be connected more than once. Default false. */
const multiple = flag().default(false);

const connectors = {
  /** Every neuron to every other. */
  allToAll: section({ allToAll: section({ self }) }),
  /** Each pair with this probability. */
  probability: section({ probability: number({ min: 0, max: 1 }), self }),
  /** So many random sources for each target. */
  inDegree: section({ inDegree: degree, self, multiple }),
  /** So many random targets for each source. */
  outDegree: section({ outDegree: degree, self, multiple }),
  /** Synapse by synapse. Without weights or delays, those of the projection. */
  sources: section({
    sources: numbers('the source of each synapse'),
    targets: numbers('the target of each synapse'),
    weights: numbers('the weight of each synapse').optional(),
    delaysMs: numbers('the delay of each synapse').optional(),
  }),
  /** Weights from each source (row) to each target (column), row by row; NaN where there is no synapse. */
  matrix: section({
    matrix: numbers('weights, row by row'),
    delaysMs: numbers('delays, row by row').optional(),
  }),
};

const named = choice('one-to-one', 'all-to-all');
type AnyConnector = typeof named | (typeof connectors)[keyof typeof connectors];

const connect = selected((value): AnyConnector | string => {
  if (typeof value === 'string') return named;
  const key = isRecord(value) ? Object.keys(connectors).find((name) => name in value) : undefined;
  if (isKey(connectors, key)) return connectors[key];
  return '"one-to-one", "all-to-all", or an object with allToAll, probability, inDegree, outDegree, sources or matrix';
});

/** A rule and what differs from its defaults: see `describeRules()`. */
export interface PlasticityOptions {
  rule: string;
  [parameter: string]: number | string;
}

const rules = once(() => sectionsOf(describeRules(), (kind) => ({ rule: z.literal(kind) })));

const plasticity: z.ZodType<PlasticityOptions, PlasticityOptions> = selected((value) => {
  if (!isRecord(value)) return 'a rule and its parameters';
  return rules().get(String(value.rule)) ?? ['rule', oneOf([...rules().keys()], value.rule)];
}) as never;

const normalisation = section({
  /** The sum of a neuron's incoming weights. */
  total: number({ above: 0 }),
  /** Between two normalisations. Default 0: only when `normalise` asks for it. */
  periodMs: number({ min: 0, max: longestMs }).default(0),
});

const scaling = section({
  /** Default 0.1. */
  eta: number({ min: 0, max: 1 }).default(0.1),
  /** Default 5. */
  targetRateHz: number({ above: 0, max: 1e6 }).default(5),
  /** Time constant of the running rate. Default 10,000. */
  tauRateMs: period().default(10000),
  /** Between two steps. Default 100. */
  periodMs: period().default(100),
  /** Whether a step is limited to a factor of 1 +- eta. Default true. */
  clamp: flag().default(true),
  /** Bounds of the weights. Default 0 and 1. */
  wMin: number().default(0),
  wMax: number().default(1),
});

const projection = section({
  /** Default `source->target`; a second one of that name gets `#2`, and so on. */
  name: text('a name').optional(),
  /** The name of a population. */
  source: text('the name of a population'),
  /** The name of a population of neurons. */
  target: text('the name of a population'),
  connect,
  /** In the unit that the model of the target takes. Default 1. */
  weight: draw.default(1),
  /** From the spike of the source to its effect on the target. Default 2. */
  delayMs: draw.default(2),
  /** The part of the delay that lies behind the synapse. Default 0. */
  dendriticMs: number({ min: 0, max: 1e6 }).default(0),
  /** Factor on the effect of a spike, beside the weight. Default 1. */
  gain: number().default(1),
  /** Which current or conductance spikes act on. Default: `inhibitory` for a negative `weight`. */
  receptor: choice('excitatory', 'inhibitory').optional(),
  /** Default: weights stay as they are. */
  plasticity: plasticity.optional(),
  /** Scales the incoming weights of every neuron to a sum. Default: none. */
  normalisation: normalisation.optional(),
  /** Scales the incoming weights of every neuron to bring its rate near a target. Default: none. */
  scaling: scaling.optional(),
});

// ---- the network --------------------------------------------------------------------------------------------------

/** The keys of an event network, for schemas that have more; they add `checkProjections`. */
export const eventNetworkFields = {
  /** Of connections, draws and Poisson spikes. Default 1. */
  seed: seed().default(1),
  /** Step of the neurons that are not integrated from event to event. Default 0.1. */
  dtMs: number({ min: 1e-6, max: 1000 }).default(0.1),
  /** Of weights, traces and neurons on the grid. Default `float32`. */
  precision: choice('float32', 'float64').default('float32'),
  /** Default: one for every processor that the process may use. Results do not depend on it. */
  threads: integer({ min: 1, max: 1024 }).optional(),
  /** A network that would need more is refused. Default: what the machine has. */
  maxMemoryBytes: integer({ min: 1 }).optional(),
  /** By name. */
  populations,
  /** Default: none. */
  projections: z.array(projection, { error: 'a list of projections' }).default([]),
};

/** That projections connect populations of the network, and that no two have the same name. */
export function checkProjections(
  network: Pick<EventNetworkConfig, 'populations' | 'projections'>,
  context: z.RefinementCtx,
): void {
  const names = Object.keys(network.populations);
  const seen = new Set<string>();
  network.projections.forEach((entry, index) => {
    const refuse = (key: string, message: string) =>
      context.addIssue({ code: 'custom', path: ['projections', index, key], message });
    for (const end of ['source', 'target'] as const) {
      if (!names.includes(entry[end])) refuse(end, oneOf(names, entry[end]));
    }
    if (entry.name === undefined) return;
    if (seen.has(entry.name)) refuse('name', 'a name that no other projection has');
    seen.add(entry.name);
  });
}

/** An event network. */
export const eventNetworkSchema = section(eventNetworkFields).superRefine(checkProjections);

/** A network as it is written: everything with a default may be left out. */
export interface EventNetworkOptions extends z.input<z.ZodObject<typeof eventNetworkFields>> {}
/** A network with every default filled in, those of models and rules excepted. */
export interface EventNetworkConfig extends z.output<z.ZodObject<typeof eventNetworkFields>> {}

export type PopulationOptions = z.input<typeof population>;
export type PopulationConfig = z.output<typeof population>;
export type ProjectionOptions = z.input<typeof projection>;
export type ProjectionConfig = z.output<typeof projection>;
/** A number for all, or one drawn for each neuron or synapse. */
export type Draw = z.input<typeof draw>;
/** Who is connected to whom. */
export type Connect = z.input<typeof connect>;
export type ConnectConfig = z.output<typeof connect>;
export type IntrinsicPlasticityOptions = z.input<typeof intrinsic>;
export type NormalisationOptions = z.input<typeof normalisation>;
export type ScalingOptions = z.input<typeof scaling>;
