// Networks of grids of neurons with small memories of quantised weights: built at once, run and trained natively, grown
// and pruned in between.
import { type CompleteSpatial, cellsOf, completeSpatial, windowSize } from '../config/spatial-grids.ts';
import type {
  Grid,
  GridSize,
  SpatialNetworkConfig,
  SpatialNetworkOptions,
} from '../config/spatial-network.ts';
import { Dataset } from '../data/dataset.ts';
import { invalid, type SynfireError } from '../errors.ts';
import {
  callNative,
  type NativeSpatialChange,
  type NativeSpatialNetwork,
  type NativeSpatialProgress,
  type NativeSpatialTrainReport,
  native,
  runJob,
} from '../native/index.ts';
import { confusionOf } from './classes.ts';
import { toFloat32 } from './number-arrays.ts';
import { buildSpatial } from './spatial-spec.ts';

export type { ActivationName } from '../config/spatial-map.ts';
export type {
  Activation,
  Grid,
  GridSize,
  LearningRates,
  Reach,
  SpatialNetworkConfig,
  SpatialNetworkOptions,
} from '../config/spatial-network.ts';
export { mortonDecode, mortonEncode } from './morton.ts';

export interface SpatialTrainOptions {
  /** Samples whose changes are made together. Default 16. */
  batchSize?: number;
  /**
   * Whether sample i of a batch follows sample i of the batch before in time, also of the call before. Matters with a
   * `temporalDecay` only. Default false: every sample starts from rest.
   */
  keepState?: boolean;
  /** Stops after the running batch; the promise then rejects with the signal's reason. */
  signal?: AbortSignal | undefined;
  /** Called at most 20 times a second; what it throws ends the training. */
  onProgress?: ((progress: SpatialTrainProgress) => void) | undefined;
}

export interface SpatialTrainProgress {
  /** Samples that are done. */
  samples: number;
  totalSamples: number;
  /** Mean squared error of these samples, each before it was learned. */
  loss: number;
}

export interface SpatialTrainReport {
  batches: number;
  samples: number;
  /** Mean squared error over all samples, each before it was learned. */
  loss: number;
  /** Mean squared error of each batch. */
  losses: Float32Array;
  /** Neurons that growth added. */
  grown: number;
  seconds: number;
}

export interface SpatialEvaluation {
  /** Mean squared error: mean over samples and outputs. */
  loss: number;
  /** Share of the samples whose largest output is that of their class, from 0 to 1; null without labels. */
  accuracy: number | null;
  samples: number;
  seconds: number;
  /** The class chosen for each of the indices; null without labels. */
  predictions: Int32Array | null;
  /** Samples by their class (row) and the class chosen (column); null without labels. */
  confusion: number[][] | null;
}

export interface SpatialEvaluateOptions {
  /** Samples of the data set. Default: all. */
  indices?: Uint32Array;
  signal?: AbortSignal | undefined;
  /** Called at most 20 times a second; what it throws ends the evaluation. */
  onProgress?: ((progress: { samples: number; total: number }) => void) | undefined;
}

export interface SpatialGrowth {
  /** Neurons of each layer before and after. */
  before: number[];
  after: number[];
  /** Neurons that there are more of, in all layers. */
  added: number;
  seconds: number;
}

export interface SpatialPruning {
  /** Neurons of each layer before and after. */
  before: number[];
  after: number[];
  /** Neurons that there are fewer of, in all layers. */
  removed: number;
  seconds: number;
}

/** What a neuron is judged by: how full its memory is, or its running mean of absolute outputs. */
export type PruneBy = 'saturation' | 'contribution';

/** Figures of a layer, or of all layers together. */
export interface SpatialFigures {
  neurons: number;
  /** Neurons that have stored something. */
  active: number;
  /** Mean over neurons of the share of their memory that is full, from 0 to 1. */
  meanSaturation: number;
  /** Share of the weights that could be stored that are not, from 0 to 1. */
  sparsity: number;
  /** Weights that are stored, biases included. */
  storedWeights: number;
  /** Neurons so full that they would split. */
  growthCandidates: number;
  /** Neurons that have stored nothing. */
  pruneCandidates: number;
  /** Sites of the grid that no neuron answers for: their output is 0. */
  silentSites: number;
  memoryBytes: number;
}

export interface SpatialLayerStatistics extends SpatialFigures {
  grid: Grid;
  /** Cells of the grid below that a neuron sees, along x, y and z. */
  window: Grid;
  /** Mean over neurons. */
  meanLearningRate: number;
}

export interface SpatialStatistics extends SpatialFigures {
  /** From the one above the input to the output. */
  layers: SpatialLayerStatistics[];
}

/** The neurons of a layer, in Morton order of their sites, then by the patterns that they answer for. */
export interface SpatialNeurons {
  /** Unique within the layer; those of later neurons are larger. */
  ids: Uint32Array;
  /** The id of the neuron that a neuron split from; 4294967295 for one that was there from the start. */
  parents: Uint32Array;
  /** x, y and z of each neuron's site. */
  positions: Uint16Array;
  /** The bits of x, y and z interleaved: see `mortonEncode`. */
  mortonCodes: BigUint64Array;
  /** The first of the 64 patterns that a neuron answers for; it does up to the next one's of the same site. */
  firstContexts: Uint8Array;
  storedWeights: Uint32Array;
  /** Share of a neuron's memory that is full, from 0 to 1. */
  saturation: Float32Array;
  /** Running mean of the absolute output. */
  contribution: Float32Array;
  gains: Float32Array;
  learningRates: Float32Array;
}

/** The state of a network as arrays by name. */
export type SpatialState = Record<string, SpatialTensor>;
export interface SpatialTensor {
  /** Sizes of the dimensions; their product is the length of `data`. */
  shape: number[];
  data: Float32Array | Uint32Array | BigUint64Array | Uint8Array | Uint16Array | Int16Array;
}

/**
 * Layers of neurons on three-dimensional grids, each of which sees a box of the grid below, stores weights for the
 * patterns that it meets there, splits when its memory is full and can be pruned when that stays empty. A vector of
 * inputs or outputs goes over a grid with x fastest: index = x + gx * (y + gy * z).
 *
 * The same description and data give the same weights, bit for bit, for any number of threads. While an operation goes
 * on, others throw or reject with ERR_SYNFIRE_BUSY.
 */
export class SpatialNetwork {
  /** Sizes along x, y and z from the input to the output. */
  readonly grids: readonly Readonly<Grid>[];
  /** The options with every default filled in; lists have an entry for each grid but the first. */
  readonly options: SpatialNetworkConfig;
  /** Values of an input, and of an output. */
  readonly inputs: number;
  readonly outputs: number;
  /** @internal The native network, for lib/training. */
  readonly native: NativeSpatialNetwork;

  /**
   * `sizes` are those of the grids from the input to the output. Throws ERR_SYNFIRE_CONFIG when the description is not
   * valid and ERR_SYNFIRE_OUT_OF_MEMORY, with the bytes, when the network would be too large.
   */
  constructor(sizes: readonly GridSize[], options: SpatialNetworkOptions = {}) {
    const description: CompleteSpatial = completeSpatial(sizes, options);
    this.grids = description.grids;
    this.options = description.options;
    this.inputs = cellsOf(description.grids[0]!);
    this.outputs = cellsOf(description.grids.at(-1)!);
    this.native = buildSpatial(description);
  }

  /** Batches learned since the start. */
  get batches(): number {
    return this.native.batches;
  }

  /** Native memory held, in bytes. */
  get memoryBytes(): number {
    return this.native.memoryBytes;
  }

  // ---- answers

  /**
   * The output for one input, computed at once, partly on the calling thread: the way to answer single requests fast.
   * With a `temporalDecay` it follows on the call before: see `resetState`. `output` is filled and returned when given.
   */
  forward(input: ArrayLike<number>, output: Float32Array = new Float32Array(this.outputs)): Float32Array {
    const values = input instanceof Float32Array ? input : toFloat32(input, 'input');
    if (values.length !== this.inputs) throw wrongLength('input', values, `${this.inputs}, a value for each`);
    if (!(output instanceof Float32Array)) throw refused('output', output, 'a Float32Array');
    if (output.length !== this.outputs) throw wrongLength('output', output, `${this.outputs}`);
    try {
      callNative(() => this.native.forwardSync(values, output));
    } catch (error) {
      // The engine looks at all values at once; only what it refuses is searched for the one at fault.
      toFloat32(values, 'input');
      throw error;
    }
    return output;
  }

  /** The outputs for many inputs, one after another in one array, each from rest. */
  async predict(
    inputs: ArrayLike<number>,
    { signal }: { signal?: AbortSignal | undefined } = {},
  ): Promise<Float32Array> {
    const values = toFloat32(inputs, 'inputs');
    const count = this.#countOf(values);
    return runJob(() => this.native.forward({ inputs: values, count }), { signal });
  }

  /** Forgets what `forward`, and training with `keepState`, keep from step to step. */
  resetState(): void {
    callNative(() => this.native.resetState());
  }

  /**
   * Compares the outputs for samples of a data set with their targets, or else with 1 for their class and 0 for others.
   * Throws ERR_SYNFIRE_INVALID_ARGUMENT for data that do not fit and for indices outside of them.
   */
  async evaluate(dataset: Dataset, options: SpatialEvaluateOptions = {}): Promise<SpatialEvaluation> {
    const { labelled } = this.checkDataset(dataset);
    const { signal, onProgress } = options;
    const indices = options.indices ?? Uint32Array.from({ length: dataset.samples }, (_, index) => index);
    if (!(indices instanceof Uint32Array) || indices.length === 0) {
      throw refused('indices', indices, 'a Uint32Array of at least one index');
    }
    const request = { dataset: dataset.native, indices };
    const start = (progress?: typeof onProgress) => this.native.evaluateDataset(request, progress);
    const { lossSum, correct, samples, seconds, predictions } = await runJob(start, { signal, onProgress });
    const measured = { loss: lossSum / samples, samples, seconds };
    if (!labelled) return { ...measured, accuracy: null, predictions: null, confusion: null };
    const confusion = confusionOf(dataset.labels(), indices, predictions, this.outputs);
    return { ...measured, accuracy: correct / samples, predictions, confusion };
  }

  // ---- learning

  /** Learns one batch: its samples one after another in one array, and as many targets. */
  async trainBatch(
    inputs: ArrayLike<number>,
    targets: ArrayLike<number>,
    { keepState = false }: { keepState?: boolean } = {},
  ): Promise<Omit<SpatialTrainReport, 'losses' | 'batches'>> {
    const values = toFloat32(inputs, 'inputs');
    const batchSize = this.#countOf(values);
    const {
      losses: _losses,
      batches: _batches,
      ...report
    } = await this.train(values, targets, { batchSize, keepState });
    return report;
  }

  /**
   * Learns samples batch by batch, in their order. Rejects with ERR_SYNFIRE_NUMERIC when values are no longer finite.
   * However it ends, the network stands after a whole batch.
   */
  async train(
    inputs: ArrayLike<number>,
    targets: ArrayLike<number>,
    options: SpatialTrainOptions = {},
  ): Promise<SpatialTrainReport> {
    const { batchSize = 16, keepState = false, signal, onProgress } = options;
    const values = toFloat32(inputs, 'inputs');
    const wanted = toFloat32(targets, 'targets');
    const count = this.#countOf(values);
    if (wanted.length !== count * this.outputs) {
      throw wrongLength('targets', wanted, `${count} x ${this.outputs}, as many as there are inputs`);
    }
    if (!(Number.isInteger(batchSize) && batchSize >= 1 && batchSize <= mostPerBatch)) {
      throw refused('batchSize', batchSize, `an integer from 1 to ${mostPerBatch}`);
    }
    if (typeof keepState !== 'boolean') throw refused('keepState', keepState, 'true or false');
    const request = { inputs: values, targets: wanted, count, batchSize, keepState };
    const report = await runJob(
      (progress?: (progress: NativeSpatialProgress) => void) => this.native.train(request, progress),
      { signal, onProgress: onProgress && ((progress) => onProgress(progressOf(progress))) },
    );
    if (report.samples < count) signal?.throwIfAborted();
    return reportOf(report);
  }

  // ---- neurons

  /** Splits the neurons that are full. Outputs stay the same, bit for bit. */
  async grow(): Promise<SpatialGrowth> {
    const { before, after, seconds } = await this.#change(() => this.native.grow());
    return { before, after, added: sum(after) - sum(before), seconds };
  }

  /** Removes neurons whose memory is too empty, or whose outputs are too small; others of the same site stand in. */
  async prune(threshold = 0.01, { by = 'saturation' }: { by?: PruneBy } = {}): Promise<SpatialPruning> {
    if (!(threshold >= 0 && threshold < Infinity))
      throw refused('threshold', threshold, 'a number of at least 0');
    if (by !== 'saturation' && by !== 'contribution') {
      throw refused('by', by, 'one of "saturation", "contribution"');
    }
    const { before, after, seconds } = await this.#change(() => this.native.prune({ threshold, by }));
    return { before, after, removed: sum(before) - sum(after), seconds };
  }

  /** How many neurons there are and what they have stored. */
  statistics(): SpatialStatistics {
    const layers = callNative(() => this.native.statistics()).map((own, layer): SpatialLayerStatistics => {
      const window = windowSize(this.grids[layer]!, this.options.reach[layer]!);
      return { grid: [...this.grids[layer + 1]!] as Grid, window, ...own };
    });
    return { ...this.#figures(layers), layers };
  }

  /** The neurons of layer 0, the one above the input, 1 and so on, now. */
  neurons(layer: number): SpatialNeurons {
    const layers = this.grids.length - 1;
    if (!(Number.isInteger(layer) && layer >= 0 && layer < layers)) {
      throw refused('layer', layer, `an integer from 0 to ${layers - 1}`);
    }
    const neurons = callNative(() => this.native.neurons(layer));
    const mortonCodes = callNative(() => native().encodeMorton(neurons.positions));
    return { ...neurons, mortonCodes };
  }

  // ---- the whole

  /** Everything that a later step depends on. */
  async exportState(): Promise<SpatialState> {
    return runJob(() => this.native.exportState());
  }

  /**
   * Takes over the state of a network of the same description. Rejects with ERR_SYNFIRE_CHECKPOINT, and leaves the
   * network as it was, when the state does not fit.
   */
  async importState(state: SpatialState): Promise<void> {
    await runJob(() => this.native.importState(state));
  }

  /**
   * @internal Whether samples are told apart by their labels: targets, where there are any, go first. Throws
   * ERR_SYNFIRE_INVALID_ARGUMENT unless samples fit the input, and labels or targets the output.
   */
  checkDataset(dataset: Dataset): { labelled: boolean } {
    if (!(dataset instanceof Dataset)) throw refused('dataset', dataset, 'a Dataset');
    const { shape, classes, targets } = dataset;
    if (cellsOf(shape) !== this.inputs) {
      throw refused('dataset.shape', shape, `${this.inputs} values, as many as the network has inputs`);
    }
    const labelled = targets === 0 && classes > 0;
    if (labelled && classes > this.outputs) {
      throw refused('dataset.classes', classes, `at most ${this.outputs}, the network's outputs`);
    }
    if (!labelled && targets !== this.outputs) {
      const expected = `${this.outputs} for each sample, the network's outputs, or labels`;
      throw refused('dataset.targets', targets, expected);
    }
    return { labelled };
  }

  #countOf(inputs: Float32Array): number {
    const count = inputs.length / this.inputs;
    if (Number.isInteger(count) && count >= 1) return count;
    throw wrongLength('inputs', inputs, `a multiple of ${this.inputs}, the network's inputs`);
  }

  async #change(start: () => ReturnType<NativeSpatialNetwork['grow']>) {
    const { before, after, seconds }: NativeSpatialChange = await runJob(start);
    return { before: [...before], after: [...after], seconds };
  }

  /** Sums and means over all neurons. */
  #figures(layers: readonly SpatialLayerStatistics[]): SpatialFigures {
    const total = (of: (layer: SpatialLayerStatistics) => number) => sum(layers.map(of));
    const neurons = total((layer) => layer.neurons);
    const storedWeights = total((layer) => layer.storedWeights);
    return {
      neurons,
      active: total(({ active }) => active),
      meanSaturation: neurons > 0 ? total((layer) => layer.meanSaturation * layer.neurons) / neurons : 0,
      sparsity:
        1 -
        storedWeights /
          Math.max(
            1,
            total((layer) => layer.neurons * this.#room(layer)),
          ),
      storedWeights,
      growthCandidates: total(({ growthCandidates }) => growthCandidates),
      pruneCandidates: total(({ pruneCandidates }) => pruneCandidates),
      silentSites: total(({ silentSites }) => silentSites),
      memoryBytes: this.memoryBytes,
    };
  }

  /** Weights that a neuron of a layer may store: whole windows with their biases. */
  #room({ window }: SpatialLayerStatistics): number {
    const weights = cellsOf(window) + 1;
    return weights * Math.floor(this.options.capacity / weights);
  }
}

const mostPerBatch = 65536;

function progressOf({ samples, total, lossSum }: NativeSpatialProgress): SpatialTrainProgress {
  return { samples, totalSamples: total, loss: lossSum / samples };
}

function reportOf(report: NativeSpatialTrainReport): SpatialTrainReport {
  const { batches, samples, lossSum, losses, grown, seconds } = report;
  return { batches, samples, loss: lossSum / samples, losses, grown, seconds };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function wrongLength(field: string, values: ArrayLike<number>, expected: string): SynfireError {
  return refused(`${field}.length`, values.length, expected);
}

function refused(field: string, value: unknown, expected: string): SynfireError {
  return invalid('ERR_SYNFIRE_INVALID_ARGUMENT', field, value, expected);
}
