// The recordings of a simulation: taken from the network piece by piece, handed out as arrays for files.
import { type Chosen, highest, type Recording } from '../config/simulation.ts';
import { oneOf } from '../config/suggest.ts';
import { invalid } from '../errors.ts';
import type { EventNetwork } from '../networks/event-network.ts';
import type { SpikeRecord, ValueRecord } from '../networks/event-recorders.ts';

/** An array of a recording. */
export interface RecordedArray {
  /** That of the recording, with what the array holds behind a dot; values alone have no such part. */
  name: string;
  data: Float64Array | Uint32Array;
  /** Sizes of the dimensions, the slowest first. */
  shape: number[];
}

/** Part of a simulation that gathers what the network has recorded. */
export interface Recorder {
  /** Takes over what has been recorded since the last call. */
  drain(): void;
  arrays(): RecordedArray[];
}

type ValueRecording = Exclude<Recording, { kind: 'spikes' }>;

/** Begins to record; times and values become arrays called after `name`. Throws for what the network has not. */
export function startRecording(network: EventNetwork, recording: ValueRecording, name: string): Recorder {
  switch (recording.kind) {
    case 'state':
      return recordState(network, recording, name);
    case 'weights':
      return recordWeights(network, recording, name);
    case 'traces':
      return recordTraces(network, recording, name);
    case 'rates':
      return recordRates(network, recording, name);
  }
}

type RecordingOf<Kind extends Recording['kind']> = Extract<Recording, { kind: Kind }>;

function recordState(network: EventNetwork, recording: RecordingOf<'state'>, name: string): Recorder {
  const { population, variable, intervalMs } = recording;
  const neurons = someNeurons(network, population, recording.neurons);
  const recorder = network.recordState(population, variable, { ...neurons, intervalMs });
  return new RecordedValues(name, () => recorder.take());
}

function recordTraces(network: EventNetwork, recording: RecordingOf<'traces'>, name: string): Recorder {
  const { projection, side, trace, intervalMs } = recording;
  const ends = network.projections.find((candidate) => candidate.name === projection);
  if (ends === undefined) {
    const names = network.projections.map((candidate) => candidate.name);
    throw invalid('ERR_SYNFIRE_INVALID_ARGUMENT', 'projection', projection, oneOf(names, projection));
  }
  const neurons = someNeurons(network, side === 'pre' ? ends.source : ends.target, recording.neurons);
  const recorder = network.recordTraces(projection, { ...neurons, side, trace, intervalMs });
  return new RecordedValues(name, () => recorder.take());
}

function recordRates(network: EventNetwork, recording: RecordingOf<'rates'>, name: string): Recorder {
  const { population, binMs } = recording;
  const rates = network.recordRates(population, { binMs });
  const take = () => {
    const { timesMs, ratesHz } = rates.take();
    return { timesMs, values: ratesHz, items: 1 };
  };
  return new RecordedValues(name, take, { flat: true });
}

function someNeurons(network: EventNetwork, population: string, chosen: Chosen | undefined) {
  if (chosen === undefined) return {};
  const { size } = network.populations.find(({ name }) => name === population)!;
  return { neurons: indicesOf(chosen, 'neurons', size) };
}

/** Weights come with the neurons that their synapses connect. */
function recordWeights(network: EventNetwork, recording: RecordingOf<'weights'>, name: string): Recorder {
  const { projection, intervalMs } = recording;
  const { sources, targets } = network.connections(projection);
  const synapses = recording.synapses && indicesOf(recording.synapses, 'synapses', sources.length);
  const recorder = network.recordWeights(projection, { ...(synapses && { synapses }), intervalMs });
  const chosen = (ends: Uint32Array) => (synapses ? synapses.map((synapse) => ends[synapse]!) : ends);
  return new RecordedValues(name, () => recorder.take(), {
    items: { sources: chosen(sources), targets: chosen(targets) },
  });
}

interface ValueOptions {
  /** Whether there is one value at a time, and no second dimension for it. */
  flat?: boolean;
  /** What is known of every item. */
  items?: Record<string, Uint32Array>;
}

/** Values at certain times. */
class RecordedValues implements Recorder {
  readonly #name: string;
  readonly #take: () => ValueRecord;
  readonly #options: ValueOptions;
  readonly #timesMs = new Pieces(float64);
  readonly #values = new Pieces(float64);
  #items = 0;

  constructor(name: string, take: () => ValueRecord, options: ValueOptions = {}) {
    this.#name = name;
    this.#take = take;
    this.#options = options;
  }

  drain(): void {
    const { timesMs, values, items } = this.#take();
    this.#timesMs.push(timesMs);
    this.#values.push(values);
    this.#items = items;
  }

  arrays(): RecordedArray[] {
    const { flat = false, items = {} } = this.#options;
    const timesMs = this.#timesMs.joined();
    const shape = flat ? [timesMs.length] : [timesMs.length, this.#items];
    return [
      { name: this.#name, data: this.#values.joined(), shape },
      { name: `${this.#name}.times`, data: timesMs, shape: [timesMs.length] },
      ...Object.entries(items).map(([part, data]) => {
        return { name: `${this.#name}.${part}`, data, shape: [data.length] };
      }),
    ];
  }
}

/** Spikes of a population, of which others than those of chosen neurons are left out. */
export class KeptSpikes {
  readonly #timesMs = new Pieces(float64);
  readonly #neurons = new Pieces(uint32);
  readonly #isChosen: Uint8Array | undefined;

  /** `chosen`: lists that are kept, undefined for all neurons. */
  constructor(size: number, chosen: (Chosen | undefined)[]) {
    if (chosen.includes(undefined)) return;
    this.#isChosen = new Uint8Array(size);
    for (const list of chosen) {
      for (const neuron of indicesOf(list!, 'neurons', size)) this.#isChosen[neuron] = 1;
    }
  }

  add({ timesMs, neurons }: SpikeRecord): void {
    const isChosen = this.#isChosen;
    const keeps = (_: number, index: number) => isChosen?.[neurons[index]!] === 1;
    this.#timesMs.push(isChosen ? timesMs.filter(keeps) : timesMs);
    this.#neurons.push(isChosen ? neurons.filter(keeps) : neurons);
  }

  joined(): SpikeRecord {
    return { timesMs: this.#timesMs.joined(), neurons: this.#neurons.joined() };
  }

  arrays(name: string): RecordedArray[] {
    const { timesMs, neurons } = this.joined();
    return [
      { name: `${name}.times`, data: timesMs, shape: [timesMs.length] },
      { name: `${name}.neurons`, data: neurons, shape: [neurons.length] },
    ];
  }
}

const float64 = (length: number): Float64Array => new Float64Array(length);
const uint32 = (length: number): Uint32Array => new Uint32Array(length);

/** An array that comes in pieces. */
class Pieces<Type extends Float64Array | Uint32Array> {
  readonly #make: (length: number) => Type;
  readonly #pieces: Type[] = [];

  constructor(make: (length: number) => Type) {
    this.#make = make;
  }

  push(piece: Type): void {
    if (piece.length > 0) this.#pieces.push(piece);
  }

  joined(): Type {
    const joined = this.#make(this.#pieces.reduce((length, piece) => length + piece.length, 0));
    let at = 0;
    for (const piece of this.#pieces) {
      joined.set(piece, at);
      at += piece.length;
    }
    return joined;
  }
}

/** Neurons or synapses one by one. Throws ERR_SYNFIRE_INVALID_ARGUMENT unless they are below `size`. */
function indicesOf(chosen: Chosen, field: string, size: number): Uint32Array {
  if (highest(chosen) >= size) {
    throw invalid('ERR_SYNFIRE_INVALID_ARGUMENT', field, chosen, `${field} below ${size}`);
  }
  if (Array.isArray(chosen)) return Uint32Array.from(chosen);
  const { from, count } = chosen;
  return Uint32Array.from({ length: count }, (_, offset) => from + offset);
}
