// Spikes from callbacks: each feed is asked for a slice of simulated time before a run enters it.
import { invalid } from '../errors.ts';

/** Spikes of a list source: times in ms, ascending, and the neuron of each. */
export interface Spikes {
  timesMs: ArrayLike<number>;
  neurons: ArrayLike<number>;
}

/** Gives the spikes after `fromMs` (in the first slice from 0 on) up to `toMs`. */
export type SpikeFeed = (fromMs: number, toMs: number) => Spikes | Promise<Spikes>;

interface Feed {
  sliceSteps: number;
  source: SpikeFeed;
  /** Number of the slice to ask for next, counted from time 0. */
  next: number;
}

/** The feeds of a network, by population. Time is counted in steps, in which sums are exact. */
export class SpikeFeeds {
  readonly stepMs: number;
  readonly #feeds = new Map<string, Feed>();

  constructor(stepMs: number) {
    this.stepMs = stepMs;
  }

  get empty(): boolean {
    return this.#feeds.size === 0;
  }

  set(population: string, feed: { sliceMs: number; source: SpikeFeed; timeMs: number }): void {
    const sliceSteps = this.steps('sliceMs', feed.sliceMs);
    if (sliceSteps < 1)
      throw invalid('ERR_SYNFIRE_INVALID_ARGUMENT', 'sliceMs', feed.sliceMs, 'a time above 0');
    const next = Math.ceil(this.#stepAt(feed.timeMs) / sliceSteps);
    this.#feeds.set(population, { sliceSteps, source: feed.source, next });
  }

  /** After a jump in time: the next slices are the first ones that have not begun. */
  moveTo(timeMs: number): void {
    for (const feed of this.#feeds.values()) feed.next = Math.ceil(this.#stepAt(timeMs) / feed.sliceSteps);
  }

  /** Asks the feeds whose slices begin at the time that the network has reached; `add` takes their spikes. */
  async ask(
    timeMs: number,
    add: (population: string, spikes: Spikes) => void,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    for (const [population, feed] of this.#feeds) {
      const step = feed.next * feed.sliceSteps;
      if (step > this.#stepAt(timeMs)) continue;
      const [fromMs, toMs] = [step * this.stepMs, (step + feed.sliceSteps) * this.stepMs];
      const spikes = await feed.source(fromMs, toMs);
      signal?.throwIfAborted();
      add(population, spikes);
      feed.next++;
    }
  }

  /** From the time that the network has reached until the first slice that was not asked for. */
  stepsUntilDue(timeMs: number): number {
    const due = Array.from(this.#feeds.values(), ({ next, sliceSteps }) => next * sliceSteps);
    return Math.min(...due) - this.#stepAt(timeMs);
  }

  /** A span of time in steps. Throws ERR_SYNFIRE_INVALID_ARGUMENT unless they are whole. */
  steps(field: string, ms: number): number {
    const steps = Math.round(ms / this.stepMs);
    if (steps >= 0 && Math.abs(steps * this.stepMs - ms) <= 1e-9 * Math.max(1, ms)) return steps;
    throw invalid('ERR_SYNFIRE_INVALID_ARGUMENT', field, ms, `a multiple of ${this.stepMs} ms`);
  }

  #stepAt(timeMs: number): number {
    return Math.round(timeMs / this.stepMs);
  }
}
