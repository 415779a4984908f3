// One training of a spatial network from its first or resumed sample to its end: epochs of learning and growing, each
// followed by pruning, where it is asked for, and a measurement.
import { isDeepStrictEqual } from 'node:util';
import {
  comparableDescription,
  readSpatialMetadata,
  restoreSpatialState,
  saveSpatialCheckpoint,
} from '../checkpoints/spatial-checkpoint.ts';
import type { SpatialReport, SpatialTrainingState } from '../checkpoints/spatial-metadata.ts';
import { CheckpointStore, findBest, findResumed, type Milestone } from '../checkpoints/store.ts';
import { withTensorFile } from '../checkpoints/tensor-file.ts';
import { invalid } from '../errors.ts';
import {
  callNative,
  type NativeProgress,
  type NativeSpatialProgress,
  type NativeSpatialTrainReport,
  runJob,
} from '../native/index.ts';
import type { SpatialEvaluation, SpatialState } from '../networks/spatial-network.ts';
import { isBestEpoch } from './best-epoch.ts';
import { EpochOrder } from './epoch-order.ts';
import { Positions } from './positions.ts';
import { evaluationProgress, trainingProgress } from './progress.ts';
import { checkSameSettings, flatten } from './settings.ts';
import type { SpatialFitResult } from './spatial-reports.ts';
import type { SpatialSetup } from './spatial-setup.ts';
import type { Run } from './training.ts';

/** A model to go back to: in memory, or in a checkpoint. */
type Kept = { state: SpatialState } | { file: string };

/** One training of a spatial network; reports once an epoch. */
export class SpatialTrainingRun implements Run<SpatialReport, SpatialFitResult> {
  readonly #setup: SpatialSetup;
  readonly #store: CheckpointStore | null;
  readonly #positions: Positions;
  readonly #order: EpochOrder;
  #state: SpatialTrainingState;
  #best: Kept | null = null;
  #saved = false;

  private constructor(setup: SpatialSetup, store: CheckpointStore | null) {
    const { config, trainIndices } = setup;
    this.#setup = setup;
    this.#store = store;
    this.#state = startingState(setup);
    this.#positions = new Positions({ ...config, perEpoch: trainIndices.length });
    this.#order = new EpochOrder(trainIndices, config.seed);
  }

  /** Goes to the first sample, or to where the checkpoint to resume from stands. */
  static async begin(setup: SpatialSetup): Promise<SpatialTrainingRun> {
    const { checkpoint, network, config } = setup;
    const store = checkpoint && (await CheckpointStore.open({ ...checkpoint, keep: 0 }));
    const source = await findResumed(setup.resume, store);
    const { threads } = config;
    if (threads !== undefined) callNative(() => network.native.setThreads(threads));
    const run = new SpatialTrainingRun(setup, store);
    if (source !== null) await run.#resume(source);
    await run.#announce(source);
    return run;
  }

  get done(): boolean {
    return this.#state.epoch >= this.#setup.config.epochs;
  }

  /** Learns to the end of the current epoch, prunes and measures. */
  async next(signal: AbortSignal): Promise<SpatialReport> {
    const end = this.#epochStart + this.#setup.trainIndices.length;
    while (this.#position < end) {
      const every = this.#setup.checkpoint?.saveEverySamples ?? end;
      const due = this.#positions.nextMultiple(this.#position, every);
      await this.#learn(Math.min(due, end), signal);
      if (this.#position < end) await this.save();
    }
    await this.#prune(signal);
    const report = this.#report(await this.#validate(signal));
    await this.#conclude(report);
    await this.save();
    return report;
  }

  /** Puts the best model back and measures it with the test data. */
  async finish(signal: AbortSignal): Promise<SpatialFitResult> {
    const { network, test } = this.#setup;
    await this.save();
    await this.#restoreBest();
    const onProgress = evaluationProgress(this.#setup, this.#state, 'test');
    const measured = test && (await network.evaluate(test, { signal, onProgress }));
    return this.#result('completed', measured);
  }

  async stop(): Promise<SpatialFitResult> {
    await this.save();
    await this.#restoreBest();
    return this.#result('stopped', null);
  }

  /** Saves where the training stands unless that is saved already or there are no checkpoints. */
  async save(): Promise<void> {
    if (this.#saved || this.#store === null) return;
    await this.#store.save(milestoneOf(this.#state), (path) =>
      saveSpatialCheckpoint(this.#setup.network, path, this.#state),
    );
    this.#saved = true;
  }

  /** Samples learned since the start: where the training stands. */
  get #position(): number {
    return this.#epochStart + this.#state.metrics.samples;
  }

  get #epochStart(): number {
    return this.#state.epoch * this.#setup.trainIndices.length;
  }

  async #announce(resumedFrom: string | null): Promise<void> {
    const { network, trainIndices, validationIndices, test, onStart } = this.#setup;
    const { epoch, metrics, history } = this.#state;
    await onStart({
      networkBytes: network.memoryBytes,
      neurons: network.statistics().neurons,
      trainSamples: trainIndices.length,
      validationSamples: validationIndices.length,
      testSamples: test?.samples ?? 0,
      samples: metrics.samples,
      ...{ epoch, history, resumedFrom },
    });
  }

  async #resume(file: string): Promise<void> {
    const { network, settings } = this.#setup;
    const metadata = await readSpatialMetadata(file);
    const { training } = metadata;
    if (training === null) throw unfit(file, null, 'a checkpoint of a training');
    const asked = { ...flatten('network', comparableDescription(network)), ...settings };
    const saved = { ...flatten('network', comparableDescription(metadata)), ...training.settings };
    checkSameSettings(asked, saved, file);
    this.#checkPosition(training, file);
    this.#state = training;
    await this.#restore(file);
    this.#saved = (await this.#store?.adoptLatest(file, milestoneOf(training))) ?? false;
    await this.#findBest(file);
  }

  /** Finds the best model so far and brings it into the folder of checkpoints. */
  async #findBest(file: string): Promise<void> {
    const { best, settings } = this.#state;
    if (best === null || !this.#keepsBest) return;
    const found = await findBest(file, best.epoch, async (candidate) => {
      const { training } = await readSpatialMetadata(candidate);
      const endsEpoch = training?.epoch === best.epoch && training.metrics.samples === 0;
      return endsEpoch && isDeepStrictEqual([training.best, training.settings], [best, settings]);
    });
    await this.#store?.adoptBest(found);
    this.#best = { file: this.#store?.best ?? found };
  }

  #checkPosition({ epoch, metrics, history, best }: SpatialTrainingState, file: string): void {
    const perEpoch = this.#setup.trainIndices.length;
    const fits =
      metrics.samples <= perEpoch &&
      this.#positions.isBoundary(epoch * perEpoch + metrics.samples) &&
      history.length === epoch &&
      (best === null || (best.epoch >= 1 && best.epoch <= epoch));
    if (fits) return;
    const where = { epoch, samples: metrics.samples };
    throw unfit(file, where, `whole batches of ${this.#setup.config.batchSize} samples`);
  }

  /** Learns up to a boundary of batches within the epoch. */
  async #learn(until: number, signal: AbortSignal): Promise<void> {
    const { network, train, config } = this.#setup;
    const { samples, lossSum, correct } = this.#state.metrics;
    const indices = this.#order.between(this.#position, until);
    const request = { dataset: train.native, indices, batchSize: config.batchSize };
    const report = trainingProgress(this.#setup, this.#state);
    const onProgress = (progress: NativeSpatialProgress) =>
      report({
        samples: samples + progress.samples,
        lossSum: lossSum + progress.lossSum,
        correct: correct + progress.correct,
      });
    const start = (progress?: NativeProgress<NativeSpatialProgress>) =>
      network.native.trainDataset(request, progress);
    this.#count(await runJob(start, { signal, onProgress }));
    if (this.#position < until) signal.throwIfAborted();
  }

  #count(report: NativeSpatialTrainReport): void {
    const { batches, samples, correct, grown, seconds } = report;
    const { metrics } = this.#state;
    this.#saved = false;
    this.#state = {
      ...this.#state,
      metrics: {
        batches: metrics.batches + batches,
        samples: metrics.samples + samples,
        lossSum: this.#addLosses(report),
        correct: metrics.correct + correct,
        grown: metrics.grown + grown,
        pruned: null,
        seconds: metrics.seconds + seconds,
      },
    };
  }

  /** Adds batch by batch, so that the sum does not depend on where the epoch was cut. */
  #addLosses({ losses, samples }: NativeSpatialTrainReport): number {
    const { batchSize } = this.#setup.config;
    return losses.reduce(
      (sum, loss, batch) => sum + loss * Math.min(batchSize, samples - batch * batchSize),
      this.#state.metrics.lossSum,
    );
  }

  /** Once an epoch, also when what follows is interrupted. */
  async #prune(signal: AbortSignal): Promise<void> {
    const { network, config } = this.#setup;
    const { metrics } = this.#state;
    if (metrics.pruned !== null) return;
    signal.throwIfAborted();
    const pruned =
      config.prune === null ? 0 : (await network.prune(config.prune.threshold, config.prune)).removed;
    this.#saved = false;
    this.#state = { ...this.#state, metrics: { ...metrics, pruned } };
  }

  async #validate(signal: AbortSignal): Promise<SpatialEvaluation | null> {
    const { network, train, validationIndices: indices } = this.#setup;
    if (indices.length === 0) return null;
    const onProgress = evaluationProgress(this.#setup, this.#state, 'validation');
    return network.evaluate(train, { indices, signal, onProgress });
  }

  #report(validation: SpatialEvaluation | null): SpatialReport {
    const { labelled, network } = this.#setup;
    const { epoch, metrics } = this.#state;
    const { samples, batches, grown, seconds } = metrics;
    const report = {
      ...{ epoch: epoch + 1, batches },
      trainLoss: metrics.lossSum / samples,
      trainAccuracy: labelled ? metrics.correct / samples : null,
      validationLoss: validation?.loss ?? null,
      validationAccuracy: validation?.accuracy ?? null,
      neurons: network.statistics().neurons,
      ...{ grown, pruned: metrics.pruned ?? 0 },
      ...{ seconds, samplesPerSecond: samples / seconds, validationSeconds: validation?.seconds ?? 0 },
    };
    return { ...report, best: isBestEpoch(report, this.#setup, this.#state) };
  }

  /** Goes from the end of an epoch to the start of the next. */
  async #conclude(report: SpatialReport): Promise<void> {
    const { monitor } = this.#setup;
    const { epoch, best } = report;
    this.#saved = false;
    this.#state = {
      ...this.#state,
      epoch,
      metrics: noMetrics,
      history: [...this.#state.history, report],
      best: best ? { epoch, monitor, value: report[monitor] ?? Number.NaN } : this.#state.best,
    };
    if (best && this.#keepsBest) this.#best = await this.#keep();
  }

  /** A checkpoint will hold the model when there are checkpoints; else it is kept in memory. */
  async #keep(): Promise<Kept> {
    if (this.#store !== null) return { file: this.#store.best };
    return { state: await this.#setup.network.exportState() };
  }

  /** With checkpoints, the best model of an earlier process can only be put back if it was saved. */
  get #keepsBest(): boolean {
    return this.#setup.checkpoint?.saveBest ?? true;
  }

  async #restoreBest(): Promise<void> {
    if (this.#best === null) return;
    if ('file' in this.#best) return this.#restore(this.#best.file);
    await this.#setup.network.importState(this.#best.state);
  }

  async #restore(file: string): Promise<void> {
    await withTensorFile(file, (reader) => restoreSpatialState(this.#setup.network, reader));
  }

  #result(end: SpatialFitResult['end'], test: SpatialEvaluation | null): SpatialFitResult {
    const { history, best } = this.#state;
    const saved = this.#store && {
      latest: this.#store.latest,
      best: best && this.#keepsBest ? this.#store.best : null,
    };
    return { end, history, best, test, checkpoints: saved };
  }
}

const noMetrics: SpatialTrainingState['metrics'] = {
  ...{ batches: 0, samples: 0, lossSum: 0, correct: 0, grown: 0, pruned: null, seconds: 0 },
};

function startingState({ settings, train, labelled, name }: SpatialSetup): SpatialTrainingState {
  return {
    ...{ settings, shape: train.shape, classes: labelled ? train.classes : 0, data: name },
    ...{ epoch: 0, metrics: noMetrics, history: [], best: null },
  };
}

function milestoneOf({ epoch, metrics, best }: SpatialTrainingState): Milestone {
  return { epoch: null, best: metrics.samples === 0 && best !== null && best.epoch === epoch };
}

function unfit(file: string, value: unknown, expected: string) {
  return invalid('ERR_SYNFIRE_CHECKPOINT', `${file}: training`, value, expected);
}
