// What recorders of an event network hand out: spikes, values, rates.
import { callNative, type NativeEventNetwork } from '../native/index.ts';

export interface SpikeRecord {
  /** Ascending. */
  timesMs: Float64Array;
  /** The neuron of each spike; of equal times, ascending. */
  neurons: Uint32Array;
}

export interface ValueRecord {
  timesMs: Float64Array;
  /** By sample and item: [samples, items]. */
  values: Float64Array;
  /** Neurons or synapses per sample. */
  items: number;
}

export interface RateRecord {
  /** The beginning of each bin. */
  timesMs: Float64Array;
  /** Mean over the population's neurons. */
  ratesHz: Float64Array;
}

/** Records the spikes of a population. A reset of the network empties it. */
export class SpikeRecorder {
  readonly #network: NativeEventNetwork;
  readonly #number: number;

  /** @internal */
  constructor(network: NativeEventNetwork, number: number) {
    this.#network = network;
    this.#number = number;
  }

  /** What was recorded since the last call. Throws ERR_SYNFIRE_BUSY during a run. */
  take(): SpikeRecord {
    return callNative(() => this.#network.takeSpikes(this.#number));
  }
}

/** Records numbers at intervals, from time 0 on. A reset of the network empties it. */
export class ValueRecorder {
  readonly #network: NativeEventNetwork;
  readonly #number: number;

  /** @internal */
  constructor(network: NativeEventNetwork, number: number) {
    this.#network = network;
    this.#number = number;
  }

  /** What was recorded since the last call. Throws ERR_SYNFIRE_BUSY during a run. */
  take(): ValueRecord {
    return callNative(() => this.#network.takeValues(this.#number));
  }
}

/** Counts the spikes of a population in bins, from when it was made on; from 0 on after a reset. */
export class RateRecorder {
  readonly #network: NativeEventNetwork;
  readonly #spikes: SpikeRecorder;
  readonly #neurons: number;
  readonly #binMs: number;
  #beginMs: number;
  /** Bins that have been handed out. */
  #taken = 0;
  /** Spikes in bins that have not, by their position after `#taken`. */
  #counts: number[] = [];

  /** @internal */
  constructor(
    network: NativeEventNetwork,
    number: number,
    { neurons, binMs }: { neurons: number; binMs: number },
  ) {
    this.#network = network;
    this.#spikes = new SpikeRecorder(network, number);
    this.#neurons = neurons;
    this.#binMs = binMs;
    this.#beginMs = network.timeMs;
  }

  /**
   * The bins completed since the last call; a bin has the spikes after its beginning up to its end. Throws
   * ERR_SYNFIRE_BUSY during a run.
   */
  take(): RateRecord {
    for (const time of this.#spikes.take().timesMs) {
      const bin = Math.max(0, Math.ceil(this.#binsUntil(time) * (1 - rounding)) - 1) - this.#taken;
      this.#counts[bin] = (this.#counts[bin] ?? 0) + 1;
    }
    const complete = Math.floor(this.#binsUntil(this.#network.timeMs) * (1 + rounding)) - this.#taken;
    const counts = Array.from(this.#counts.splice(0, complete));
    const neuronSeconds = (this.#neurons * this.#binMs) / 1000;
    const first = this.#taken;
    this.#taken += complete;
    return {
      timesMs: Float64Array.from(
        { length: complete },
        (_, bin) => this.#beginMs + (first + bin) * this.#binMs,
      ),
      ratesHz: Float64Array.from({ length: complete }, (_, bin) => (counts[bin] ?? 0) / neuronSeconds),
    };
  }

  /** @internal Starts anew at the network's time. */
  restart(): void {
    this.#spikes.take();
    this.#beginMs = this.#network.timeMs;
    this.#taken = 0;
    this.#counts = [];
  }

  #binsUntil(timeMs: number): number {
    return (timeMs - this.#beginMs) / this.#binMs;
  }
}

/** Larger than the error of a quotient, smaller than a difference of times that matters. */
const rounding = 1e-12;
