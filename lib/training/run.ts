// One training from its first or resumed step to its end: the state, and the steps that lead from one state
// to the next.
import { isDeepStrictEqual } from 'node:util';
import {
  readCheckpointMetadata,
  restoreTensors,
  transferBuffer,
  writeCheckpoint,
} from '../checkpoints/checkpoint.ts';
import { decodeMetadata, type TrainingState } from '../checkpoints/metadata.ts';
import { CheckpointStore, findBest, findResumed, type Milestone } from '../checkpoints/store.ts';
import { withTensorFile } from '../checkpoints/tensor-file.ts';
import { invalid } from '../errors.ts';
import {
  callNative,
  type NativeProgress,
  type NativeTrainOptions,
  type NativeTrainProgress,
  runJob,
} from '../native/index.ts';
import type { Evaluation } from '../networks/layer-network.ts';
import { isBestEpoch } from './best-epoch.ts';
import { BestModel } from './best-model.ts';
import { advanceEarlyStopping, initialEarlyStopping, shouldStop } from './early-stopping.ts';
import { nativeOptimizer } from './optimizer.ts';
import { evaluationProgress, trainingProgress } from './progress.ts';
import type { EpochReport, FitEnd, FitResult } from './reports.ts';
import { learningRates } from './schedule.ts';
import { checkSameSettings, flatten } from './settings.ts';
import type { Setup } from './setup.ts';
import type { Run } from './training.ts';

/** One training of a network of layers; reports once an epoch. */
export class TrainingRun implements Run<EpochReport, FitResult> {
  readonly #setup: Setup;
  readonly #store: CheckpointStore | null;
  #state: TrainingState;
  readonly #best: BestModel;
  /** For tensors on their way from and to files. */
  #buffer: Float32Array | undefined;
  #saved = false;

  private constructor(setup: Setup, store: CheckpointStore | null) {
    this.#setup = setup;
    this.#store = store;
    this.#best = new BestModel(setup.network);
    this.#state = startingState(setup);
  }

  /** Lays out the memory and goes to the first step, or to where the checkpoint to resume from stands. */
  static async begin(setup: Setup): Promise<TrainingRun> {
    const store = setup.checkpoint && (await CheckpointStore.open(setup.checkpoint));
    const source = await findResumed(setup.resume, store);
    const { batchSize, threads } = setup.config;
    const optimizer = nativeOptimizer(setup.config);
    const plan = setup.network.prepare({
      batchSize,
      optimizer,
      ...(threads === undefined ? {} : { threads }),
    });
    const run = new TrainingRun(setup, store);
    if (source !== null) await run.#resume(source);
    await run.#announce(plan.peakBytes, source);
    return run;
  }

  /** Whether all epochs are done or early stopping has ended the training. */
  get done(): boolean {
    return this.#end() !== null;
  }

  /** Trains to the end of the current epoch and validates. */
  async next(signal: AbortSignal): Promise<EpochReport> {
    const { config, steps, checkpoint } = this.#setup;
    const rates = learningRates(config.schedule, {
      learningRate: config.optimizer.learningRate,
      epoch: this.#state.epoch,
      epochs: config.epochs,
      steps,
    });
    while (this.#state.step < steps) {
      const stop = nextMultiple(this.#state.step, checkpoint?.saveEverySteps ?? steps);
      await this.#train(rates, Math.min(stop, steps), signal);
      if (this.#state.step < steps) await this.save();
    }
    const report = this.#report(rates, await this.#validate(signal));
    this.#conclude(report);
    if (this.#checkpointIsDue(report)) await this.save();
    return report;
  }

  /** Puts the best model back and measures it with the test data. */
  async finish(signal: AbortSignal): Promise<FitResult> {
    const { network, test } = this.#setup;
    await this.save();
    await this.#best.restore(() => this.#transferBuffer());
    const onProgress = evaluationProgress(this.#setup, this.#state, 'test');
    const measured = test && (await network.evaluate(test, { signal, onProgress }));
    return this.#result(this.#end() ?? 'stopped', measured);
  }

  /** Ends before all epochs are done: saves where the training stands and puts the best model back. */
  async stop(): Promise<FitResult> {
    await this.save();
    await this.#best.restore(() => this.#transferBuffer());
    return this.#result('stopped', null);
  }

  /** Saves where the training stands unless that is saved already or there are no checkpoints. */
  async save(): Promise<void> {
    if (this.#saved || this.#store === null) return;
    const { network } = this.#setup;
    this.#state.optimizerStep = network.native.state().optimizerStep;
    await this.#store.save(milestoneOf(this.#state), (path) =>
      writeCheckpoint(path, network, this.#state, this.#transferBuffer()),
    );
    this.#saved = true;
  }

  async #announce(planBytes: number, resumedFrom: string | null): Promise<void> {
    const { trainIndices, validationIndices, test, onStart } = this.#setup;
    const { epoch, step, history } = this.#state;
    await onStart({
      planBytes,
      trainSamples: trainIndices.length,
      validationSamples: validationIndices.length,
      testSamples: test?.samples ?? 0,
      epoch,
      step,
      history,
      resumedFrom,
    });
  }

  async #resume(file: string): Promise<void> {
    const { network, settings, restoreBest } = this.#setup;
    this.#state = await withTensorFile(file, async (reader) => {
      const metadata = decodeMetadata(reader.metadata, file);
      const state = metadata.training;
      if (state === null) throw unfit(file, null, 'a checkpoint of a training');
      const asked = { ...flatten('network', network.config), ...settings };
      checkSameSettings(asked, { ...flatten('network', metadata.network), ...state.settings }, file);
      this.#checkPosition(state, file);
      await restoreTensors(network, reader, network.native.tensors(), this.#transferBuffer());
      return state;
    });
    callNative(() => network.native.setState({ optimizerStep: this.#state.optimizerStep }));
    this.#saved = (await this.#store?.adoptLatest(file, milestoneOf(this.#state))) ?? false;
    if (restoreBest) await this.#findBest(file);
  }

  /** Finds the best model so far and brings it into the folder of checkpoints. */
  async #findBest(file: string): Promise<void> {
    const { best } = this.#state;
    if (best === null) return;
    const found = await findBest(file, best.epoch, (candidate) => this.#isBestModel(candidate));
    await this.#store?.adoptBest(found);
    this.#best.keepFile(this.#store?.best ?? found);
  }

  async #isBestModel(candidate: string): Promise<boolean> {
    const { best, settings } = this.#state;
    const { training } = await readCheckpointMetadata(candidate);
    const endsEpoch = training?.epoch === best?.epoch && training?.step === 0;
    return endsEpoch && isDeepStrictEqual([training?.best, training?.settings], [best, settings]);
  }

  #checkPosition({ epoch, step, history, best }: TrainingState, file: string): void {
    const { steps } = this.#setup;
    const fits =
      step <= steps &&
      history.length === epoch &&
      (best === null || (best.epoch >= 1 && best.epoch <= epoch));
    if (!fits) throw unfit(file, { epoch, step }, `a position in epochs of ${steps} steps`);
  }

  async #train(rates: Float64Array, lastStep: number, signal: AbortSignal): Promise<void> {
    const { network, train, trainIndices, config, sampleWeights } = this.#setup;
    const { epoch, step, metrics } = this.#state;
    const { lossSum, correct, samples } = metrics;
    const request: NativeTrainOptions = {
      dataset: train.native,
      indices: trainIndices,
      ...(sampleWeights === null ? {} : { sampleWeights }),
      seed: config.seed,
      epoch,
      firstStep: step,
      lastStep,
      learningRates: rates,
      augmentation: config.augmentation ?? null,
      metrics: { lossSum, correct, samples },
    };
    const onProgress = trainingProgress(this.#setup, this.#state);
    const start = (report?: NativeProgress<NativeTrainProgress>) =>
      network.native.trainEpoch(request, report);
    const result = await runJob(start, { signal, onProgress });
    this.#saved = false;
    this.#state.step = result.step;
    this.#state.metrics = {
      lossSum: result.lossSum,
      correct: result.correct,
      samples: result.samples,
      seconds: metrics.seconds + result.seconds,
    };
    if (!result.completed) signal.throwIfAborted();
  }

  async #validate(signal: AbortSignal): Promise<Evaluation | null> {
    const { network, train, validationIndices: indices } = this.#setup;
    if (indices.length === 0) return null;
    const onProgress = evaluationProgress(this.#setup, this.#state, 'validation');
    return network.evaluate(train, { indices, signal, onProgress });
  }

  #report(rates: Float64Array, validation: Evaluation | null): EpochReport {
    const { epoch, metrics } = this.#state;
    const report = {
      epoch: epoch + 1,
      trainLoss: metrics.lossSum / metrics.samples,
      trainAccuracy: metrics.correct / metrics.samples,
      validationLoss: validation?.loss ?? null,
      validationAccuracy: validation?.accuracy ?? null,
      learningRate: rates.at(-1) ?? 0,
      seconds: metrics.seconds,
      validationSeconds: validation?.seconds ?? 0,
      samplesPerSecond: metrics.samples / metrics.seconds,
    };
    return { ...report, best: isBestEpoch(report, this.#setup, this.#state) };
  }

  /** Goes from the end of an epoch to the start of the next. */
  #conclude(report: EpochReport): void {
    const { monitor, earlyStopping, restoreBest } = this.#setup;
    const value = report[monitor] ?? Number.NaN;
    this.#saved = false;
    this.#state = {
      ...this.#state,
      epoch: report.epoch,
      step: 0,
      metrics: noMetrics,
      history: [...this.#state.history, report],
      best: report.best ? { epoch: report.epoch, monitor, value } : this.#state.best,
      earlyStopping: earlyStopping
        ? advanceEarlyStopping(this.#state.earlyStopping, value, earlyStopping)
        : this.#state.earlyStopping,
    };
    if (report.best && restoreBest) this.#keepBest();
  }

  /** A checkpoint will hold the best model when there are checkpoints; else it is kept in memory. */
  #keepBest(): void {
    if (this.#store === null) this.#best.keep();
    else this.#best.keepFile(this.#store.best);
  }

  #end(): FitEnd | null {
    const { earlyStopping, config } = this.#setup;
    if (earlyStopping && shouldStop(this.#state.earlyStopping, earlyStopping)) return 'earlyStopping';
    return this.#state.epoch >= config.epochs ? 'completed' : null;
  }

  #checkpointIsDue({ epoch, best }: EpochReport): boolean {
    const { checkpoint } = this.#setup;
    if (checkpoint === null) return false;
    return (best && checkpoint.saveBest) || epoch % checkpoint.saveEveryEpochs === 0;
  }

  #transferBuffer(): Float32Array {
    this.#buffer ??= transferBuffer(this.#setup.network);
    return this.#buffer;
  }

  #result(end: FitEnd, measured: Evaluation | null): FitResult {
    const { history, best } = this.#state;
    const saved = this.#store && {
      latest: this.#store.latest,
      best: this.#setup.checkpoint?.saveBest && best ? this.#store.best : null,
    };
    return {
      end,
      history,
      best,
      testLoss: measured?.loss ?? null,
      testAccuracy: measured?.accuracy ?? null,
      checkpoints: saved,
    };
  }
}

const noMetrics = { lossSum: 0, correct: 0, samples: 0, seconds: 0 };

function startingState({ settings }: Setup): TrainingState {
  return {
    settings,
    epoch: 0,
    step: 0,
    optimizerStep: 0,
    metrics: noMetrics,
    history: [],
    best: null,
    earlyStopping: initialEarlyStopping,
  };
}

function milestoneOf({ epoch, step, best }: TrainingState): Milestone {
  const endsEpoch = step === 0 && epoch > 0;
  return { epoch: endsEpoch ? epoch : null, best: endsEpoch && best?.epoch === epoch };
}

/** The first multiple of `size` after `position`. */
function nextMultiple(position: number, size: number): number {
  return (Math.floor(position / size) + 1) * size;
}

function unfit(file: string, value: unknown, expected: string) {
  return invalid('ERR_SYNFIRE_CHECKPOINT', `${file}: training`, value, expected);
}
