// LayerNetwork: a network of layers that the native engine runs, as programs use it.
import { check } from '../config/check.ts';
import { type NetworkConfig, type NetworkOptions, networkSchema } from '../config/schema.ts';
import { closest } from '../config/suggest.ts';
import { Dataset } from '../data/dataset.ts';
import { invalid, type SynfireError } from '../errors.ts';
import {
  callNative,
  type NativeLayerNetwork,
  type NativeOptimizer,
  native,
  runJob,
} from '../native/index.ts';
import { confusionOf, largest } from './classes.ts';
import { type Samples, toSampleBytes } from './inputs.ts';
import { type PresetName, presetRun } from './presets.ts';
import { resolveNetwork } from './resolve.ts';

export interface Parameter {
  /** `layers.0.weight`, `layers.0.bias` and so on; a layer with a name of its own has that in front. */
  name: string;
  /** Weights: [filters, channels, height, width] of a convolution, [units, inputs] of a dense layer. */
  shape: number[];
}

export interface LayerDescription {
  name: string;
  kind: string;
  /** [channels, height, width], or [units]. */
  outputShape: number[];
  /** Weights and biases. */
  parameters: number;
  /** Multiplications and additions of a dense network of this shape, per sample and step. */
  macs: number;
  neurons: number;
}

export interface PrepareOptions {
  /** Samples that are computed together. Default 64. */
  batchSize?: number;
  /** Default: one for every processor that the process may use. Results do not depend on it. */
  threads?: number;
}

export interface Plan {
  /** Native memory that the network needs at most, in bytes. */
  peakBytes: number;
}

export interface PredictOptions {
  /** Of encoded spikes. Default: the network's seed. */
  seed?: number;
  signal?: AbortSignal;
}

export interface Prediction {
  /** The class with the highest score, one per sample. */
  classes: Int32Array;
  /** The readout of every class, row by row: [samples, classes]. */
  scores: Float32Array;
}

export interface EvaluateOptions {
  /** Samples of the data set. Default: all. */
  indices?: Uint32Array;
  /** Of encoded spikes. Default: the network's seed. */
  seed?: number;
  /** Also count spikes and synaptic operations, which takes longer. Default false. */
  statistics?: boolean;
  signal?: AbortSignal;
  /** Called at most 20 times a second; what it throws ends the evaluation. */
  onProgress?: (progress: { samples: number; total: number }) => void;
}

export interface LayerActivity {
  name: string;
  spikes: number;
  /** Neurons times steps times samples: as many spikes as there could be. */
  neuronSteps: number;
  /** Additions of a weight to a membrane because of a spike. */
  synapticOperations: number;
  /** Multiplications and additions that a dense network would do instead. */
  denseMacs: number;
}

export interface Evaluation {
  /** Share of the samples whose class was found, from 0 to 1. */
  accuracy: number;
  /** Mean loss per sample. */
  loss: number;
  samples: number;
  seconds: number;
  /** The class chosen for each of the indices. */
  predictions: Int32Array;
  /** Samples by their class (row) and the class chosen (column). */
  confusion: number[][];
  /** From the input on; empty unless `statistics` were asked for. */
  layers: LayerActivity[];
}

/**
 * A network of layers. One operation runs at a time: while training, evaluation or prediction goes on, others
 * throw or reject with ERR_SYNFIRE_BUSY.
 */
export class LayerNetwork {
  /** Everything about the network but its parameters, with defaults filled in. */
  readonly config: NetworkConfig;
  /** @internal The native network, for lib/training. */
  readonly native: NativeLayerNetwork;
  readonly #sampleSize: number;
  readonly #classes: number;
  #prepared = false;

  /**
   * Throws ERR_SYNFIRE_CONFIG when the configuration is not valid, ERR_SYNFIRE_OUT_OF_MEMORY when it is too
   * large.
   */
  constructor(network: NetworkOptions | PresetName) {
    const options = typeof network === 'string' ? presetRun(network, 'network').network : network;
    this.config = check(networkSchema, options, { root: 'network' });
    const spec = resolveNetwork(this.config);
    this.native = callNative(() => new (native().LayerNetwork)(spec));
    const [channels, height, width] = spec.inputShape;
    this.#sampleSize = channels * height * width;
    this.#classes = spec.layers.at(-1)!.units;
  }

  /** [channels, height, width] of a sample. */
  get inputShape(): [number, number, number] {
    return [...this.config.inputShape];
  }

  get classes(): number {
    return this.#classes;
  }

  /** The layers from input to readout. */
  describe(): LayerDescription[] {
    return callNative(() => this.native.layers());
  }

  /** The trainable tensors. */
  parameters(): Parameter[] {
    return callNative(() => this.native.parameters());
  }

  /** A copy of a parameter, row by row. */
  get(name: string): Float32Array {
    this.#parameter(name);
    return callNative(() => this.native.readTensor(name));
  }

  /**
   * Replaces a parameter; throws ERR_SYNFIRE_INVALID_ARGUMENT when the values are too few, too many or not
   * finite.
   */
  set(name: string, values: Float32Array): void {
    const { shape } = this.#parameter(name);
    const expected = shape.reduce((product, size) => product * size, 1);
    if (!(values instanceof Float32Array) || values.length !== expected) {
      throw refused(name, values, `a Float32Array of ${expected} values (${shape.join(' x ')})`);
    }
    const wrong = values.findIndex((value) => !Number.isFinite(value));
    if (wrong !== -1) throw refused(`${name}[${wrong}]`, values[wrong], 'a finite number');
    callNative(() => this.native.writeTensor(name, values));
  }

  /**
   * Lays out the memory for batches of a size, ahead of the first prediction. Without it the first operation
   * does that with the defaults. Given an optimiser, which only lib/training does, the network is ready to
   * train.
   */
  prepare({
    batchSize = 64,
    threads,
    optimizer = null,
  }: PrepareOptions & { optimizer?: NativeOptimizer | null } = {}): Plan {
    const plan = callNative(() =>
      this.native.prepare({ batchSize, threads: threads ?? native().cpu().hardwareThreads, optimizer }),
    );
    this.#prepared = true;
    return plan;
  }

  /** Classifies samples. Throws ERR_SYNFIRE_INVALID_ARGUMENT for samples of the wrong size or range. */
  async predict(samples: Samples, options: PredictOptions = {}): Promise<Prediction> {
    const { seed = this.config.seed, signal } = options;
    const bytes = toSampleBytes(samples, this.config.inputShape);
    this.#ensurePrepared();
    const count = bytes.length / this.#sampleSize;
    const scores = await runJob(() => this.native.predict({ samples: bytes, count, seed }), { signal });
    return { classes: largest(scores, this.#classes), scores };
  }

  /**
   * The scores of one sample, computed at once on the calling thread: the way to answer single requests fast.
   * They are those that `predict` gives for a batch of this one sample. `scores` is filled and returned when
   * given.
   */
  predictOne(sample: Samples, scores: Float32Array = new Float32Array(this.#classes)): Float32Array {
    const bytes = toSampleBytes(sample, this.config.inputShape);
    if (bytes.length !== this.#sampleSize) {
      throw refused('sample', sample, `one sample of ${this.#sampleSize} values`);
    }
    this.#ensurePrepared();
    callNative(() => this.native.predictSync(bytes, scores, this.config.seed, 0));
    return scores;
  }

  /**
   * Classifies samples of a data set and compares with their labels. Throws ERR_SYNFIRE_INVALID_ARGUMENT for
   * data that do not fit and for indices outside of it.
   */
  async evaluate(dataset: Dataset, options: EvaluateOptions = {}): Promise<Evaluation> {
    this.checkDataset(dataset);
    const { seed = this.config.seed, statistics = false, signal, onProgress } = options;
    const indices = options.indices ?? Uint32Array.from({ length: dataset.samples }, (_, index) => index);
    if (indices.length === 0) throw refused('indices', indices, 'a Uint32Array of at least one index');
    this.#ensurePrepared();
    const request = { dataset: dataset.native, indices, seed, statistics };
    const start = (progress?: typeof onProgress) => this.native.evaluate(request, progress);
    const { lossSum, correct, ...result } = await runJob(start, { signal, onProgress });
    const confusion = confusionOf(dataset.labels(), indices, result.predictions, this.#classes);
    return { accuracy: correct / result.samples, loss: lossSum / result.samples, confusion, ...result };
  }

  /**
   * Throws ERR_SYNFIRE_INVALID_ARGUMENT unless samples of `dataset` fit the input and its labels the readout.
   */
  checkDataset(dataset: Dataset): void {
    if (!(dataset instanceof Dataset)) throw refused('dataset', dataset, 'a Dataset');
    const [expected, actual] = [this.config.inputShape.join(' x '), dataset.shape.join(' x ')];
    if (actual !== expected) throw refused('dataset.shape', actual, `${expected}, the network's input shape`);
    if (dataset.classes < 1 || dataset.classes > this.#classes) {
      const range = `labels of 1 to ${this.#classes} classes, the network's outputs`;
      throw refused('dataset.classes', dataset.classes, range);
    }
  }

  #ensurePrepared(): void {
    if (!this.#prepared) this.prepare();
  }

  #parameter(name: string): Parameter {
    const parameters = this.parameters();
    const parameter = parameters.find((candidate) => candidate.name === name);
    if (parameter !== undefined) return parameter;
    const names = parameters.map((candidate) => candidate.name);
    const hint = closest(String(name), names);
    const expected = `one of ${names.join(', ')}${hint === undefined ? '' : ` (did you mean ${hint}?)`}`;
    throw refused('name', name, expected);
  }
}

function refused(field: string, value: unknown, expected: string): SynfireError {
  return invalid('ERR_SYNFIRE_INVALID_ARGUMENT', field, value, expected);
}
