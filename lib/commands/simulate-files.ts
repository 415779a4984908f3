// The files that `synfire simulate` leaves: configuration, recordings, spikes and summary.
import { basename, extname, join } from 'node:path';
import { writeFileAtomic } from '../checkpoints/atomic.ts';
import type { SimulationConfig } from '../config/simulation.ts';
import { writeArrays, writeSpikes } from '../simulation/files.ts';
import type { KeptSpikes } from '../simulation/recorders.ts';
import type { Simulation } from '../simulation/simulation.ts';
import { makeRunFolder } from './run-folder.ts';

export interface SimulationFilesOptions {
  config: SimulationConfig;
  /** The file of the network, which names the folder unless `out` does. */
  source: string;
  /** What that file says. */
  written: object;
  out?: string;
  /** Where spikes go. */
  spikes?: string;
}

/** Where the results of one simulation go. */
export class SimulationFiles {
  /** What has been written. */
  readonly paths: string[] = [];
  readonly #simulation: Simulation;
  readonly #options: SimulationFilesOptions;
  readonly #folder: string | undefined;
  readonly #kept: Map<string, KeptSpikes>;

  /** Makes a folder under `runs` where recordings have no other place, and begins to keep spikes. */
  static async place(simulation: Simulation, options: SimulationFilesOptions): Promise<SimulationFiles> {
    const { config, source, out, spikes } = options;
    const needsFolder = config.recordings.some(({ kind }) => kind !== 'spikes' || spikes === undefined);
    const name = basename(source, extname(source));
    const folder = out ?? (needsFolder ? await makeRunFolder(name) : undefined);
    return new SimulationFiles(simulation, options, folder);
  }

  private constructor(simulation: Simulation, options: SimulationFilesOptions, folder: string | undefined) {
    this.#simulation = simulation;
    this.#options = options;
    this.#folder = folder;
    this.#kept = options.spikes === undefined ? new Map() : keepSpikes(simulation, options.config);
  }

  async writeRecordings(): Promise<void> {
    if (this.#folder !== undefined) {
      await this.#writeJson('config.json', this.#options.written);
      this.paths.push(...(await writeArrays(this.#folder, this.#simulation.arrays())));
    }
    const { spikes } = this.#options;
    if (spikes === undefined) return;
    const trains = Array.from(this.#kept, ([population, kept]) => ({ population, ...kept.joined() }));
    this.paths.push(...(await writeSpikes(spikes, trains, this.#simulation.network.timeMs)));
  }

  async writeSummary(summary: object): Promise<void> {
    await this.#writeJson('summary.json', summary);
  }

  async #writeJson(name: string, value: object): Promise<void> {
    if (this.#folder === undefined) return;
    const path = join(this.#folder, name);
    await writeFileAtomic(path, [Buffer.from(`${JSON.stringify(value, null, 2)}\n`)]);
    this.paths.push(path);
  }
}

/** The spikes of the recordings, by population; of all neurons when no spikes are recorded. */
function keepSpikes(
  simulation: Simulation,
  { recordings, populations }: SimulationConfig,
): Map<string, KeptSpikes> {
  const recorded = recordings.filter((recording) => recording.kind === 'spikes');
  const neurons = Object.keys(populations).filter((name) => 'model' in populations[name]!);
  const names = recorded.length > 0 ? new Set(recorded.map(({ population }) => population)) : neurons;
  return new Map(
    Array.from(names, (name) => {
      const own = recorded.filter(({ population }) => population === name);
      const lists = own.length > 0 ? own.map((recording) => recording.neurons) : [undefined];
      return [name, simulation.keepSpikes(name, lists)];
    }),
  );
}
