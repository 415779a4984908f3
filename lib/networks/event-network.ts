// Networks of spiking neurons in continuous time: built from a description, run natively, read and changed
// between runs.
import { check } from '../config/check.ts';
import {
  type EventNetworkConfig,
  type EventNetworkOptions,
  eventNetworkSchema,
} from '../config/event-network.ts';
import { oneOf } from '../config/suggest.ts';
import { invalid, SynfireError } from '../errors.ts';
import { type NativeEventNetwork, native, runJob } from '../native/index.ts';
import { RateRecorder, SpikeRecorder, ValueRecorder } from './event-recorders.ts';
import { type EngineNames, Replicas } from './event-replicas.ts';
import { fromEngine, projectionNames, resolveEventNetwork } from './event-spec.ts';
import { toFloat64, toFloat64OfAll, toUint32 } from './number-arrays.ts';
import { type SpikeFeed, SpikeFeeds, type Spikes } from './spike-feeds.ts';

export type {
  Connect,
  Draw,
  EventNetworkConfig,
  EventNetworkOptions,
  IntrinsicPlasticityOptions,
  NormalisationOptions,
  PlasticityOptions,
  PopulationOptions,
  ProjectionOptions,
  ScalingOptions,
} from '../config/event-network.ts';
export { describeModels, describeRules, type ParameterTable } from '../config/event-tables.ts';
export type {
  RateRecord,
  RateRecorder,
  SpikeRecord,
  SpikeRecorder,
  ValueRecord,
  ValueRecorder,
} from './event-recorders.ts';
export type {
  BatchReport,
  MergeMode,
  PresentImagesOptions,
  PresentOptions,
  PresentProgress,
  PresentReport,
  PresentSpikesOptions,
  Replicas,
  SpikeSample,
} from './event-replicas.ts';
export type { SpikeFeed, Spikes } from './spike-feeds.ts';

export interface PopulationInfo {
  name: string;
  size: number;
  kind: 'neurons' | 'list' | 'poisson';
  /** Of neurons. */
  model?: string;
}

export interface ProjectionInfo {
  name: string;
  source: string;
  target: string;
  /** Number of synapses. */
  synapses: number;
  /** Whether a rule changes the weights. */
  plastic: boolean;
}

export interface EventRunOptions {
  /** Ends the run within a few milliseconds; the promise then rejects with the signal's reason. */
  signal?: AbortSignal | undefined;
  /** Default: as the network's options say. Results do not depend on it. */
  threads?: number | undefined;
  /** Called at most 20 times a second; what it throws ends the run. */
  onProgress?: ((progress: EventRunProgress) => void) | undefined;
}

export interface EventRunProgress {
  /** Time that the network has reached. */
  timeMs: number;
  /** Share of the run that is done, from 0 to 1. */
  fraction: number;
}

export interface RunReport {
  simulatedMs: number;
  /** Of neurons and sources. */
  spikes: number;
  /** Synapses that delivered a spike. */
  synapticEvents: number;
  wallMs: number;
}

/** Native memory, in bytes where nothing else is said. */
export interface MemoryReport {
  /** Number of synapses. */
  synapses: number;
  /** Number of synapses with a rule. */
  plasticSynapses: number;
  synapseBytes: number;
  /** All that synapses with a rule need. */
  plasticSynapseBytes: number;
  /** Neurons, traces and queues. */
  stateBytes: number;
  totalBytes: number;
}

/** The state of a network as arrays by name. */
export type StateTensors = Record<string, StateTensor>;
export interface StateTensor {
  /** Sizes of the dimensions; their product is the length of `data`. */
  shape: number[];
  data: Float32Array | Float64Array | BigInt64Array | BigUint64Array | Uint32Array;
}

/**
 * Populations of neurons and spike sources with projections between them. Populations and projections go by
 * their names, neurons by numbers from 0 on, synapses by their stored order: by source, then delay, then target.
 *
 * The same description gives the same spikes and weights, bit for bit, for any number of threads and however
 * time is cut into runs. While a run goes on, other operations throw or reject with ERR_SYNFIRE_BUSY.
 */
export class EventNetwork {
  /** What the network was made of, with defaults filled in. Lists of synapses are those given: leave them be. */
  readonly options: EventNetworkConfig;
  readonly populations: readonly PopulationInfo[];
  readonly projections: readonly ProjectionInfo[];
  readonly #native: NativeEventNetwork;
  readonly #names: EngineNames;
  readonly #feeds: SpikeFeeds;
  readonly #rates: RateRecorder[] = [];
  #learning = true;
  #running = false;

  /**
   * Builds the network at once; see `create` for large ones. Throws ERR_SYNFIRE_CONFIG when the description is
   * not valid and ERR_SYNFIRE_OUT_OF_MEMORY, with the bytes, when the network would be too large.
   */
  constructor(options: EventNetworkOptions);
  /** @internal */
  constructor(options: EventNetworkOptions, built?: NativeEventNetwork);
  constructor(options: EventNetworkOptions, built?: NativeEventNetwork) {
    const config = checked(options);
    this.options = config;
    this.#native = built ?? building(config, () => new (native().EventNetwork)(resolveEventNetwork(config)));
    const { onGrid, synapses } = this.#native.describe();
    this.populations = populationsOf(config);
    this.projections = projectionsOf(config, synapses);
    this.#names = namesOf(this.populations, this.projections);
    this.#feeds = new SpikeFeeds(onGrid.includes(true) ? config.dtMs : finestFeedMs);
  }

  /** Builds the network without blocking the event loop. Rejects as the constructor throws. */
  static async create(
    options: EventNetworkOptions,
    { signal }: { signal?: AbortSignal } = {},
  ): Promise<EventNetwork> {
    const config = checked(options);
    const network = new (native().EventNetwork)();
    try {
      await runJob(() => network.build(resolveEventNetwork(config)), { signal });
    } catch (error) {
      throw notBuilt(config, error);
    }
    return new EventNetwork(config, network);
  }

  /** Bytes that building needs at most, without building; for random connections their expectation. */
  static estimateBytes(options: EventNetworkOptions): number {
    const config = checked(options);
    return building(config, () => native().estimateEventNetwork(resolveEventNetwork(config)));
  }

  // ---- time

  /** Simulated time since the start or the last reset. */
  get timeMs(): number {
    return this.#native.timeMs;
  }

  /**
   * Advances time; with neurons on the grid by a multiple of `dtMs`. Rejects with ERR_SYNFIRE_NUMERIC, naming the
   * population, when one fires more than `maxSpikesPerMs` or stops being finite. However a run ends, a later one
   * goes on from `timeMs` as if there had been no end.
   */
  async run(durationMs: number, options: EventRunOptions = {}): Promise<RunReport> {
    if (this.#running) throw busy();
    this.#running = true;
    try {
      const request = { ...options, onProgress: throttled(options.onProgress) };
      return await (this.#feeds.empty
        ? this.#advance(durationMs, request)
        : this.#runFed(durationMs, request));
    } catch (error) {
      throw this.#names.failed(error);
    } finally {
      this.#running = false;
    }
  }

  /**
   * Goes back to time 0: neurons, traces, spikes on their way and recorders are as after building, lists of
   * spikes empty. Weights, adaptive thresholds and rates stay. `sample` numbers the draws of Poisson sources.
   */
  reset({ sample = 0 }: { sample?: number } = {}): void {
    this.#call((network) => network.reset(sample));
    this.#moved();
  }

  // ---- sources

  /** Adds spikes to a list source: times ascending, none of them in the past. */
  addSpikes(population: string, { timesMs, neurons }: Spikes): void {
    const index = this.#names.population(population);
    const [times, ids] = [toFloat64(timesMs, 'timesMs'), toUint32(neurons, 'neurons')];
    this.#call((network) => network.addSpikes(index, times, ids));
  }

  /** Sets the rates of a Poisson source from now on: one for all neurons, or one for each. */
  setRates(population: string, ratesHz: ArrayLike<number> | number): void {
    const index = this.#names.population(population);
    const rates = toFloat64OfAll(ratesHz, this.populations[index]!.size, 'ratesHz');
    this.#call((network) => network.setRates(index, rates));
  }

  /**
   * Asks `source` for the spikes of a list source, slice by slice: when a run is about to go beyond k sliceMs, for
   * those later than that, up to (k + 1) sliceMs. Until it answers, the run waits, and the network may be read and
   * changed. With neurons on the grid a slice is a multiple of `dtMs`. Another feed of the population replaces it.
   */
  feed(population: string, sliceMs: number, source: SpikeFeed): void {
    const info = this.populations[this.#names.population(population)]!;
    if (info.kind !== 'list') throw refused('population', population, 'a source of listed spikes');
    this.#feeds.set(population, { sliceMs, source, timeMs: this.timeMs });
  }

  // ---- neurons

  /** Names of the state variables of a population's neurons. */
  variables(population: string): string[] {
    const index = this.#names.population(population);
    return this.#call((network) => network.variables(index));
  }

  /** A state variable of every neuron, now. */
  state(population: string, variable: string): Float64Array {
    const index = this.#names.population(population);
    return this.#call((network) => network.state(index, variable));
  }

  /** Sets a state variable: one value for all neurons, or one for each. */
  setState(population: string, variable: string, values: ArrayLike<number> | number): void {
    const index = this.#names.population(population);
    const all = toFloat64OfAll(values, this.populations[index]!.size, 'values');
    this.#call((network) => network.setState(index, variable, all));
  }

  /** Spikes of every neuron since the start or the last reset. */
  spikeCounts(population: string): Uint32Array {
    const index = this.#names.population(population);
    return this.#call((network) => network.spikeCounts(index));
  }

  // ---- synapses

  /** The ends and delays of a projection's synapses. */
  connections(projection: string): { sources: Uint32Array; targets: Uint32Array; delaysMs: Float64Array } {
    const index = this.#names.projection(projection);
    return this.#call((network) => network.connections(index));
  }

  /** The weights of a projection's synapses, now. */
  weights(projection: string): Float64Array {
    const index = this.#names.projection(projection);
    return this.#call((network) => network.weights(index));
  }

  /** Sets the weights of a projection: one for all synapses, or one for each. */
  setWeights(projection: string, weights: ArrayLike<number> | number): void {
    const index = this.#names.projection(projection);
    const all = toFloat64OfAll(weights, this.projections[index]!.synapses, 'weights');
    this.#call((network) => network.setWeights(index, all));
  }

  /** Scales the incoming weights of every neuron to a sum, by default that of the projection's normalisation. */
  normalise(projection: string, total?: number): void {
    const index = this.#names.projection(projection);
    const sum = total ?? this.options.projections[index]!.normalisation?.total;
    if (sum === undefined) throw refused('total', total, `a sum, for "${projection}" has no normalisation`);
    this.#call((network) => network.normalise(index, sum));
  }

  /** Whether rules change weights and adaptive thresholds; traces go on without. At first true. */
  get learning(): boolean {
    return this.#learning;
  }

  set learning(on: boolean) {
    if (typeof on !== 'boolean') throw refused('learning', on, 'true or false');
    this.#call((network) => network.setLearning(on));
    this.#learning = on;
  }

  /** Adds to the reward signal of every reward-modulated projection. */
  reward(amount: number): void {
    this.#call((network) => network.reward(amount));
  }

  /**
   * Ends a sample of supervised teaching: every weight of the projection, which has the rule `teaching`, grows by
   * its target's modulation times its eligibility, which is then cleared.
   */
  teach(projection: string, modulation: ArrayLike<number>): void {
    const index = this.#names.projection(projection);
    const factors = toFloat64(modulation, 'modulation');
    this.#call((network) => network.teach(index, factors));
  }

  // ---- recorders

  /** Records spikes from now on, of all neurons or of some. */
  recordSpikes(population: string, { neurons }: { neurons?: ArrayLike<number> } = {}): SpikeRecorder {
    const index = this.#names.population(population);
    const ids = some(neurons, 'neurons');
    return new SpikeRecorder(
      this.#native,
      this.#call((network) => network.recordSpikes(index, ids)),
    );
  }

  /** Records a state variable at intervals, of all neurons or of some. */
  recordState(
    population: string,
    variable: string,
    { neurons, intervalMs }: { neurons?: ArrayLike<number>; intervalMs: number },
  ): ValueRecorder {
    const index = this.#names.population(population);
    const ids = some(neurons, 'neurons');
    return this.#values((network) => network.recordState(index, variable, ids, intervalMs));
  }

  /** Records weights at intervals, of all synapses of a projection or of some. */
  recordWeights(
    projection: string,
    { synapses, intervalMs }: { synapses?: ArrayLike<number>; intervalMs: number },
  ): ValueRecorder {
    const index = this.#names.projection(projection);
    const ids = some(synapses, 'synapses');
    return this.#values((network) => network.recordWeights(index, ids, intervalMs));
  }

  /** Records a trace of a rule at intervals: number `trace` on the side of the sources or of the targets. */
  recordTraces(
    projection: string,
    options: { side: 'pre' | 'post'; trace?: number; neurons?: ArrayLike<number>; intervalMs: number },
  ): ValueRecorder {
    const index = this.#names.projection(projection);
    const { side, trace = 0, intervalMs } = options;
    const ids = some(options.neurons, 'neurons');
    return this.#values((network) => network.recordTraces(index, side, trace, ids, intervalMs));
  }

  /** Records the mean rate of a population in bins. */
  recordRates(population: string, { binMs }: { binMs: number }): RateRecorder {
    const index = this.#names.population(population);
    if (!(Number.isFinite(binMs) && binMs > 0)) throw refused('binMs', binMs, 'a number above 0');
    const number = this.#call((network) => network.recordSpikes(index, new Uint32Array()));
    const { size: neurons } = this.populations[index]!;
    const recorder = new RateRecorder(this.#native, number, { neurons, binMs });
    this.#rates.push(recorder);
    return recorder;
  }

  // ---- the whole

  memory(): MemoryReport {
    return this.#call((network) => network.memory());
  }

  /** Everything that a later run depends on, but recorders and feeds. */
  exportState(): StateTensors {
    return this.#call((network) => network.exportState());
  }

  /**
   * Takes over the state of a network of the same description. Throws ERR_SYNFIRE_CHECKPOINT, and leaves the
   * network as it was, when the state does not fit.
   */
  importState(state: StateTensors): void {
    this.#call((network) => network.importState(state));
    this.#learning = this.#native.learning;
    this.#moved();
  }

  /** Copies for training on several samples at a time; by default one for every processor. */
  replicas(count: number = native().cpu().hardwareThreads): Replicas {
    const replicas = this.#call((network) => new (native().EventReplicas)(network, count));
    return new Replicas(replicas, this.#names, this.#threads);
  }

  get #threads(): number {
    return this.options.threads ?? native().cpu().hardwareThreads;
  }

  #call<Result>(call: (network: NativeEventNetwork) => Result): Result {
    try {
      return call(this.#native);
    } catch (error) {
      throw this.#names.failed(error);
    }
  }

  #values(record: (network: NativeEventNetwork) => number): ValueRecorder {
    return new ValueRecorder(this.#native, this.#call(record));
  }

  /** Time has jumped. */
  #moved(): void {
    this.#feeds.moveTo(this.timeMs);
    for (const recorder of this.#rates) recorder.restart();
  }

  async #advance(
    durationMs: number,
    { signal, onProgress, threads = this.#threads }: EventRunOptions,
    { doneMs, totalMs } = { doneMs: 0, totalMs: durationMs },
  ): Promise<RunReport> {
    const { timeMs: startMs } = this;
    const onSlice = ({ simulatedMs }: { simulatedMs: number }) =>
      onProgress?.({
        timeMs: startMs + simulatedMs,
        fraction: Math.min(1, (doneMs + simulatedMs) / totalMs),
      });
    return await runJob(
      (progress: typeof onSlice | undefined) => this.#native.run({ durationMs, threads }, progress),
      { signal, onProgress: onProgress && onSlice },
    );
  }

  /** Stops at the beginning of each slice to ask for its spikes. */
  async #runFed(durationMs: number, options: EventRunOptions): Promise<RunReport> {
    const feeds = this.#feeds;
    const watched = { ...options, onProgress: throttled(options.onProgress) };
    const end = feeds.steps('durationMs', durationMs);
    const inMs = (steps: number) => steps * feeds.stepMs;
    const report: RunReport = { simulatedMs: 0, spikes: 0, synapticEvents: 0, wallMs: 0 };
    for (let done = 0, steps = 0; done < end; done += steps) {
      await feeds.ask(
        this.timeMs,
        (population, spikes) => this.addSpikes(population, spikes),
        options.signal,
      );
      steps = Math.min(feeds.stepsUntilDue(this.timeMs), end - done);
      const place = { doneMs: inMs(done), totalMs: inMs(end) };
      const part = await this.#advance(inMs(steps), watched, place);
      for (const key of Object.keys(report) as (keyof RunReport)[]) report[key] += part[key];
    }
    return report;
  }
}

/** Feeds of networks without a grid of their own keep time in nanoseconds. */
const finestFeedMs = 1e-6;

const reportEveryMs = 50;

/** Calls at most 20 times a second, whichever native run they come from. */
function throttled<Progress>(onProgress: ((progress: Progress) => void) | undefined) {
  if (onProgress === undefined) return undefined;
  let next = Number.NEGATIVE_INFINITY;
  return (progress: Progress) => {
    const now = performance.now();
    if (now < next) return;
    next = now + reportEveryMs;
    onProgress(progress);
  };
}

function checked(options: EventNetworkOptions): EventNetworkConfig {
  return check(eventNetworkSchema, options, { root: '' });
}

function building<Result>(config: EventNetworkConfig, build: () => Result): Result {
  try {
    return build();
  } catch (error) {
    throw notBuilt(config, error);
  }
}

/** What the engine finds wrong with a description is an error of the configuration. */
function notBuilt({ populations }: EventNetworkConfig, error: unknown): unknown {
  return fromEngine(error, Object.keys(populations), 'ERR_SYNFIRE_CONFIG');
}

function populationsOf({ populations }: EventNetworkConfig): PopulationInfo[] {
  return Object.entries(populations).map(([name, entry]) => {
    if ('source' in entry) return { name, size: entry.size, kind: entry.source };
    return { name, size: entry.size, kind: 'neurons', model: entry.model };
  });
}

function projectionsOf({ projections }: EventNetworkConfig, synapses: readonly number[]): ProjectionInfo[] {
  const names = projectionNames(projections);
  return projections.map(({ source, target, plasticity }, index) => {
    return {
      name: names[index]!,
      source,
      target,
      synapses: synapses[index]!,
      plastic: plasticity !== undefined,
    };
  });
}

function namesOf(
  populations: readonly PopulationInfo[],
  projections: readonly ProjectionInfo[],
): EngineNames {
  const lists = {
    population: populations.map(({ name }) => name),
    projection: projections.map(({ name }) => name),
  };
  const indexOf = (field: keyof typeof lists) => (name: string) => {
    const index = lists[field].indexOf(name);
    if (index === -1) throw refused(field, name, oneOf(lists[field], name));
    return index;
  };
  return {
    population: indexOf('population'),
    projection: indexOf('projection'),
    failed: (error) => fromEngine(error, lists.population),
  };
}

/** The chosen numbers; none mean all to the engine. */
function some(numbers: ArrayLike<number> | undefined, field: string): Uint32Array {
  if (numbers === undefined) return new Uint32Array();
  const ids = toUint32(numbers, field);
  if (ids.length === 0) throw refused(field, numbers, 'at least one number');
  return ids;
}

function busy(): SynfireError {
  const message =
    'The network is in use by a run that has not ended; await it first, or use a second network';
  return new SynfireError('ERR_SYNFIRE_BUSY', message, { field: 'network' });
}

function refused(field: string, value: unknown, expected: string): SynfireError {
  return invalid('ERR_SYNFIRE_INVALID_ARGUMENT', field, value, expected);
}
