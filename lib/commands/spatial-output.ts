// What `synfire train` prints for spatial networks: JSON for programs, text for people.
import type { SpatialReport } from '../checkpoints/spatial-metadata.ts';
import { latestIn } from '../checkpoints/store.ts';
import type { SpatialRunConfig } from '../config/spatial-training.ts';
import { peakMemoryBytes } from '../monitoring/memory.ts';
import { epochLine, type ProgressDisplay, percent } from '../monitoring/progress.ts';
import { native } from '../native/index.ts';
import type { SpatialNetwork } from '../networks/spatial-network.ts';
import type { SpatialFitResult, SpatialFitStart } from '../training/spatial-reports.ts';
import type { RunFiles } from './run-folder.ts';
import { spatialTable } from './spatial-table.ts';
import { bytes, figure, pairs, printLine } from './text.ts';
import type { TrainOutput } from './train-follow.ts';
import { interruptedText, samplesText, speed } from './train-output.ts';

type SpatialOutput = TrainOutput<SpatialFitStart, SpatialReport, SpatialFitResult>;

interface OutputSetup {
  config: SpatialRunConfig;
  network: SpatialNetwork;
  display: ProgressDisplay;
}

/** One object a line on standard output. */
export class SpatialJsonOutput implements SpatialOutput {
  readonly #files: RunFiles;
  readonly #setup: OutputSetup;

  constructor(files: RunFiles, setup: OutputSetup) {
    this.#files = files;
    this.#setup = setup;
  }

  start(): void {}

  report(report: SpatialReport): void {
    printLine({ event: 'epoch', ...report });
  }

  done({ history, best, test, end, checkpoints }: SpatialFitResult): void {
    const bestReport = best && history[best.epoch - 1];
    const statistics = this.#setup.network.statistics();
    printLine({
      event: 'done',
      end,
      epochs: history.length,
      bestEpoch: best?.epoch ?? null,
      testAccuracy: test?.accuracy ?? null,
      testLoss: test?.loss ?? null,
      validationAccuracy: bestReport?.validationAccuracy ?? null,
      validationLoss: bestReport?.validationLoss ?? null,
      confusion: test?.confusion ?? null,
      neurons: statistics.neurons,
      ...changes(history),
      statistics,
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

/** Progress on standard error, results on standard output. */
export class SpatialTextOutput implements SpatialOutput {
  readonly #files: RunFiles;
  readonly #setup: OutputSetup;

  constructor(files: RunFiles, setup: OutputSetup) {
    this.#files = files;
    this.#setup = setup;
  }

  start(start: SpatialFitStart): void {
    const { config, network, display } = this.#setup;
    const { isa, hardwareThreads } = native().cpu();
    const grids = network.grids.map((grid) => grid.join(' x ')).join(' -> ');
    const { bits, capacity, device } = network.options;
    const threads = config.training.threads ?? network.options.threads ?? hardwareThreads;
    const engine = device === 'cuda' ? 'an NVIDIA GPU' : `${threads} threads, ${isa} instructions`;
    display.message(
      `network: ${grids}, ${figure(start.neurons)} neurons of up to ${capacity} weights of ${bits} bits`,
    );
    display.message(`data:    ${config.data.name}, samples: ${samplesText(start)}`);
    display.message(`using:   ${engine}, ${bytes(start.networkBytes)} for the network`);
    if (start.resumedFrom === null) return;
    const position = `${start.epoch} epochs${start.samples > 0 ? ` and ${figure(start.samples)} samples` : ''}`;
    display.message(`resumed: ${start.resumedFrom}, after ${position}`);
  }

  report(report: SpatialReport): void {
    const { config, display } = this.#setup;
    display.message(epochLine(report, config.training.epochs, growthParts(report)));
  }

  done({ history, best, test, checkpoints }: SpatialFitResult): void {
    const { network, display } = this.#setup;
    display.clear();
    const bestReport = best && history[best.epoch - 1];
    const { samplesPerSecond, epochSeconds } = speed(history);
    const { grown, pruned } = changes(history);
    const rows: [string, string][] = [
      ...resultRows('test', test?.loss, test?.accuracy),
      ...resultRows('validation', bestReport?.validationLoss, bestReport?.validationAccuracy),
      ['epochs', `${history.length}; the best is number ${best?.epoch ?? 0}`],
      ['growth', `${figure(grown)} neurons grown, ${figure(pruned)} pruned`],
      ['speed', `${figure(samplesPerSecond)} samples/s, ${epochSeconds.toFixed(1)} s an epoch`],
      ['peak memory', bytes(peakMemoryBytes())],
      ['best model', checkpoints?.best ?? 'not saved'],
      ['to resume', checkpoints?.latest ?? 'not saved'],
      ['metrics', this.#files.metrics],
      ['config', this.#files.config],
    ];
    process.stdout.write(`${spatialTable(network.statistics())}\n\n${pairs(rows)}\n`);
  }

  interrupted(): void {
    this.#setup.display.message(interruptedText(this.#files));
  }
}

/** An epoch's neurons, and how many came and went. */
function growthParts({ neurons, grown, pruned }: SpatialReport): string[] {
  const parts = [`${figure(neurons)} neurons`];
  if (grown > 0) parts.push(`+${figure(grown)} grown`);
  if (pruned > 0) parts.push(`-${figure(pruned)} pruned`);
  return parts;
}

/** Accuracy where there are classes, and the loss. */
function resultRows(
  part: string,
  loss: number | null | undefined,
  accuracy: number | null | undefined,
): [string, string][] {
  if (loss == null) return [[`${part} loss`, `not measured: there are no ${part} samples`]];
  const rows: [string, string][] = accuracy == null ? [] : [[`${part} accuracy`, percent(accuracy)]];
  return [...rows, [`${part} loss`, loss.toPrecision(4)]];
}

/** Over all epochs. */
function changes(history: readonly SpatialReport[]): { grown: number; pruned: number } {
  const sum = (of: (report: SpatialReport) => number) =>
    history.reduce((total, report) => total + of(report), 0);
  return { grown: sum(({ grown }) => grown), pruned: sum(({ pruned }) => pruned) };
}
