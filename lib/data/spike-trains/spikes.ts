// Spike trains in memory, and the gathering of checked spikes from a file.

import type { SynfireError } from '../../errors.ts';
import { malformed } from '../byte-reader.ts';
import { checkInteger, refused } from '../checks.ts';

/** The spikes of any number of neurons; those of one neuron are its train. */
export interface SpikeTrains {
  /** Ascending; in a piece of a stream, in the order of the file. */
  timesMs: Float64Array;
  /** The neuron of every spike, counted from 0. */
  neurons: Uint32Array;
  /** Length of the recording: the longest that the file states, or the time of the last spike if that is later. */
  durationMs: number;
  /** The layer of every spike, when the file names layers. */
  layers?: SpikeLayers;
}

export interface SpikeLayers {
  names: readonly string[];
  /** For every spike, the place of its layer in `names`. */
  ofSpikes: Uint16Array;
}

export type SpikeFormat = 'json' | 'ndjson' | 'csv' | 'aer';

export interface ReadSpikeOptions {
  /** Default: by the ending of the file's name, which bytes do not have. */
  format?: SpikeFormat | undefined;
  /** Keeps the spikes of this layer only; it must be in the file. */
  layer?: string | undefined;
  /** Leaves out the spikes from this time on. */
  untilMs?: number | undefined;
  /** Neurons are numbered below this. Default 2^32. */
  maxNeurons?: number | undefined;
  /** Most spikes to take from the file. Default 2^26; for a stream any number, of which 2^26 in one train. */
  maxSpikes?: number | undefined;
  /**
   * What to do about times that do not ascend: within a train for JSON and NDJSON, within the file for CSV and
   * AER. Default `error`.
   */
  unsorted?: 'error' | 'sort' | undefined;
  /** Pixels of the event camera, AER only. Default 34 x 34, that of N-MNIST. */
  sensor?: Sensor | undefined;
  /** Stops the reading; the promise rejects with the signal's reason. */
  signal?: AbortSignal | undefined;
}

/** Size of an event camera in pixels. */
export interface Sensor {
  width: number;
  height: number;
}

/** Reads the bytes of one format; what it finds goes to a SpikeGatherer. */
export interface SpikeParser {
  write(bytes: Buffer): void;
  /** After the last bytes. */
  end(): void;
}

/** Options with their defaults, checked. */
export interface ReadSettings {
  layer: string | undefined;
  untilMs: number;
  maxNeurons: number;
  maxSpikes: number;
  ascending: boolean;
  sensor: Sensor;
}

/** Most spikes in memory unless told otherwise: 0.8 GB. */
export const mostSpikes = 2 ** 26;
const mostNeurons = 2 ** 32;
const mostLayers = 2 ** 16;
const longestLayerName = 256;

/** An AER event with this row counts as an overflow of the clock. */
export const overflowRow = 240;

export function checkReadOptions(options: ReadSpikeOptions, maxSpikes: number): ReadSettings {
  const { layer, untilMs = Infinity, unsorted = 'error', sensor = { width: 34, height: 34 } } = options;
  if (!(untilMs > 0)) throw refused('untilMs', untilMs, 'a time above 0');
  if (unsorted !== 'error' && unsorted !== 'sort') throw refused('unsorted', unsorted, "'error' or 'sort'");
  return {
    layer,
    untilMs,
    maxNeurons: checkInteger('maxNeurons', options.maxNeurons ?? mostNeurons, 1, mostNeurons),
    maxSpikes: options.maxSpikes === undefined ? maxSpikes : checkInteger('maxSpikes', options.maxSpikes, 0),
    ascending: unsorted === 'error',
    sensor: {
      width: checkInteger('sensor.width', sensor.width, 1, 256),
      height: checkInteger('sensor.height', sensor.height, 1, overflowRow),
    },
  };
}

export const layerNameWords = `a name of 1 to ${longestLayerName} characters`;

export function isLayerName(name: string): boolean {
  return typeof name === 'string' && name.length >= 1 && name.length <= longestLayerName;
}

type Values = Float64Array | Uint32Array | Uint16Array;

/** A typed array that grows. */
export class Growing<Type extends Values> {
  length = 0;
  readonly #make: new (
    length: number,
  ) => Type;
  #values: Type;

  constructor(make: new (length: number) => Type) {
    this.#make = make;
    this.#values = new make(1024);
  }

  push(value: number): void {
    if (this.length === this.#values.length) {
      const larger = new this.#make(2 * this.length);
      larger.set(this.#values);
      this.#values = larger;
    }
    this.#values[this.length++] = value;
  }

  at(index: number): number {
    return this.#values[index]!;
  }

  /** A copy of the values, after which there are none. */
  take(): Type {
    const taken = this.#values.slice(0, this.length) as Type;
    this.length = 0;
    return taken;
  }
}

/** Gathers the spikes of one file; checks them and leaves out what is not wanted. */
export class SpikeGatherer {
  readonly file: string;
  readonly settings: ReadSettings;
  /** Where the parser is, for messages, such as `line 3`. */
  position: () => string = () => '';
  readonly #timesMs = new Growing(Float64Array);
  readonly #neurons = new Growing(Uint32Array);
  readonly #layers = new Growing(Uint16Array);
  readonly #layerNames: string[] = [];
  readonly #layerIndices = new Map<string, number>();
  #kept = 0;
  #durationMs = 0;

  constructor(file: string, settings: ReadSettings) {
    this.file = file;
    this.settings = settings;
  }

  /** Spikes since the last piece. */
  get length(): number {
    return this.#timesMs.length;
  }

  /** Adds a spike, unless it is too late; `layer` as of `layerIndex`. */
  add(neuron: number, timeMs: number, layer = 0): void {
    const { untilMs, maxSpikes } = this.settings;
    if (timeMs >= untilMs) return;
    if (++this.#kept > maxSpikes) {
      throw this.refusal('spikes', this.#kept, `at most ${maxSpikes}; maxSpikes allows more`);
    }
    this.#timesMs.push(timeMs);
    this.#neurons.push(neuron);
    this.#layers.push(layer);
    this.#durationMs = Math.max(this.#durationMs, timeMs);
  }

  /** Takes note of how long the file says the recording is. */
  stateDuration(durationMs: number): void {
    this.#durationMs = Math.max(this.#durationMs, durationMs);
  }

  checkNeuron(field: string, value: unknown): number {
    const { maxNeurons } = this.settings;
    if (Number.isInteger(value) && (value as number) >= 0 && (value as number) < maxNeurons) {
      return (value as number) + 0; // no -0
    }
    throw this.refusal(field, value, `a whole number from 0 to ${maxNeurons - 1}`);
  }

  /** Checks a time against the one before it; `written` is how the file has it. */
  checkTime(field: string, value: unknown, previousMs: number, written = value): number {
    if (typeof value !== 'number' || !(value >= 0 && value < Infinity)) {
      throw this.refusal(field, written, 'a finite time of at least 0 ms');
    }
    if (value < previousMs && this.settings.ascending) {
      throw this.refusal(field, written, `at least ${previousMs}, the time before it, or unsorted: 'sort'`);
    }
    return value + 0; // no -0
  }

  /** The number by which a layer is added. */
  layerIndex(field: string, name: string): number {
    const known = this.#layerIndices.get(name);
    if (known !== undefined) return known;
    if (!isLayerName(name)) throw this.refusal(field, name, layerNameWords);
    const index = this.#layerNames.length;
    if (index === mostLayers) throw this.refusal(field, name, `at most ${mostLayers} layers`);
    this.#layerIndices.set(name, index);
    this.#layerNames.push(name);
    return index;
  }

  /** The spikes since the last piece. */
  take(): SpikeTrains {
    const ofSpikes = this.#layers.take();
    return {
      timesMs: this.#timesMs.take(),
      neurons: this.#neurons.take(),
      durationMs: Math.min(this.settings.untilMs, this.#durationMs),
      ...(this.#layerNames.length > 0 && { layers: { names: this.#layerNames, ofSpikes } }),
    };
  }

  /** Throws when the wanted layer is not in the file, which has been read to its end. */
  checkLayerFound(): void {
    const { layer } = this.settings;
    if (layer === undefined || this.#layerIndices.has(layer)) return;
    const names = this.#layerNames.slice(0, 10).join(', ');
    const expected = names === '' ? 'no layer, as the file names none' : `a layer of the file: ${names}`;
    throw malformed(this.file, 'layer', layer, expected);
  }

  refusal(field: string, value: unknown, expected: string, cause?: unknown): SynfireError {
    return malformed(`${this.file}, ${this.position()}`, field, value, expected, cause);
  }
}
