// A simulation of an event network as a file describes it: the network, what its sources send, how long it
// runs and what is recorded.
import { z } from 'zod';
import { check, type Locate } from './check.ts';
import { checkProjections, type EventNetworkConfig, eventNetworkFields } from './event-network.ts';
import { choice, integer, isRecord, number, section, text, variants } from './fields.ts';
import { selected } from './selected.ts';
import { oneOf } from './suggest.ts';

const longestMs = 1e9;
const index = () => integer({ min: 0, max: 2 ** 32 - 1 });
const population = () => text('the name of a population');
const interval = () => number({ above: 0, max: longestMs });

// ---- what sources send --------------------------------------------------------------------------------------------

const list = (what: string) => z.array(number({ min: 0 }), { error: `a list of ${what}` });

const givenSpikes = section({
  /** Ascending. */
  timesMs: list('times in ms'),
  /** The neuron of every spike. */
  neurons: z.array(index(), { error: 'a list of neurons, counted from 0' }),
});

const spikeFile = section({
  /** A file of spikes: JSON, NDJSON, CSV or AER. */
  file: text('a file'),
  /** The layer of the file whose spikes are sent. Default: all. */
  layer: text('the name of a layer').optional(),
});

const givenRates = section({
  /** One for each neuron. */
  ratesHz: list('rates in Hz').min(1),
});

type AnyInput = typeof givenSpikes | typeof spikeFile | typeof givenRates;

/** The spikes of a list, or the rates of Poisson processes. */
const input = selected((value): AnyInput | string => {
  if (isRecord(value) && 'file' in value) return spikeFile;
  if (isRecord(value) && 'ratesHz' in value) return givenRates;
  if (isRecord(value) && ('timesMs' in value || 'neurons' in value)) return givenSpikes;
  return 'a table with timesMs and neurons, with file, or with ratesHz';
});

// ---- recordings ---------------------------------------------------------------------------------------------------

/** Neurons of a population or synapses of a projection, counted from 0. */
const chosen = (what: string) => {
  const range = section({ from: index().default(0), count: integer({ min: 1, max: 2 ** 32 - 1 }) });
  return selected((value) => {
    if (Array.isArray(value)) return z.array(index()).min(1, { error: `at least one of the ${what}` });
    return isRecord(value) ? range : `a list of ${what}, or { from, count } for ${what} in a row`;
  }).optional();
};

const name = () =>
  z
    .string({ error: 'a name of letters, digits, ., - and _' })
    .regex(/^[A-Za-z0-9][\w.-]{0,127}$/)
    .optional();

const projection = () => text('the name of a projection');

const recording = variants([
  section({
    kind: z.literal('spikes'),
    /** Begins the names of the files. Default: made of the kind and of what is recorded. */
    name: name(),
    population: population(),
    /** Default: all. */
    neurons: chosen('neurons'),
  }),
  section({
    kind: z.literal('state'),
    name: name(),
    population: population(),
    /** A state variable of the population's model, such as `v`. */
    variable: text('the name of a state variable'),
    /** Default: all. */
    neurons: chosen('neurons'),
    /** Between two samples. Default 1. */
    intervalMs: interval().default(1),
  }),
  section({
    kind: z.literal('weights'),
    name: name(),
    projection: projection(),
    /** In stored order: by source, then delay, then target. Default: all. */
    synapses: chosen('synapses'),
    /** Between two samples. Default 1000. */
    intervalMs: interval().default(1000),
  }),
  section({
    kind: z.literal('traces'),
    name: name(),
    projection: projection(),
    /** Of the source's neurons or of the target's. Default `pre`. */
    side: choice('pre', 'post').default('pre'),
    /** Number of the trace within the rule. Default 0. */
    trace: integer({ min: 0, max: 15 }).default(0),
    /** Default: all. */
    neurons: chosen('neurons'),
    /** Between two samples. Default 1. */
    intervalMs: interval().default(1),
  }),
  section({
    kind: z.literal('rates'),
    name: name(),
    population: population(),
    /** Width of the bins in which spikes are counted. Default 10. */
    binMs: interval().default(10),
  }),
]);

// ---- the simulation -----------------------------------------------------------------------------------------------

const simulationFields = {
  ...eventNetworkFields,
  /** Biological time at the end, counted from 0 also when a run goes on from a checkpoint. Default 1000. */
  durationMs: interval().default(1000),
  /** From the start, left out of the rates and variations that are reported. Default 0. */
  transientMs: number({ min: 0, max: longestMs }).default(0),
  /** What sources send, by their population's name. */
  inputs: z.record(z.string(), input, { error: 'what sources send, by population' }).default({}),
  /** Default: none. */
  recordings: z.array(recording, { error: 'a list of recordings' }).default([]),
};

/** Tables of a document whose keys are names of populations. */
export const namedTables = ['populations', 'inputs'];

/** A simulation as it is written. */
export interface SimulationOptions extends z.input<z.ZodObject<typeof simulationFields>> {}
/** A simulation with every default filled in, those of models and rules excepted. */
export interface SimulationConfig extends z.output<z.ZodObject<typeof simulationFields>> {}
export type Input = z.output<typeof input>;
export type Recording = z.output<typeof recording>;
/** Neurons or synapses: a list of them, or some in a row. */
export type Chosen = NonNullable<z.output<ReturnType<typeof chosen>>>;

const simulationSchema = section(simulationFields)
  .superRefine(checkProjections)
  .superRefine(checkDuration)
  .superRefine(checkInputs)
  .superRefine(checkRecordings);

/** The simulation that was written, with defaults filled in. Throws ERR_SYNFIRE_CONFIG. */
export function completeSimulation(written: unknown, locate?: Locate): SimulationConfig {
  return check(simulationSchema, written, { root: '', ...(locate && { locate }) });
}

/** The network's own part of a simulation. */
export function networkOf(config: SimulationConfig): EventNetworkConfig {
  const {
    durationMs: _duration,
    transientMs: _transient,
    inputs: _inputs,
    recordings: _recordings,
    ...network
  } = config;
  return network;
}

/** That neurons on the grid can end where the simulation does. */
function checkDuration({ populations, dtMs, durationMs }: SimulationConfig, context: z.RefinementCtx): void {
  const onGrid = Object.values(populations).some(
    (entry) => 'model' in entry && (entry.model !== 'lif' || entry.parameters?.integration === 'grid'),
  );
  const steps = durationMs / dtMs;
  if (!onGrid || Math.abs(steps - Math.round(steps)) <= 1e-9 * Math.max(1, steps)) return;
  context.addIssue({ code: 'custom', path: ['durationMs'], message: `a multiple of dtMs, ${dtMs}` });
}

/** That inputs go to sources of the right kind, and that there are as many values as are needed. */
function checkInputs({ populations, inputs }: SimulationConfig, context: z.RefinementCtx): void {
  const sources = Object.keys(populations).filter((name) => 'source' in populations[name]!);
  for (const [name, given] of Object.entries(inputs)) {
    const refuse = (key: string[], message: string) =>
      context.addIssue({ code: 'custom', path: ['inputs', name, ...key], message });
    const target = populations[name];
    if (target === undefined || !('source' in target)) {
      refuse(
        [],
        sources.length > 0
          ? `the name of a source: ${oneOf(sources, name)}`
          : 'no input: there are no sources',
      );
    } else if ('ratesHz' in given !== (target.source === 'poisson')) {
      refuse(
        [],
        target.source === 'poisson'
          ? 'a table with ratesHz'
          : 'a table with timesMs and neurons, or with file',
      );
    } else if ('ratesHz' in given && given.ratesHz.length !== target.size) {
      refuse(['ratesHz'], `${target.size} rates, one for each neuron`);
    } else if ('timesMs' in given && given.neurons.length !== given.timesMs.length) {
      refuse(['neurons'], `${given.timesMs.length} neurons, one for each time`);
    }
  }
}

/** That recorded populations exist, with the chosen neurons. Projections have their names only once it is built. */
function checkRecordings({ populations, recordings }: SimulationConfig, context: z.RefinementCtx): void {
  recordings.forEach((entry, place) => {
    if (!('population' in entry)) return;
    const refuse = (key: string, message: string) =>
      context.addIssue({ code: 'custom', path: ['recordings', place, key], message });
    const target = populations[entry.population];
    if (target === undefined) refuse('population', oneOf(Object.keys(populations), entry.population));
    else if ('neurons' in entry && entry.neurons && highest(entry.neurons) >= target.size) {
      refuse('neurons', `neurons below ${target.size}`);
    }
  });
}

/** The highest of some neurons or synapses. */
export function highest(neurons: Chosen): number {
  return Array.isArray(neurons)
    ? neurons.reduce((most, neuron) => Math.max(most, neuron))
    : neurons.from + neurons.count - 1;
}
