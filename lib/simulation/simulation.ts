// A simulation under way: a network with its recordings, run piece by piece so that they can be taken from it.
import type { Chosen, Recording, SimulationConfig } from '../config/simulation.ts';
import type { EventNetwork } from '../networks/event-network.ts';
import type { SpikeRecord, SpikeRecorder } from '../networks/event-recorders.ts';
import { underField } from './fields.ts';
import { KeptSpikes, type RecordedArray, type Recorder, startRecording } from './recorders.ts';
import { type FiringStatistics, StatisticsCollector } from './statistics.ts';

/** What a run has done, its pieces taken together. */
export interface SimulationTotals {
  simulatedMs: number;
  wallMs: number;
  /** Of neurons and sources. */
  spikes: number;
  /** Synapses that delivered a spike. */
  synapticEvents: number;
}

export interface RunSimulationOptions {
  /** Ends the run within a fraction of a second; the promise then rejects with the signal's reason. */
  signal?: AbortSignal;
  onProgress?: (timeMs: number) => void;
}

/** Runs are cut into pieces of about this much computing time, after which recordings are taken over. */
const pieceWallMs = 100;
const firstPieceMs = 10;
const longestPieceMs = 10_000;
/** The engine's resolution of time. */
const ticksPerMs = 1e9;

/** Runs a network and keeps what it records. */
export class Simulation {
  readonly network: EventNetwork;
  readonly totals: SimulationTotals = { simulatedMs: 0, wallMs: 0, spikes: 0, synapticEvents: 0 };
  readonly #populations: PopulationSpikes[];
  readonly #spikeRecordings: { name: string; kept: KeptSpikes }[] = [];
  readonly #recorders: Recorder[] = [];
  readonly #stepMs: number;

  /** Begins to record. Throws ERR_SYNFIRE_CONFIG, naming the recording, for what the network has not. */
  constructor(network: EventNetwork, config: Pick<SimulationConfig, 'recordings' | 'transientMs' | 'dtMs'>) {
    this.network = network;
    this.#stepMs = config.dtMs;
    const fromMs = Math.max(config.transientMs, network.timeMs);
    this.#populations = network.populations.map(({ name, size }) => {
      const statistics = new StatisticsCollector({ population: name, neurons: size, fromMs });
      return new PopulationSpikes(network.recordSpikes(name), statistics);
    });
    const names = recordingNames(config.recordings);
    config.recordings.forEach((recording, index) => {
      this.#record(recording, index, names[index]!);
    });
  }

  /** Keeps the spikes of chosen neurons of a population; for lists and `undefined` see `KeptSpikes`. */
  keepSpikes(population: string, chosen: (Chosen | undefined)[]): KeptSpikes {
    const index = this.network.populations.findIndex(({ name }) => name === population);
    const kept = new KeptSpikes(this.network.populations[index]!.size, chosen);
    this.#populations[index]!.listen((spikes) => kept.add(spikes));
    return kept;
  }

  /**
   * Runs until the network's time is `endMs`. Whatever ends it, what has been recorded is kept, and a later call goes
   * on.
   */
  async run(endMs: number, { signal, onProgress }: RunSimulationOptions = {}): Promise<void> {
    let steps = Math.max(1, Math.round(firstPieceMs / this.#stepMs));
    for (let leftMs = this.#leftMs(endMs); leftMs > 0; leftMs = this.#leftMs(endMs)) {
      signal?.throwIfAborted();
      const wallMs = await this.#runPiece(Math.min(steps * this.#stepMs, leftMs));
      onProgress?.(this.network.timeMs);
      if (wallMs < pieceWallMs / 2 && steps * this.#stepMs < longestPieceMs) steps *= 2;
      else if (wallMs > pieceWallMs * 2) steps = Math.max(1, Math.round(steps / 2));
    }
  }

  /** Firing statistics of the time that this simulation has run, without the transient. */
  statistics(): FiringStatistics[] {
    return this.#populations.map(({ statistics }) => statistics.summary(this.network.timeMs));
  }

  /** What the recordings hold. */
  arrays(): RecordedArray[] {
    return [
      ...this.#spikeRecordings.flatMap(({ name, kept }) => kept.arrays(name)),
      ...this.#recorders.flatMap((recorder) => recorder.arrays()),
    ];
  }

  #record(recording: Recording, index: number, name: string): void {
    if (recording.kind === 'spikes') {
      const kept = this.keepSpikes(recording.population, [recording.neurons]);
      this.#spikeRecordings.push({ name, kept });
    } else {
      this.#recorders.push(
        underField(`recordings.${index}`, () => startRecording(this.network, recording, name)),
      );
    }
  }

  #leftMs(endMs: number): number {
    return toTicks(endMs - this.network.timeMs);
  }

  async #runPiece(durationMs: number): Promise<number> {
    try {
      const { simulatedMs, wallMs, spikes, synapticEvents } = await this.network.run(durationMs);
      this.totals.simulatedMs = toTicks(this.totals.simulatedMs + simulatedMs);
      this.totals.wallMs += wallMs;
      this.totals.spikes += spikes;
      this.totals.synapticEvents += synapticEvents;
      return wallMs;
    } finally {
      for (const part of [...this.#populations, ...this.#recorders]) part.drain();
    }
  }
}

/** All spikes of a population, which whoever listens gets in pieces. */
class PopulationSpikes {
  readonly statistics: StatisticsCollector;
  readonly #recorder: SpikeRecorder;
  readonly #listeners: ((spikes: SpikeRecord) => void)[];

  constructor(recorder: SpikeRecorder, statistics: StatisticsCollector) {
    this.statistics = statistics;
    this.#recorder = recorder;
    this.#listeners = [({ timesMs, neurons }) => statistics.add(timesMs, neurons)];
  }

  listen(listener: (spikes: SpikeRecord) => void): void {
    this.#listeners.push(listener);
  }

  drain(): void {
    const spikes = this.#recorder.take();
    for (const listener of this.#listeners) listener(spikes);
  }
}

/** A time in ms without the rounding errors of sums. */
function toTicks(ms: number): number {
  return Math.round(ms * ticksPerMs) / ticksPerMs;
}

/** Names for files: those given, else the kind and what is recorded; a second one of that name gets `-2`. */
export function recordingNames(recordings: readonly Recording[]): string[] {
  const used = new Set<string>();
  return recordings.map((recording) => {
    const plain = recording.name ?? plainName(recording);
    let unique = plain;
    for (let number = 2; used.has(unique); number++) unique = `${plain}-${number}`;
    used.add(unique);
    return unique;
  });
}

function plainName(recording: Recording): string {
  const what = recording.kind === 'state' ? recording.variable : recording.kind;
  const of = 'population' in recording ? recording.population : recording.projection;
  return `${what}-${of}`.replace(/[^\w.]+/g, '-');
}
