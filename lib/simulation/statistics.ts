// Firing statistics of a population, gathered spike by spike in memory that does not grow.

export interface FiringStatistics {
  population: string;
  neurons: number;
  /** Since the transient. */
  spikes: number;
  /** Mean over neurons, in Hz; null when no time has passed since the transient. */
  rateHz: number | null;
  /** Neurons that have fired at least once. */
  active: number;
  /**
   * Standard deviation of a neuron's intervals between spikes over their mean, averaged over the neurons with
   * at least two intervals; null when there are none. 1 for a Poisson process, 0 for a clock.
   */
  cv: number | null;
}

export interface StatisticsOptions {
  population: string;
  neurons: number;
  /** Spikes up to here are ignored. */
  fromMs: number;
}

/** Running mean and variance of every neuron's intervals (Welford 1962). */
export class StatisticsCollector {
  readonly #options: StatisticsOptions;
  readonly #counts: Uint32Array;
  readonly #last: Float64Array;
  readonly #mean: Float64Array;
  readonly #squares: Float64Array;
  #spikes = 0;

  constructor(options: StatisticsOptions) {
    this.#options = options;
    this.#counts = new Uint32Array(options.neurons);
    this.#last = new Float64Array(options.neurons);
    this.#mean = new Float64Array(options.neurons);
    this.#squares = new Float64Array(options.neurons);
  }

  /** Takes spikes in the order of their times. */
  add(timesMs: Float64Array, neurons: Uint32Array): void {
    const { fromMs } = this.#options;
    for (let i = 0; i < timesMs.length; i++) {
      if (timesMs[i]! > fromMs) this.#addSpike(timesMs[i]!, neurons[i]!);
    }
  }

  /** The statistics at the end of a simulation. */
  summary(endMs: number): FiringStatistics {
    const { population, neurons, fromMs } = this.#options;
    const seconds = (endMs - fromMs) / 1000;
    return {
      population,
      neurons,
      spikes: this.#spikes,
      rateHz: seconds > 0 ? this.#spikes / neurons / seconds : null,
      active: this.#counts.reduce((active, count) => active + (count > 0 ? 1 : 0), 0),
      cv: this.#meanVariation(),
    };
  }

  #addSpike(timeMs: number, neuron: number): void {
    const intervals = this.#counts[neuron]!++;
    if (intervals > 0) {
      const interval = timeMs - this.#last[neuron]!;
      const deviation = interval - this.#mean[neuron]!;
      this.#mean[neuron]! += deviation / intervals;
      this.#squares[neuron]! += deviation * (interval - this.#mean[neuron]!);
    }
    this.#last[neuron] = timeMs;
    this.#spikes++;
  }

  #meanVariation(): number | null {
    let sum = 0;
    let measured = 0;
    this.#counts.forEach((count, neuron) => {
      if (count < 3) return;
      sum += Math.sqrt(this.#squares[neuron]! / (count - 1)) / this.#mean[neuron]!;
      measured++;
    });
    return measured > 0 ? sum / measured : null;
  }
}
