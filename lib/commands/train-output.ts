// What `synfire train` prints: JSON for programs, text for people.
import { latestIn } from '../checkpoints/store.ts';
import type { RunConfig } from '../config/schema.ts';
import { peakMemoryBytes } from '../monitoring/memory.ts';
import { type ProgressDisplay, percent } from '../monitoring/progress.ts';
import { native } from '../native/index.ts';
import type { LayerNetwork } from '../networks/layer-network.ts';
import type { EpochReport, FitResult, FitStart } from '../training/reports.ts';
import type { RunFiles } from './run-folder.ts';
import { bytes, figure, pairs, printLine } from './text.ts';
import type { TrainOutput } from './train-follow.ts';

type LayerOutput = TrainOutput<FitStart, EpochReport, FitResult>;

/** One object a line on standard output. */
export class JsonOutput implements LayerOutput {
  readonly #files: RunFiles;

  constructor(files: RunFiles) {
    this.#files = files;
  }

  start(): void {}

  report(report: EpochReport): void {
    printLine({ event: 'epoch', ...report });
  }

  done(result: FitResult): void {
    const { history, best, testAccuracy, testLoss, end, checkpoints } = result;
    const bestReport = best && history[best.epoch - 1];
    printLine({
      event: 'done',
      end,
      epochs: history.length,
      bestEpoch: best?.epoch ?? null,
      testAccuracy,
      testLoss,
      validationAccuracy: bestReport?.validationAccuracy ?? null,
      validationLoss: bestReport?.validationLoss ?? null,
      ...speed(history),
      peakMemoryBytes: peakMemoryBytes(),
      checkpoint: checkpoints?.best ?? checkpoints?.latest ?? null,
      latestCheckpoint: checkpoints?.latest ?? null,
      metrics: this.#files.metrics,
      config: this.#files.config,
    });
  }

  interrupted(): void {
    printLine({ event: 'interrupted', checkpoint: latestIn(this.#files.checkpoints) });
  }
}

interface TextSetup {
  config: RunConfig;
  network: LayerNetwork;
  display: ProgressDisplay;
}

/** Progress on standard error, results on standard output. */
export class TextOutput implements LayerOutput {
  readonly #files: RunFiles;
  readonly #setup: TextSetup;

  constructor(files: RunFiles, setup: TextSetup) {
    this.#files = files;
    this.#setup = setup;
  }

  start(start: FitStart): void {
    const { config, network, display } = this.#setup;
    const { isa, hardwareThreads } = native().cpu();
    const parameters = network.describe().reduce((total, layer) => total + layer.parameters, 0);
    const threads = config.training.threads ?? hardwareThreads;
    display.message(`network: ${figure(parameters)} parameters, learning ${config.network.learning.mode}`);
    display.message(`data:    ${config.data.name}, samples: ${samplesText(start)}`);
    display.message(
      `using:   ${threads} threads, ${isa} instructions, ${bytes(start.planBytes)} for the network`,
    );
    if (start.resumedFrom === null) return;
    const position = `${start.epoch} epochs${start.step > 0 ? ` and ${start.step} steps` : ''}`;
    display.message(`resumed: ${start.resumedFrom}, after ${position}`);
  }

  report(report: EpochReport): void {
    this.#setup.display.epoch(report, this.#setup.config.training.epochs);
  }

  done({ history, best, testAccuracy, end, checkpoints }: FitResult): void {
    this.#setup.display.clear();
    const bestReport = best && history[best.epoch - 1];
    const { samplesPerSecond, epochSeconds } = speed(history);
    const rows: [string, string][] = [
      [
        'test accuracy',
        testAccuracy === null ? 'not measured: there are no test samples' : percent(testAccuracy),
      ],
      [
        'validation',
        bestReport?.validationAccuracy == null ? 'none' : percent(bestReport.validationAccuracy),
      ],
      [
        'epochs',
        `${history.length}${end === 'earlyStopping' ? ', stopped early' : ''}; the best is number ${best?.epoch ?? 0}`,
      ],
      ['speed', `${figure(samplesPerSecond)} samples/s, ${epochSeconds.toFixed(1)} s an epoch`],
      ['peak memory', bytes(peakMemoryBytes())],
      ['best model', checkpoints?.best ?? 'not saved'],
      ['to resume', checkpoints?.latest ?? 'not saved'],
      ['metrics', this.#files.metrics],
      ['config', this.#files.config],
    ];
    process.stdout.write(`${pairs(rows)}\n`);
  }

  interrupted(): void {
    this.#setup.display.message(interruptedText(this.#files));
  }
}

/** What training, validation and test have to work with. */
export function samplesText(
  start: Pick<FitStart, 'trainSamples' | 'validationSamples' | 'testSamples'>,
): string {
  return [
    `${figure(start.trainSamples)} to train`,
    `${figure(start.validationSamples)} to validate`,
    `${figure(start.testSamples)} to test`,
  ].join(', ');
}

/** What an interrupted training leaves. */
export function interruptedText({ checkpoints }: RunFiles): string {
  const latest = latestIn(checkpoints);
  return `interrupted; saved ${latest}\ngo on with: synfire train --resume ${latest}`;
}

/** Over all epochs: samples a second of training, and seconds of training in an epoch. */
export function speed(history: readonly Pick<EpochReport, 'seconds' | 'samplesPerSecond'>[]): {
  samplesPerSecond: number;
  epochSeconds: number;
} {
  const seconds = history.reduce((total, report) => total + report.seconds, 0);
  const samples = history.reduce((total, report) => total + report.seconds * report.samplesPerSecond, 0);
  return { samplesPerSecond: samples / seconds, epochSeconds: seconds / history.length };
}
