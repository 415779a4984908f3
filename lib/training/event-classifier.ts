// An event network that tells classes: it is shown samples, and its spikes are read by what its neurons respond to.
import { type LoadEventOptions, loadEventCheckpoint } from '../checkpoints/event-checkpoint.ts';
import type { EventTrainingState } from '../checkpoints/event-metadata.ts';
import type { EventTrainingConfig, LabelsConfig, Protocol } from '../config/event-training.ts';
import { Dataset } from '../data/dataset.ts';
import { invalid } from '../errors.ts';
import { native } from '../native/index.ts';
import { confusionOf, largest } from '../networks/classes.ts';
import type { EventNetwork, PresentReport } from '../networks/event-network.ts';
import { Presenter } from './presenter.ts';
import { type ReceptiveFields, receptiveFields } from './receptive-fields.ts';
import { assignClasses, classScores, ResponseCollector, taughtResponses, type Vote } from './responses.ts';

export interface EventClassifierOptions {
  protocol: Protocol;
  /** Null when the network was taught which neurons stand for which class. */
  labels: LabelsConfig | null;
  classes: number;
  /** [channels, height, width] of a sample. */
  shape: readonly [number, number, number];
  /** Samples that are shown side by side. Default: one for each processor. Results of reading do not depend on it. */
  batchSize?: number | undefined;
  merge?: EventTrainingConfig['merge'];
}

/** Of presentations with learning off. */
export interface EventReadOptions {
  signal?: AbortSignal | undefined;
  /** Called at most 20 times a second. */
  onProgress?: ((progress: { samples: number; total: number }) => void) | undefined;
}

export interface EventEvaluation {
  /** Share of the samples whose class was found, from 0 to 1. */
  accuracy: number;
  samples: number;
  seconds: number;
  /** Output spikes for each sample. */
  spikesPerSample: number;
  /** The class chosen for each of the indices. */
  predictions: Int32Array;
  /** Samples by their class (row) and the class chosen (column). */
  confusion: number[][];
}

export interface EventPrediction {
  /** The class with the highest score, the first one of several. */
  classes: Int32Array;
  /** [samples, classes]: see `classScores`. */
  scores: Float64Array;
}

/** Numbers of samples whose spikes are not those of training: labelling, measuring and predicting have their own. */
const numbers = { label: 2 ** 48, evaluate: 2 ** 49, predict: 2 ** 50 };
/** The epoch whose order chooses the images that labels come from; no training comes that far. */
const choosingEpoch = 2 ** 32 - 2;

export class EventClassifier {
  readonly network: EventNetwork;
  /** @internal Shows samples, with learning on or off. */
  readonly presenter: Presenter;
  readonly #options: EventClassifierOptions;
  readonly #reader: Presenter;
  #responses: Float64Array | null;

  constructor(network: EventNetwork, options: EventClassifierOptions) {
    const threads = network.options.threads ?? native().cpu().hardwareThreads;
    const { protocol, merge, batchSize = threads } = options;
    this.network = network;
    this.#options = options;
    this.presenter = new Presenter(network.replicas(batchSize), protocol, merge);
    this.#reader = batchSize >= threads ? this.presenter : new Presenter(network.replicas(threads), protocol);
    this.#responses = options.labels === null ? taughtResponses(options.classes) : null;
  }

  /**
   * The classifier in the checkpoint of a training. Its neurons have no classes yet when the network was learning, and
   * when `labelImages` asks to find them anew: see `label`. Throws ERR_SYNFIRE_CHECKPOINT for a file that holds none,
   * ERR_SYNFIRE_IO for one that cannot be read.
   */
  static async load(
    path: string,
    {
      batchSize,
      labelImages,
      ...options
    }: LoadEventOptions & { batchSize?: number; labelImages?: number } = {},
  ): Promise<{ classifier: EventClassifier; training: EventTrainingState }> {
    const { network, training } = await loadEventCheckpoint(path, options);
    if (training === null) {
      throw invalid('ERR_SYNFIRE_CHECKPOINT', `${path}: training`, null, 'a checkpoint of a training');
    }
    const { state, responses } = training;
    const anew = state.labels !== null && labelImages !== undefined;
    const labels = anew ? { ...state.labels!, images: labelImages } : state.labels;
    const classifier = new EventClassifier(network, { ...state, labels, batchSize });
    if (responses !== null && !anew) classifier.responses = responses;
    return { classifier, training: state };
  }

  /** Neurons whose spikes are read. */
  get outputs(): number {
    const { output } = this.#options.protocol;
    return sizeOf(this.network, output, 'protocol.output');
  }

  /** Mean spikes of every output neuron for an image of each class, [classes][outputs]; null before `label`. */
  get responses(): Float64Array | null {
    return this.#responses;
  }

  /** @internal Null when the network has learned since; what a taught network stands for never changes. */
  set responses(responses: Float64Array | null) {
    if (responses !== null && responses.length !== this.#options.classes * this.outputs) {
      const expected = `${this.#options.classes} x ${this.outputs} values`;
      throw invalid('ERR_SYNFIRE_CHECKPOINT', 'responses', responses, expected);
    }
    if (this.#options.labels !== null) this.#responses = responses;
  }

  /** The class of every output neuron; -1 for one that never fired. Throws ERR_SYNFIRE_INVALID_ARGUMENT before `label`. */
  get neuronClasses(): Int32Array {
    return assignClasses(this.#known(), this.#options.classes);
  }

  /** The weights from the source of images or spikes onto the neurons that are read. */
  receptiveFields(): ReceptiveFields {
    const { protocol, shape } = this.#options;
    const { source, output } = protocol;
    const own = this.network.projections.find((one) => one.source === source && one.target === output);
    return receptiveFields(this.network, own?.name ?? `${source}->${output}`, shape);
  }

  /**
   * Finds out what neurons respond to, with learning off, from some of the samples `indices` of training data: as
   * many as the options say, chosen at random but the same ones every time. Does nothing for a taught network.
   */
  async label(
    train: Dataset,
    indices: Uint32Array,
    seed: number,
    options: EventReadOptions = {},
  ): Promise<void> {
    const { labels, classes } = this.#options;
    if (labels === null) return;
    this.#check(train);
    const usable = samplesOf(train, classes, indices);
    const order = native().permutation({ seed, epoch: choosingEpoch, count: usable.length });
    const chosen = order.subarray(0, labels.images).map((position) => usable[position]!);
    const collector = new ResponseCollector(classes, this.outputs);
    const known = train.labels();
    let done = 0;
    await this.#read(train, chosen, numbers.label, options, ({ counts, presented }) => {
      collector.add(
        counts,
        Int32Array.from(chosen.subarray(done, done + presented), (index) => known[index]!),
      );
      done += presented;
    });
    this.#responses = collector.means();
  }

  /**
   * Classifies samples of a data set and compares with their labels; without `indices` all of the classes that the
   * network knows. Throws ERR_SYNFIRE_INVALID_ARGUMENT.
   */
  async evaluate(
    dataset: Dataset,
    {
      indices = samplesOf(dataset, this.#options.classes),
      ...options
    }: EventReadOptions & { indices?: Uint32Array } = {},
  ): Promise<EventEvaluation> {
    const { classes } = this.#options;
    if (samplesOf(dataset, classes, indices).length < indices.length) {
      throw refused('indices', indices, `samples of ${classes} classes, those that the network knows`);
    }
    const began = performance.now();
    const read = await this.#classify(dataset, indices, numbers.evaluate, options);
    const predictions = largest(read.scores, classes);
    const confusion = confusionOf(dataset.labels(), indices, predictions, classes);
    const correct = confusion.reduce((sum, row, label) => sum + row[label]!, 0);
    return {
      accuracy: correct / indices.length,
      samples: indices.length,
      seconds: (performance.now() - began) / 1000,
      spikesPerSample: read.spikes / indices.length,
      predictions,
      confusion,
    };
  }

  /** Classifies samples of a data set, which needs no labels. Throws ERR_SYNFIRE_INVALID_ARGUMENT. */
  async predict(
    dataset: Dataset,
    { indices = all(dataset), ...options }: EventReadOptions & { indices?: Uint32Array } = {},
  ): Promise<EventPrediction> {
    const { scores } = await this.#classify(dataset, indices, numbers.predict, options);
    return { classes: largest(scores, this.#options.classes), scores };
  }

  async #classify(
    dataset: Dataset,
    indices: Uint32Array,
    firstSample: number,
    options: EventReadOptions,
  ): Promise<{ scores: Float64Array; spikes: number }> {
    this.#check(dataset);
    const { classes, labels } = this.#options;
    const vote: Vote = labels?.vote ?? 'all';
    const responses = this.#known();
    const scores = new Float64Array(indices.length * classes);
    let done = 0;
    let spikes = 0;
    await this.#read(dataset, indices, firstSample, options, ({ counts, presented }) => {
      scores.set(classScores(counts, responses, { classes, vote }), done * classes);
      done += presented;
      spikes += counts.reduce((sum, count) => sum + count, 0);
    });
    return { scores, spikes };
  }

  /** Shows samples with learning off. */
  async #read(
    dataset: Dataset,
    indices: Uint32Array,
    firstSample: number,
    { signal = new AbortController().signal, onProgress }: EventReadOptions,
    onPart: (report: PresentReport) => void,
  ): Promise<void> {
    const total = indices.length;
    if (total === 0) throw refused('indices', indices, 'a Uint32Array of at least one index');
    await this.#reader.present(dataset, indices, {
      ...{ learn: false, firstSample, signal, onPart },
      ...(onProgress && { onProgress: (samples: number) => onProgress({ samples, total }) }),
    });
  }

  #known(): Float64Array {
    if (this.#responses !== null) return this.#responses;
    throw refused('responses', null, 'neurons with classes: call label with training data');
  }

  #check(dataset: Dataset): void {
    const { shape } = this.#options;
    if (!(dataset instanceof Dataset)) throw refused('dataset', dataset, 'a Dataset');
    const [expected, actual] = [shape.join(' x '), dataset.shape.join(' x ')];
    if (actual !== expected) throw refused('dataset.shape', actual, `${expected}, as in training`);
  }
}

/** The size of a population that an option names. Throws ERR_SYNFIRE_INVALID_ARGUMENT. */
export function sizeOf(network: EventNetwork, population: string, field: string): number {
  const found = network.populations.find(({ name }) => name === population);
  if (found !== undefined) return found.size;
  const names = network.populations.map(({ name }) => JSON.stringify(name)).join(', ');
  throw refused(field, population, `one of the network's populations ${names}`);
}

/** Those of the samples `indices`, by default of all, that belong to the first `classes` classes. */
export function samplesOf(dataset: Dataset, classes: number, indices?: Uint32Array): Uint32Array {
  const labels = dataset.labels();
  const chosen = indices ?? Uint32Array.from(labels.keys());
  return classes < dataset.classes ? chosen.filter((index) => labels[index]! < classes) : chosen;
}

function all({ samples }: Dataset): Uint32Array {
  return Uint32Array.from({ length: samples }, (_, index) => index);
}

function refused(field: string, value: unknown, expected: string) {
  return invalid('ERR_SYNFIRE_INVALID_ARGUMENT', field, value, expected);
}
