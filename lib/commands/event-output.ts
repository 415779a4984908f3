// What `synfire train` prints for event networks: JSON for programs, text for people. At the end it leaves the
// receptive fields in the run's folder.
import { writeFileAtomic } from '../checkpoints/atomic.ts';
import type { RoundReport } from '../checkpoints/event-metadata.ts';
import { latestIn } from '../checkpoints/store.ts';
import type { EventRunConfig } from '../config/event-training.ts';
import { peakMemoryBytes } from '../monitoring/memory.ts';
import { clock, type ProgressDisplay, percent, perSecond } from '../monitoring/progress.ts';
import { native } from '../native/index.ts';
import type { EventNetwork } from '../networks/event-network.ts';
import type { EventFitProgress, EventFitResult, EventFitStart } from '../training/event-reports.ts';
import { encodeReceptiveFields } from '../training/receptive-fields.ts';
import type { RunFiles } from './run-folder.ts';
import { bytes, figure, pairs, printLine } from './text.ts';
import type { TrainOutput } from './train-follow.ts';
import { interruptedText } from './train-output.ts';

type EventOutput = TrainOutput<EventFitStart, RoundReport, EventFitResult>;

/** One object a line on standard output. */
export class EventJsonOutput implements EventOutput {
  readonly #files: RunFiles;

  constructor(files: RunFiles) {
    this.#files = files;
  }

  start(): void {}

  report(report: RoundReport): void {
    printLine({ event: 'round', ...report });
  }

  async done(result: EventFitResult): Promise<void> {
    const { history, best, test, end, checkpoints } = result;
    await saveReceptiveFields(result, this.#files);
    printLine({
      event: 'done',
      end,
      images: history.at(-1)?.images ?? 0,
      rounds: history.length,
      bestRound: best?.round ?? null,
      testAccuracy: test?.accuracy ?? null,
      validationAccuracy: best?.validationAccuracy ?? null,
      confusion: test?.confusion ?? null,
      ...totals(history),
      peakMemoryBytes: peakMemoryBytes(),
      checkpoint: checkpoints?.best ?? checkpoints?.latest ?? null,
      latestCheckpoint: checkpoints?.latest ?? null,
      receptiveFields: [this.#files.receptiveFields.npy, this.#files.receptiveFields.png],
      metrics: this.#files.metrics,
      config: this.#files.config,
    });
  }

  interrupted(): void {
    printLine({ event: 'interrupted', checkpoint: latestIn(this.#files.checkpoints) });
  }
}

interface TextSetup {
  config: EventRunConfig;
  network: EventNetwork;
  display: ProgressDisplay;
}

/** Progress on standard error, results on standard output. */
export class EventTextOutput implements EventOutput {
  readonly #files: RunFiles;
  readonly #setup: TextSetup;

  constructor(files: RunFiles, setup: TextSetup) {
    this.#files = files;
    this.#setup = setup;
  }

  start(start: EventFitStart): void {
    const { config, network, display } = this.#setup;
    const { isa, hardwareThreads } = native().cpu();
    const { batchSize, networkBytes, replicaBytes } = start;
    const sizes = network.populations.map(({ name, size }) => `${figure(size)} ${name}`);
    const synapses = network.projections.reduce((total, projection) => total + projection.synapses, 0);
    const images = [
      `${figure(start.trainImages)} to train`,
      `${figure(start.validationImages)} to validate`,
      `${figure(start.testImages)} to test`,
    ];
    display.message(`network: ${sizes.join(', ')} neurons, ${figure(synapses)} synapses`);
    display.message(`data:    ${config.data.name}, images: ${images.join(', ')}`);
    display.message(
      `using:   ${config.training.threads ?? hardwareThreads} threads, ${isa} instructions, ` +
        `${bytes(networkBytes)} for the network, ${bytes(replicaBytes)} for each of ${batchSize} replicas`,
    );
    if (start.resumedFrom === null) return;
    display.message(`resumed: ${start.resumedFrom}, after ${figure(start.images)} images`);
  }

  report(report: RoundReport): void {
    this.#setup.display.message(roundLine(report));
  }

  async done(result: EventFitResult): Promise<void> {
    await saveReceptiveFields(result, this.#files);
    this.#setup.display.clear();
    const { history, best, test, checkpoints } = result;
    const { imagesPerSecond, mergeShare, spikesPerImage } = totals(history);
    process.stdout.write(
      `${pairs([
        [
          'test accuracy',
          test === null ? 'not measured: there are no test images' : `${percent(test.accuracy)}`,
        ],
        ['validation', best?.validationAccuracy == null ? 'none' : percent(best.validationAccuracy)],
        ['images', `${figure(history.at(-1)?.images ?? 0)}; the best round is number ${best?.round ?? 0}`],
        ['speed', `${imagesPerSecond.toFixed(1)} images/s, ${percent(mergeShare)} of the time spent merging`],
        ['activity', `${spikesPerImage.toFixed(1)} output spikes an image`],
        ['peak memory', bytes(peakMemoryBytes())],
        ['best model', checkpoints?.best ?? 'not saved'],
        ['to resume', checkpoints?.latest ?? 'not saved'],
        ['fields', `${this.#files.receptiveFields.png} and .npy`],
        ['metrics', this.#files.metrics],
        ['config', this.#files.config],
      ])}\n`,
    );
  }

  interrupted(): void {
    this.#setup.display.message(interruptedText(this.#files));
  }
}

/** Where training stands, in words and figures. */
export function progressLine(progress: EventFitProgress): string {
  const { part, images, totalImages, imagesPerSecond, spikesPerImage, remainingSeconds } = progress;
  const text = [
    `${part === 'train' ? '' : `${part} `}${figure(images)} of ${figure(totalImages)} images`,
    perSecond(imagesPerSecond),
  ];
  if (spikesPerImage !== null) text.push(`${spikesPerImage.toFixed(1)} spikes/image`);
  if (remainingSeconds !== null) text.push(`ETA ${clock(remainingSeconds)}`);
  return text.join('  ');
}

function roundLine(report: RoundReport): string {
  const { round, images, validationAccuracy, spikesPerImage, attemptsPerImage, imagesPerSecond } = report;
  const parts = [`round ${round}`, `${figure(images)} images`];
  if (validationAccuracy !== null) parts.push(`validation accuracy ${percent(validationAccuracy)}`);
  parts.push(
    `${spikesPerImage.toFixed(1)} spikes/image`,
    `${attemptsPerImage.toFixed(2)} presentations/image`,
    perSecond(imagesPerSecond),
    `${report.seconds.toFixed(1)} s`,
  );
  return parts.join('  ') + (report.best ? '  best' : '');
}

/** Over all rounds, weighted by their images or seconds. */
function totals(history: readonly RoundReport[]): {
  imagesPerSecond: number;
  spikesPerImage: number;
  mergeShare: number;
} {
  const sum = (of: (report: RoundReport) => number) =>
    history.reduce((total, report) => total + of(report), 0);
  const seconds = sum((report) => report.seconds);
  const images = sum((report) => report.seconds * report.imagesPerSecond);
  return {
    imagesPerSecond: images / seconds,
    spikesPerImage: sum((report) => report.spikesPerImage * report.seconds * report.imagesPerSecond) / images,
    mergeShare: sum((report) => report.mergeShare * report.seconds) / seconds,
  };
}

async function saveReceptiveFields(
  { classifier }: EventFitResult,
  { receptiveFields }: RunFiles,
): Promise<void> {
  const { npy, png } = encodeReceptiveFields(classifier.receptiveFields());
  await writeFileAtomic(receptiveFields.npy, [npy]);
  await writeFileAtomic(receptiveFields.png, [png]);
}
