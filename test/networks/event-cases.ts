// Helpers to compare event networks with recorded runs: lists of spikes and connections, samples, tolerances.
import type { ExecutionContext } from 'ava';
import type { EventNetwork, ValueRecorder } from '../../lib/networks/event-network.ts';

/** A spike of a neuron at a time in ms. */
export type Spike = readonly [neuron: number, timeMs: number];

/** One train per neuron as a list ordered by time. */
export function spikeList(trains: readonly (readonly number[])[], laterByMs = 0) {
  const spikes = trains.flatMap((train, neuron) => train.map((time): Spike => [neuron, time + laterByMs]));
  spikes.sort(byTime);
  return { timesMs: spikes.map(([, time]) => time), neurons: spikes.map(([neuron]) => neuron) };
}

export function spikesOf({ timesMs, neurons }: { timesMs: Float64Array; neurons: Uint32Array }): Spike[] {
  return Array.from(timesMs, (time, index) => [neurons[index]!, time]);
}

function byTime([neuron, time]: Spike, [otherNeuron, otherTime]: Spike): number {
  return time - otherTime || neuron - otherNeuron;
}

/** Numbers of synapses in stored order, by source and target. */
export function synapseNumbers(network: EventNetwork, projection: string) {
  const { sources, targets } = network.connections(projection);
  const numbers = new Map(Array.from(sources, (source, index) => [`${source} ${targets[index]}`, index]));
  return (source: number, target: number): number => numbers.get(`${source} ${target}`)!;
}

/** What a recorder saw of one item at some times, none of which may be missing. */
export function samplesOf(
  { timesMs, values, items }: ReturnType<ValueRecorder['take']>,
  item: number,
  wantedMs: readonly number[],
): number[] {
  const rows = new Map(Array.from(timesMs, (time, row) => [nanoseconds(time), row]));
  return wantedMs.map((time) => {
    const row = rows.get(nanoseconds(time));
    return row === undefined ? Number.NaN : values[row * items + item]!;
  });
}

function nanoseconds(ms: number): number {
  return Math.round(ms * 1e6);
}

/** Compares with what was recorded in double precision; `label` says what was run. */
export class Comparison {
  readonly #t: ExecutionContext;
  readonly #label: string;
  readonly #single: number | null;

  /** `single`: how far values in single precision may be off, by their size or by 1; null in double precision. */
  constructor(t: ExecutionContext, label: string, single: number | null = null) {
    this.#t = t;
    this.#label = label;
    this.#single = single;
  }

  /** Every value within `limit`, unless in single precision. */
  values(what: string, actual: ArrayLike<number>, expected: readonly number[], limit: number): void {
    this.#t.is(actual.length, expected.length, `${this.#label}: number of ${what}`);
    const off = expected.findIndex((value, index) => {
      const allowed = this.#single === null ? limit : this.#single * Math.max(1, Math.abs(value));
      return !(Math.abs(actual[index]! - value) <= allowed);
    });
    this.#t.is(off, -1, `${this.#label}: ${what} ${off} is ${actual[off]}, not ${expected[off]}`);
  }

  /** The same neurons in the same order, at times within `limitMs`. */
  spikes(actual: readonly Spike[], expected: readonly Spike[], limitMs: number): void {
    const [found, wanted] = [actual, expected].map((spikes) => spikes.toSorted(byTime));
    const off = wanted!.findIndex(([neuron, time], index) => {
      const [foundNeuron, foundTime] = found![index] ?? [-1, Number.NaN];
      return neuron !== foundNeuron || !(Math.abs(time - foundTime) <= limitMs);
    });
    this.#t.is(off, -1, `${this.#label}: spike ${off} is ${found![off]}, not ${wanted![off]}`);
    this.#t.is(found!.length, wanted!.length, `${this.#label}: number of spikes`);
  }
}
