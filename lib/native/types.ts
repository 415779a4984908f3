// The addon's surface as TypeScript sees it: what native/addon exports, with shapes and units.

/** Long native work: a promise, and a way to ask for an early end. Wrap it with `runJob`. */
export interface NativeJob<T> {
  promise: Promise<T>;
  /** Asks the work to stop soon; harmless after the end. */
  cancel(): void;
}

/** Called at most 20 times a second while a job runs; what it throws stops the job. */
export type NativeProgress<P> = (progress: P) => void;

export interface NativeAddon {
  /** The package version that the addon was built from. */
  readonly version: string;
  cpu(): NativeCpu;
  Dataset: new (options: NativeDatasetOptions) => NativeDataset;
  /** The order in which training visits `count` samples in an epoch. */
  permutation(options: { seed: number; epoch: number; count: number }): Uint32Array;
  LayerNetwork: new (spec: NativeLayerNetworkSpec) => NativeLayerNetwork;
  /** Tables of the neuron models and plasticity rules of event networks. */
  eventModels(): NativeTable[];
  eventRules(): NativeTable[];
  /** Bytes that building needs at most; for random connections their expectation. */
  estimateEventNetwork(spec: NativeEventNetworkSpec): number;
  EventNetwork: new (spec?: NativeEventNetworkSpec) => NativeEventNetwork;
  EventReplicas: new (network: NativeEventNetwork, count: number) => NativeEventReplicas;
  SpatialNetwork: new (spec: NativeSpatialSpec) => NativeSpatialNetwork;
  /** Names of the activations of spatial networks, by number. */
  spatialActivations(): string[];
  /** Morton codes of positions x, y, z, one after another. */
  encodeMorton(positions: Uint16Array, codes?: BigUint64Array): BigUint64Array;
}

export interface NativeCpu {
  /** The instruction set that kernels use: the best one supported unless SYNFIRE_ISA names another. */
  isa: string;
  supported: string[];
  /** Processors that this process may use at a time. */
  hardwareThreads: number;
}

/** [channels, height, width] */
export type NativeShape = [number, number, number];

export interface NativeDatasetOptions {
  shape: NativeShape;
  samples: number;
  /** Number of classes; 0 means no labels. */
  classes: number;
  /** Target values per sample; 0 means none. */
  targets: number;
}

/** Samples held once in native memory: bytes, where byte / 255 is a pixel's value, with labels or targets. */
export interface NativeDataset {
  readonly samples: number;
  /** Native memory held, in bytes. */
  readonly bytes: number;
  readonly shape: NativeShape;
  readonly classes: number;
  /** Copies whole samples in, starting at sample `first`. */
  writeSamples(first: number, bytes: Uint8Array): void;
  writeLabels(first: number, labels: Int32Array): void;
  writeTargets(first: number, targets: Float32Array): void;
  readSamples(first: number, count: number): Uint8Array;
  readLabels(first: number, count: number): Int32Array;
  readTargets(first: number, count: number): Float32Array;
  /** The samples at `indices`, one after another. */
  gather(indices: Uint32Array): Uint8Array;
  /** The augmented samples that training would see at this epoch, one after another. */
  augment(options: {
    indices: Uint32Array;
    epoch: number;
    seed: number;
    augmentation: NativeAugmentation;
  }): Uint8Array;
  /** Fills the set (1 x 28 x 28, 10 classes) with the built-in handwritten-like digits from number `firstIndex` on. */
  generateDigits(
    options: { firstIndex: number; seed: number; threads: number },
    onProgress?: NativeProgress<{ samples: number; total: number }>,
  ): NativeJob<void>;
}

export interface NativeAugmentation {
  /** Largest shift in pixels, either way. */
  shift: number;
  /** Largest rotation in degrees, either way. */
  rotate: number;
  /** Strength of the elastic distortion in pixels; 0 switches it off. */
  elastic: number;
  /** Smoothness of the elastic distortion in pixels. */
  elasticSigma: number;
}

export interface NativeOptimizer {
  kind: 'sgd' | 'adam' | 'adamw';
  momentum: number;
  nesterov?: false;
  beta1: number;
  beta2: number;
  epsilon: number;
  weightDecay: number;
  /** Multiplies the weights at each step; 1 switches it off. */
  decayFactor: number;
  /** Largest global gradient norm; 0 switches clipping off. */
  clipNorm: number;
}

export interface NativeNeuron {
  kind: 'lif' | 'if' | 'leaky';
  /** Factor on the membrane potential per step. */
  decay: number;
  threshold: number;
  reset: 'zero' | 'value' | 'subtract' | 'scale';
  /** The value of reset `value`, or the factor of reset `scale`. */
  resetValue: number;
}

export type NativeLayerKind =
  | 'conv2d'
  | 'dense'
  | 'avgPool2d'
  | 'maxPool2d'
  | 'sumPool2d'
  | 'dropout'
  | 'flatten';

export interface NativeLayer {
  name?: string;
  kind: NativeLayerKind;
  filters: number;
  /** [height, width], as are stride and padding. */
  kernel: [number, number];
  stride: [number, number];
  padding: [number, number];
  units: number;
  /** Dropout probability. */
  rate: number;
  bias: boolean;
  trainWeight: boolean;
  trainBias: boolean;
  learningRateScale: number;
  /** Weights start normally distributed around 0 with this standard deviation; biases start at 0. */
  initStd: number;
  /** null: a linear readout on the mean spike count of the layer below. */
  neuron: NativeNeuron | null;
  /** The layer's neurons advance at every n-th step. */
  updateEvery: number;
  /** What they then receive: the latest step's input, the steps since, or all steps so far. */
  input: 'latest' | 'window' | 'cumulative';
  inputGain: number;
}

export interface NativeLayerNetworkSpec {
  inputShape: NativeShape;
  timesteps: number;
  seed: number;
  precision: 'float32' | 'mixed';
  encoder: { kind: 'hybrid' | 'rate' | 'latency' | 'direct'; deterministicSteps: number; gain: number };
  layers: NativeLayer[];
  readout: 'meanCount' | 'lastMembrane' | 'maxMembrane';
  loss: {
    kind: 'crossEntropy' | 'mseCount';
    labelSmoothing: number;
    reduction: 'mean' | 'sum';
    targetCorrect: number;
    targetIncorrect: number;
  };
  learning: {
    mode: 'bptt' | 'rate';
    surrogate: {
      kind: 'fastSigmoid' | 'atan' | 'triangle' | 'rectangle' | 'sigmoid';
      /** Slope, alpha or width, as the kind calls it. */
      slope: number;
    };
    detachReset: boolean;
    rateDerivative: 'surrogate' | 'active' | 'identity';
    ratePresynaptic: 'drive' | 'rate';
  };
}

export interface NativeLayerInfo {
  name: string;
  kind: string;
  /** [channels, height, width], or [units] of a dense layer. */
  outputShape: number[];
  parameters: number;
  /** Multiply-accumulates of a dense network of this shape, per sample and step. */
  macs: number;
  neurons: number;
}

export interface NativeTensorInfo {
  name: string;
  shape: number[];
}

export interface NativeTrainOptions {
  dataset: NativeDataset;
  /** Samples of the training part. */
  indices: Uint32Array;
  /** One weight per sample of the data set. */
  sampleWeights?: Float32Array;
  seed: number;
  epoch: number;
  firstStep: number;
  /** Exclusive. */
  lastStep: number;
  /** One learning rate per step of the epoch. */
  learningRates: Float64Array;
  augmentation: NativeAugmentation | null;
  /** Sums to carry on from when resuming within an epoch. */
  metrics: { lossSum: number; correct: number; samples: number };
}

export interface NativeTrainProgress {
  step: number;
  steps: number;
  samples: number;
  lossSum: number;
  correct: number;
}

export interface NativeTrainResult {
  /** The next step: where to resume. */
  step: number;
  /** False when the work was cancelled before the last step; the state is consistent either way. */
  completed: boolean;
  lossSum: number;
  correct: number;
  samples: number;
  seconds: number;
  gradientNorm: number;
}

export interface NativeLayerActivity {
  name: string;
  spikes: number;
  /** Neurons times steps: the largest possible number of spikes. */
  neuronSteps: number;
  synapticOperations: number;
  denseMacs: number;
}

export interface NativeEvaluateOptions {
  dataset: NativeDataset;
  indices: Uint32Array;
  seed: number;
  /** Also count spikes and synaptic operations. */
  statistics?: boolean;
}

export interface NativeEvaluateResult {
  lossSum: number;
  correct: number;
  samples: number;
  seconds: number;
  /** The class chosen for each of the indices. */
  predictions: Int32Array;
  layers: NativeLayerActivity[];
}

export interface NativeRecording {
  /** Per layer name, one byte per neuron: [timesteps, batch, neurons]. */
  spikes: Record<string, Uint8Array>;
  logits: Float32Array;
  loss: number;
  gradients: Record<string, Float32Array>;
}

export interface NativeLayerNetwork {
  /** Trainable tensors: `layers.0.weight` as [filters, inChannels, height, width] or [units, inputs], `layers.0.bias`. */
  parameters(): NativeTensorInfo[];
  layers(): NativeLayerInfo[];
  /** Parameters and, once prepared for training, the optimiser's state. */
  tensors(): NativeTensorInfo[];
  /** A copy, in row-major order of the tensor's shape; into `output` of that size when given. */
  readTensor(name: string, output?: Float32Array): Float32Array;
  writeTensor(name: string, values: Float32Array): void;
  /** Lays out all memory; without an optimiser for inference only. */
  prepare(options: { batchSize: number; threads: number; optimizer: NativeOptimizer | null }): {
    peakBytes: number;
  };
  state(): { optimizerStep: number };
  setState(state: { optimizerStep: number }): void;
  trainEpoch(
    options: NativeTrainOptions,
    onProgress?: NativeProgress<NativeTrainProgress>,
  ): NativeJob<NativeTrainResult>;
  evaluate(
    options: NativeEvaluateOptions,
    onProgress?: NativeProgress<{ samples: number; total: number }>,
  ): NativeJob<NativeEvaluateResult>;
  /** Copies the input; resolves with logits [count, classes]. */
  predict(options: {
    samples: Uint8Array;
    count: number;
    seed: number;
    firstIndex?: number;
  }): NativeJob<Float32Array>;
  /** Logits of one sample into the caller's buffer of `classes` floats. */
  predictSync(sample: Uint8Array, output: Float32Array, seed: number, index: number): void;
  /** A small synchronous run on given spikes [timesteps, batch, inputs], for tests and debugging. */
  forwardRecord(options: {
    inputSpikes: Uint8Array;
    labels: Int32Array;
    gradients: boolean;
  }): NativeRecording;
}

/** One kind of neuron model or plasticity rule. */
export interface NativeTable {
  kind: string;
  /** Numbers; bounds are inclusive, and the unit is part of the name. */
  parameters: { name: string; default: number; min: number; max: number }[];
  /** Words; the first one is the default. */
  choices: { name: string; values: string[] }[];
}

/** A model or rule and what differs from its defaults. */
export interface NativeSettings {
  kind: string;
  parameters: Record<string, number | string>;
}

/** A constant (a), a uniform (from a to b) or a normal distribution (mean a, standard deviation b). */
export interface NativeDraw {
  kind: 'constant' | 'uniform' | 'normal';
  a: number;
  b: number;
  /** Draws are clipped to these. */
  min: number;
  max: number;
}

export interface NativePopulation {
  name: string;
  size: number;
  kind: 'neurons' | 'list' | 'poisson';
  /** Of neurons. */
  model?: NativeSettings;
  initial: { variable: string; draw: NativeDraw }[];
  intrinsic: {
    etaMv: number;
    targetRateHz: number;
    tauRateMs: number;
    periodMs: number;
    minMv: number;
    maxMv: number;
  } | null;
  /** Of a Poisson source. */
  rateHz: number;
  /** 0: no limit. */
  maxSpikesPerMs: number;
}

/** Empty weights or delays are drawn from the projection's distributions. */
export type NativeConnector =
  | { kind: 'oneToOne' }
  | { kind: 'allToAll'; self: boolean }
  | { kind: 'probability'; probability: number; self: boolean }
  | { kind: 'inDegree' | 'outDegree'; count: number; self: boolean; multiple: boolean }
  | {
      kind: 'list';
      sources: Uint32Array;
      targets: Uint32Array;
      weights: Float64Array;
      delaysMs: Float64Array;
    }
  | { kind: 'matrix'; weights: Float64Array; delaysMs: Float64Array };

export interface NativeProjection {
  name: string;
  /** Indices of populations. */
  source: number;
  target: number;
  connector: NativeConnector;
  weight: NativeDraw;
  delayMs: NativeDraw;
  dendriticMs: number;
  gain: number;
  receptor: 'excitatory' | 'inhibitory';
  rule: NativeSettings | null;
  normalisation: { total: number; periodMs: number } | null;
  scaling: {
    eta: number;
    targetRateHz: number;
    tauRateMs: number;
    periodMs: number;
    clamp: boolean;
    wMin: number;
    wMax: number;
  } | null;
}

export interface NativeEventNetworkSpec {
  seed: number;
  dtMs: number;
  precision: 'float32' | 'float64';
  /** 0: no limit but the machine's. */
  maxMemoryBytes: number;
  populations: NativePopulation[];
  projections: NativeProjection[];
}

export interface NativeRunReport {
  simulatedMs: number;
  spikes: number;
  synapticEvents: number;
  wallMs: number;
}

export interface NativeMemoryReport {
  synapses: number;
  plasticSynapses: number;
  synapseBytes: number;
  /** All that plastic synapses need, row offsets included. */
  plasticSynapseBytes: number;
  /** Of neurons, traces and queues. */
  stateBytes: number;
  totalBytes: number;
}

/** The state of a network as arrays by name; the product of a shape is the length of its data. */
export type NativeState = Record<string, NativeStateTensor>;
export interface NativeStateTensor {
  shape: number[];
  data: Float32Array | Float64Array | BigInt64Array | BigUint64Array | Uint32Array;
}

/** Populations and projections are named by their index. Times are in ms. */
export interface NativeEventNetwork {
  /** Builds a network that was constructed without a spec. */
  build(spec: NativeEventNetworkSpec): NativeJob<void>;
  /** Time that the network has reached, also while it runs. */
  readonly timeMs: number;
  /** Per population, whether it advances in steps of dtMs; per projection, its number of synapses. */
  describe(): { onGrid: boolean[]; synapses: number[] };
  run(
    options: { durationMs: number; threads: number },
    onProgress?: NativeProgress<{ simulatedMs: number }>,
  ): NativeJob<NativeRunReport>;
  reset(sample: number): void;
  addSpikes(population: number, timesMs: Float64Array, neurons: Uint32Array): void;
  setRates(population: number, ratesHz: Float64Array): void;
  variables(population: number): string[];
  state(population: number, variable: string): Float64Array;
  setState(population: number, variable: string, values: Float64Array): void;
  spikeCounts(population: number): Uint32Array;
  connections(projection: number): {
    sources: Uint32Array;
    targets: Uint32Array;
    delaysMs: Float64Array;
  };
  weights(projection: number): Float64Array;
  setWeights(projection: number, weights: Float64Array): void;
  normalise(projection: number, total: number): void;
  readonly learning: boolean;
  setLearning(on: boolean): void;
  reward(amount: number): void;
  teach(projection: number, modulation: Float64Array): void;
  /** Recorders have numbers. No neurons or synapses: all of them. */
  recordSpikes(population: number, neurons: Uint32Array): number;
  recordState(population: number, variable: string, neurons: Uint32Array, intervalMs: number): number;
  recordWeights(projection: number, synapses: Uint32Array, intervalMs: number): number;
  recordTraces(
    projection: number,
    side: string,
    trace: number,
    neurons: Uint32Array,
    intervalMs: number,
  ): number;
  takeSpikes(recorder: number): { timesMs: Float64Array; neurons: Uint32Array };
  /** Values by sample and item. */
  takeValues(recorder: number): { timesMs: Float64Array; values: Float64Array; items: number };
  memory(): NativeMemoryReport;
  exportState(): NativeState;
  importState(state: NativeState): void;
}

export type NativeMerge = 'mean' | 'sum' | 'consensus';

export interface NativeBatchReport {
  wallMs: number;
  mergeMs: number;
  spikes: number;
  synapticEvents: number;
  attempts: number;
}

export interface NativePresentReport {
  /** Samples presented; fewer than asked for when the work was cancelled. */
  presented: number;
  /** Spikes of the output by sample and neuron; empty unless asked for. */
  counts: Uint16Array;
  batches: NativeBatchReport[];
}

export interface NativePresentImages {
  dataset: NativeDataset;
  indices: Uint32Array;
  source: number;
  output: number;
  showMs: number;
  restMs: number;
  intensity: number;
  minSpikes: number;
  learn: boolean;
  merge: NativeMerge;
  normalise: boolean;
  firstSample: number;
  counts: boolean;
  threads: number;
}

export interface NativePresentSpikes {
  samples: { timesMs: Float64Array; neurons: Uint32Array; label: number }[];
  source: number;
  output: number;
  projection: number;
  sampleMs: number;
  learn: boolean;
  merge: NativeMerge;
  firstSample: number;
  counts: boolean;
  threads: number;
}

export interface NativeEventReplicas {
  readonly count: number;
  readonly bytesPerReplica: number;
  presentImages(
    options: NativePresentImages,
    onProgress?: NativeProgress<{ samples: number; total: number }>,
  ): NativeJob<NativePresentReport>;
  presentSpikes(
    options: NativePresentSpikes,
    onProgress?: NativeProgress<{ samples: number; total: number }>,
  ): NativeJob<NativePresentReport>;
}

export interface NativeSpatialSpec {
  /** Sizes of the grids along x, y, z; the first is the input and has no neurons. */
  grids: [number, number, number][];
  /** Cells to either side of the middle that a neuron sees, for every grid but the first. */
  reach: [number, number, number][];
  /** For every grid but the first: numbers of the activations of the 64 contexts, row by row. */
  activations: Uint8Array[];
  bits: 1 | 2 | 4;
  /** Weights that a neuron may store. */
  capacity: number;
  /** Bits of each of the two parts of a context that tell patterns apart, 0 to 3. */
  patternBits: number;
  rounding: 'stochastic' | 'residual';
  /** Throws ERR_SYNFIRE_NATIVE_MISSING for `cuda` without the library of kernels or a GPU. */
  device: 'cpu' | 'cuda';
  /** Share of a neuron's sum that it keeps from the step before, 0 to below 1. */
  temporalDecay: number;
  learningRate: { initial: number; min: number; max: number };
  /** Saturation from which a neuron is a candidate for splitting, batches between two growths (0: never), most neurons of a layer. */
  growth: { threshold: number; everyBatches: number; maxNeurons: number };
  seed: number;
  threads: number;
  /** The network is not made, and does not grow, when it would need more. */
  maxMemoryBytes: number;
}

/** One layer of neurons: the grids but the first. */
export interface NativeSpatialStatistics {
  neurons: number;
  /** Neurons that have stored something. */
  active: number;
  /** Sums over neurons / stored weights, for means. */
  meanSaturation: number;
  /** Share of the weights that could be stored that are not. */
  sparsity: number;
  storedWeights: number;
  growthCandidates: number;
  /** Neurons that have stored nothing. */
  pruneCandidates: number;
  /** Sites of the grid that no neuron answers for. */
  silentSites: number;
  memoryBytes: number;
  meanLearningRate: number;
}

export interface NativeSpatialChange {
  /** By layer. */
  before: Uint32Array;
  after: Uint32Array;
  seconds: number;
}

export interface NativeSpatialTrainReport {
  /** Batches learned in this call; fewer than asked for when cancelled: the network stands after the last of them. */
  batches: number;
  samples: number;
  /** Sum over samples of the mean squared error of a sample. */
  lossSum: number;
  /** Samples whose largest output was that of the label; 0 without labels. */
  correct: number;
  seconds: number;
  /** Neurons that growth added. */
  grown: number;
  /** Mean squared error of each batch. */
  losses: Float32Array;
}

export interface NativeSpatialState {
  [name: string]: NativeSpatialTensor;
}
export interface NativeSpatialTensor {
  shape: number[];
  data: Float32Array | Uint32Array | BigUint64Array | Uint8Array | Uint16Array | Int16Array;
}

export interface NativeSpatialNetwork {
  /** Batches learned since the start. */
  readonly batches: number;
  readonly memoryBytes: number;
  setThreads(threads: number): void;
  /** One input at once, on the calling thread and the network's own; continues the temporal state. */
  forwardSync(input: Float32Array, output: Float32Array): void;
  /** Outputs [count][outputs]; every sample starts from rest. */
  forward(options: { inputs: Float32Array; count: number }): NativeJob<Float32Array>;
  /** Learns one batch after another; `inputs` [count][inputs], `targets` [count][outputs]. The temporal state is
   *  kept from batch to batch when `keepState`: sample i of a batch follows sample i of the batch before. */
  train(
    options: {
      inputs: Float32Array;
      targets: Float32Array;
      count: number;
      batchSize: number;
      keepState: boolean;
    },
    onProgress?: NativeProgress<NativeSpatialProgress>,
  ): NativeJob<NativeSpatialTrainReport>;
  /** Learns samples of a data set in the order of `indices`. One without targets has 1 for a sample's class, else 0. */
  trainDataset(
    options: { dataset: NativeDataset; indices: Uint32Array; batchSize: number },
    onProgress?: NativeProgress<NativeSpatialProgress>,
  ): NativeJob<NativeSpatialTrainReport>;
  evaluateDataset(
    options: { dataset: NativeDataset; indices: Uint32Array },
    onProgress?: NativeProgress<{ samples: number; total: number }>,
  ): NativeJob<{
    lossSum: number;
    correct: number;
    samples: number;
    seconds: number;
    predictions: Int32Array;
  }>;
  grow(): NativeJob<NativeSpatialChange>;
  prune(options: { threshold: number; by: 'saturation' | 'contribution' }): NativeJob<NativeSpatialChange>;
  resetState(): void;
  statistics(): NativeSpatialStatistics[];
  /** Of layer 0, 1, …: one entry per neuron, in Morton order of sites, then by first context. */
  neurons(layer: number): {
    ids: Uint32Array;
    /** 4294967295 for a neuron that was there from the start. */
    parents: Uint32Array;
    /** x, y, z of each neuron's site. */
    positions: Uint16Array;
    firstContexts: Uint8Array;
    storedWeights: Uint32Array;
    saturation: Float32Array;
    contribution: Float32Array;
    gains: Float32Array;
    learningRates: Float32Array;
  };
  exportState(): NativeJob<NativeSpatialState>;
  importState(state: NativeSpatialState): NativeJob<void>;
}
export interface NativeSpatialProgress {
  samples: number;
  total: number;
  lossSum: number;
  correct: number;
}
