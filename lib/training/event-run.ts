// One training of an event network from its first or resumed image to its end: rounds of learning, each followed by a
// measurement.
import { isDeepStrictEqual } from 'node:util';
import {
  comparableOptions,
  readEventMetadata,
  readResponses,
  restoreState,
  saveEventCheckpoint,
} from '../checkpoints/event-checkpoint.ts';
import type { EventTrainingState, RoundReport } from '../checkpoints/event-metadata.ts';
import { CheckpointStore, findBest, findResumed, type Milestone } from '../checkpoints/store.ts';
import { withTensorFile } from '../checkpoints/tensor-file.ts';
import { invalid } from '../errors.ts';
import type { PresentReport, StateTensors } from '../networks/event-network.ts';
import { isImprovement } from './early-stopping.ts';
import { EpochOrder } from './epoch-order.ts';
import { EventClassifier, type EventEvaluation } from './event-classifier.ts';
import { eventProgress } from './event-progress.ts';
import type { EventFitResult } from './event-reports.ts';
import type { EventSetup } from './event-setup.ts';
import { Positions } from './positions.ts';
import { checkSameSettings, flatten } from './settings.ts';
import type { Run } from './training.ts';

/** A model to go back to: in memory, or in a checkpoint. */
type Kept = { state: StateTensors; responses: Float64Array | null } | { file: string };

/** One training of an event network; reports once a round. */
export class EventTrainingRun implements Run<RoundReport, EventFitResult> {
  readonly #setup: EventSetup;
  readonly #store: CheckpointStore | null;
  readonly #classifier: EventClassifier;
  readonly #positions: Positions;
  readonly #order: EpochOrder;
  #state: EventTrainingState;
  #best: Kept | null = null;
  #saved = false;

  private constructor(setup: EventSetup, store: CheckpointStore | null) {
    const { network, protocol, labels, config, train, trainIndices, classes } = setup;
    this.#setup = setup;
    this.#store = store;
    this.#state = startingState(setup);
    this.#positions = new Positions({ ...config, perEpoch: trainIndices.length });
    this.#order = new EpochOrder(trainIndices, config.seed);
    this.#classifier = new EventClassifier(network, {
      ...{ protocol, labels, batchSize: config.batchSize, merge: config.merge },
      ...{ classes, shape: train.shape },
    });
  }

  /** Makes the replicas and goes to the first image, or to where the checkpoint to resume from stands. */
  static async begin(setup: EventSetup): Promise<EventTrainingRun> {
    const { checkpoint } = setup;
    const store = checkpoint && (await CheckpointStore.open({ ...checkpoint, keep: 0 }));
    const source = await findResumed(setup.resume, store);
    const run = new EventTrainingRun(setup, store);
    if (source !== null) await run.#resume(source);
    await run.#announce(source);
    return run;
  }

  get done(): boolean {
    const { images, activity } = this.#state;
    return images >= this.#positions.last && activity.images === 0;
  }

  /** Learns to the end of the current round and measures. */
  async next(signal: AbortSignal): Promise<RoundReport> {
    const { checkpoint } = this.#setup;
    const { activity, images } = this.#state;
    const end = Math.max(images, this.#positions.roundEnd(images - activity.images));
    while (this.#state.images < end) {
      const due = this.#positions.nextMultiple(this.#state.images, checkpoint?.saveEvery ?? end);
      await this.#learn(Math.min(due, end), signal);
      if (this.#state.images < end) await this.save();
    }
    const report = await this.#measure(signal);
    this.#conclude(report);
    await this.save();
    return report;
  }

  /** Puts the best model back and measures it with the test data. */
  async finish(signal: AbortSignal): Promise<EventFitResult> {
    const { test, testIndices: indices } = this.#setup;
    await this.save();
    await this.#restoreBest();
    const onProgress = eventProgress(this.#setup, () => this.#state, 'test');
    const measured = test && (await this.#classifier.evaluate(test, { indices, signal, onProgress }));
    return this.#result('completed', measured);
  }

  async stop(): Promise<EventFitResult> {
    await this.save();
    await this.#restoreBest();
    return this.#result('stopped', null);
  }

  /** Saves where the training stands unless that is saved already or there are no checkpoints. */
  async save(): Promise<void> {
    if (this.#saved || this.#store === null) return;
    const { responses } = this.#classifier;
    await this.#store.save(milestoneOf(this.#state), (path) =>
      saveEventCheckpoint(this.#setup.network, path, { state: this.#state, responses }),
    );
    this.#saved = true;
  }

  async #announce(resumedFrom: string | null): Promise<void> {
    const { network, trainIndices, validationIndices, testIndices, config, onStart } = this.#setup;
    const { images, history } = this.#state;
    await onStart({
      networkBytes: network.memory().totalBytes,
      replicaBytes: this.#classifier.presenter.bytesPerReplica,
      batchSize: config.batchSize,
      trainImages: trainIndices.length,
      validationImages: validationIndices.length,
      testImages: testIndices.length,
      ...{ images, history, resumedFrom },
    });
  }

  async #resume(file: string): Promise<void> {
    const { network, settings } = this.#setup;
    const metadata = await readEventMetadata(file);
    const { training } = metadata;
    if (training === null) throw unfit(file, null, 'a checkpoint of a training');
    const asked = { ...flatten('network', comparableOptions(network.options)), ...settings };
    checkSameSettings(asked, { ...flatten('network', metadata.network), ...training.settings }, file);
    this.#checkPosition(training, file);
    this.#state = training;
    await this.#restore(file);
    this.#saved = (await this.#store?.adoptLatest(file, milestoneOf(training))) ?? false;
    await this.#findBest(file);
  }

  /** Finds the best model so far and brings it into the folder of checkpoints. */
  async #findBest(file: string): Promise<void> {
    const { best, settings } = this.#state;
    if (best === null) return;
    const found = await findBest(file, best.round, async (candidate) => {
      const { training } = await readEventMetadata(candidate);
      const endsRound = training?.history.length === best.round && training.activity.images === 0;
      return endsRound && isDeepStrictEqual([training.best, training.settings], [best, settings]);
    });
    await this.#store?.adoptBest(found);
    this.#best = { file: this.#store?.best ?? found };
  }

  #checkPosition({ images, activity, history, best }: EventTrainingState, file: string): void {
    const fits =
      this.#positions.isBoundary(images) &&
      activity.images <= images &&
      (best === null || (best.round >= 1 && best.round <= history.length));
    if (!fits) throw unfit(file, { images }, `whole batches of ${this.#setup.config.batchSize} images`);
  }

  /** Learns up to a boundary of batches. */
  async #learn(until: number, signal: AbortSignal): Promise<void> {
    const { train } = this.#setup;
    const onProgress = eventProgress(this.#setup, () => this.#state, 'train', this.#positions.last);
    const start = this.#state.images;
    while (this.#state.images < until) {
      const { images } = this.#state;
      const end = Math.min(until, this.#positions.epochEnd(images));
      this.#classifier.responses = null;
      this.#saved = false;
      await this.#classifier.presenter.present(train, this.#order.between(images, end), {
        ...{ learn: true, firstSample: images, signal },
        onPart: (report) => this.#count(report),
        onProgress: (samples) => onProgress({ samples: images - start + samples, total: until - start }),
      });
    }
  }

  #count({ presented, counts, batches }: PresentReport): void {
    const { activity } = this.#state;
    const spikes = counts.reduce((sum, count) => sum + count, 0);
    const sum = (of: (batch: PresentReport['batches'][number]) => number) =>
      batches.reduce((total, batch) => total + of(batch), 0);
    this.#state = {
      ...this.#state,
      images: this.#state.images + presented,
      activity: {
        images: activity.images + presented,
        spikes: activity.spikes + spikes,
        attempts: activity.attempts + sum(({ attempts }) => attempts),
        synapticEvents: activity.synapticEvents + sum(({ synapticEvents }) => synapticEvents),
        seconds: activity.seconds + sum(({ wallMs }) => wallMs) / 1000,
        mergeSeconds: activity.mergeSeconds + sum(({ mergeMs }) => mergeMs) / 1000,
      },
    };
  }

  async #measure(signal: AbortSignal): Promise<RoundReport> {
    const { train, trainIndices, validationIndices: indices, config } = this.#setup;
    const began = performance.now();
    const labelling = eventProgress(this.#setup, () => this.#state, 'labels');
    await this.#classifier.label(train, trainIndices, config.seed, { signal, onProgress: labelling });
    const onProgress = eventProgress(this.#setup, () => this.#state, 'validation');
    const measured =
      indices.length > 0 && (await this.#classifier.evaluate(train, { indices, signal, onProgress }));
    const accuracy = measured ? measured.accuracy : null;
    return this.#report(accuracy, (performance.now() - began) / 1000);
  }

  #report(validationAccuracy: number | null, evaluationSeconds: number): RoundReport {
    const { history, images, activity, best } = this.#state;
    const reference = best?.validationAccuracy ?? null;
    return {
      round: history.length + 1,
      images,
      epochs: images / this.#setup.trainIndices.length,
      validationAccuracy,
      spikesPerImage: activity.spikes / activity.images,
      attemptsPerImage: activity.attempts / activity.images,
      seconds: activity.seconds,
      mergeShare: Math.min(1, activity.mergeSeconds / activity.seconds),
      imagesPerSecond: activity.images / activity.seconds,
      evaluationSeconds,
      best: validationAccuracy === null || isImprovement(validationAccuracy, reference, 'max'),
    };
  }

  /** Goes from the end of a round to the start of the next. */
  #conclude(report: RoundReport): void {
    const { round, validationAccuracy } = report;
    this.#saved = false;
    this.#state = {
      ...this.#state,
      activity: noActivity,
      history: [...this.#state.history, report],
      best: report.best ? { round, validationAccuracy } : this.#state.best,
    };
    if (report.best) this.#best = this.#keep();
  }

  /** A checkpoint will hold the model when there are checkpoints; else it is kept in memory. */
  #keep(): Kept {
    if (this.#store !== null) return { file: this.#store.best };
    return { state: this.#setup.network.exportState(), responses: this.#classifier.responses };
  }

  async #restoreBest(): Promise<void> {
    if (this.#best === null) return;
    if ('file' in this.#best) return this.#restore(this.#best.file);
    this.#setup.network.importState(this.#best.state);
    this.#classifier.responses = this.#best.responses;
  }

  async #restore(file: string): Promise<void> {
    await withTensorFile(file, async (reader) => {
      await restoreState(this.#setup.network, reader);
      this.#classifier.responses = await readResponses(reader, this.#state);
    });
  }

  #result(end: EventFitResult['end'], test: EventEvaluation | null): EventFitResult {
    const { history, best } = this.#state;
    const checkpoints = this.#store && { latest: this.#store.latest, best: best && this.#store.best };
    return { end, history, best, test, classifier: this.#classifier, checkpoints };
  }
}

const noActivity = { images: 0, spikes: 0, attempts: 0, synapticEvents: 0, seconds: 0, mergeSeconds: 0 };

function startingState({ settings, protocol, labels, train, classes, name }: EventSetup): EventTrainingState {
  return {
    ...{ settings, protocol, labels, shape: train.shape, classes, data: name },
    ...{ images: 0, activity: noActivity, history: [], best: null },
  };
}

function milestoneOf({ activity, history, best }: EventTrainingState): Milestone {
  return { epoch: null, best: activity.images === 0 && best !== null && best.round === history.length };
}

function unfit(file: string, value: unknown, expected: string) {
  return invalid('ERR_SYNFIRE_CHECKPOINT', `${file}: training`, value, expected);
}
