// Batch-parallel training of event networks: replicas learn on samples of their own, and are merged.
import { Dataset } from '../data/dataset.ts';
import { invalid } from '../errors.ts';
import { type NativeEventReplicas, type NativePresentReport, runJob } from '../native/index.ts';
import { toFloat64, toUint32 } from './number-arrays.ts';

/**
 * How the weights and adaptive thresholds of replicas become one. `mean` divides a change that only one replica
 * made by their number; `sum` adds all changes; `consensus` adds them where all signs that are not zero agree.
 */
export type MergeMode = 'mean' | 'sum' | 'consensus';

export interface PresentProgress {
  samples: number;
  total: number;
}

export interface PresentOptions {
  /** The population that gets the samples: a Poisson source for images, a list for spikes. */
  source: string;
  /** The population whose spikes count. */
  output: string;
  /** Whether weights and adaptive thresholds change. Default true. */
  learn?: boolean;
  /** Default `mean`. */
  merge?: MergeMode;
  /** Numbers the random draws of the first sample; those after it follow. Default 0. */
  firstSample?: number;
  /** Whether the report has the output's spike counts. Default true. */
  counts?: boolean;
  /** Ends the work between two batches; the report then has fewer samples. */
  signal?: AbortSignal | undefined;
  /** Called at most 20 times a second; what it throws ends the work. */
  onProgress?: ((progress: PresentProgress) => void) | undefined;
}

export interface PresentImagesOptions extends PresentOptions {
  /** How long an image is shown. Default 350. */
  showMs?: number;
  /** How long the source is silent afterwards. Default 150. */
  restMs?: number;
  /** A pixel of byte b sends b / 8 times this, in Hz. Default 2. */
  intensity?: number;
  /** With fewer spikes of the output, the image is shown again at intensity + 1. Default 5. */
  minSpikes?: number;
  /** Whether projections with a normalisation are normalised before every image. Default true. */
  normalise?: boolean;
}

export interface PresentSpikesOptions extends PresentOptions {
  /** The projection that is taught, with rule `teaching`. */
  projection: string;
  /** How long a sample takes. */
  sampleMs: number;
}

export interface SpikeSample {
  /** Ascending, from 0 on. */
  timesMs: ArrayLike<number>;
  neurons: ArrayLike<number>;
  /** The output neuron that should fire. */
  label: number;
}

export interface BatchReport {
  wallMs: number;
  /** The part of it in which replicas were merged. */
  mergeMs: number;
  /** Of all replicas. */
  spikes: number;
  synapticEvents: number;
  /** Presentations; images may be shown more than once. */
  attempts: number;
}

export interface PresentReport {
  /** Samples presented; fewer than were given when the signal ended the work. */
  presented: number;
  /** Spikes of the output's neurons while a sample was shown: [presented, output neurons]; or empty. */
  counts: Uint16Array;
  batches: BatchReport[];
}

/** How names become the numbers that the engine knows. */
export interface EngineNames {
  population(name: string): number;
  projection(name: string): number;
  /** The network's error for an error of the engine. */
  failed(error: unknown): unknown;
}

/**
 * Copies of a network that share its connections. Each sample goes to one of them, which starts from the
 * network's weights and adaptive thresholds; after as many samples as there are replicas, what they learned is
 * merged into the network. The network's time and its neurons stay as they are.
 */
export class Replicas {
  /** Samples per batch. */
  readonly count: number;
  /** Memory that each replica takes. */
  readonly bytesPerReplica: number;
  readonly #native: NativeEventReplicas;
  readonly #names: EngineNames;
  readonly #threads: number;

  /** @internal */
  constructor(replicas: NativeEventReplicas, names: EngineNames, threads: number) {
    this.#native = replicas;
    this.#names = names;
    this.#threads = threads;
    this.count = replicas.count;
    this.bytesPerReplica = replicas.bytesPerReplica;
  }

  /**
   * Shows samples of a data set, as Diehl & Cook did. Rejects with ERR_SYNFIRE_INVALID_ARGUMENT for a data set
   * that does not fit the source, ERR_SYNFIRE_BUSY while the network is in use and ERR_SYNFIRE_NUMERIC when
   * activity runs away.
   */
  async presentImages(
    dataset: Dataset,
    indices: Uint32Array,
    options: PresentImagesOptions,
  ): Promise<PresentReport> {
    if (!(dataset instanceof Dataset)) {
      throw invalid('ERR_SYNFIRE_INVALID_ARGUMENT', 'dataset', dataset, 'a Dataset');
    }
    const { showMs = 350, restMs = 150, intensity = 2, minSpikes = 5, normalise = true } = options;
    const request = {
      ...this.#common(options),
      ...{ dataset: dataset.native, indices: toUint32(indices, 'indices') },
      ...{ showMs, restMs, intensity, minSpikes, normalise },
    };
    return this.#present((onProgress) => this.#native.presentImages(request, onProgress), options);
  }

  /** Shows and teaches spike trains. Rejects as `presentImages` does. */
  async presentSpikes(
    samples: readonly SpikeSample[],
    options: PresentSpikesOptions,
  ): Promise<PresentReport> {
    const { sampleMs } = options;
    const request = {
      ...this.#common(options),
      ...{ projection: this.#names.projection(options.projection), sampleMs },
      samples: samples.map(({ timesMs, neurons, label }, index) => {
        const path = `samples[${index}]`;
        return {
          timesMs: toFloat64(timesMs, `${path}.timesMs`),
          neurons: toUint32(neurons, `${path}.neurons`),
          label,
        };
      }),
    };
    return this.#present((onProgress) => this.#native.presentSpikes(request, onProgress), options);
  }

  #common({ source, output, learn = true, merge = 'mean', firstSample = 0, counts = true }: PresentOptions) {
    return {
      source: this.#names.population(source),
      output: this.#names.population(output),
      ...{ learn, merge, firstSample, counts, threads: this.#threads },
    };
  }

  async #present(
    start: Parameters<typeof runJob<NativePresentReport, PresentProgress>>[0],
    { signal, onProgress }: PresentOptions,
  ): Promise<PresentReport> {
    try {
      return await runJob(start, { signal, onProgress });
    } catch (error) {
      throw this.#names.failed(error);
    }
  }
}
