// Shows training on a terminal: one live line while an epoch runs, one lasting line for each epoch that is
// done.
import type { EpochReport, FitProgress } from '../training/reports.ts';

/** The part of a terminal stream that the display needs; `process.stderr` is one. */
export interface DisplayStream {
  write(text: string): unknown;
  isTTY?: boolean;
  columns?: number;
}

export interface DisplayOptions {
  /** Default `process.stderr`. */
  stream?: DisplayStream;
  /** Shows nothing. */
  quiet?: boolean;
  /** `NO_COLOR` switches colours off, `TERM=dumb` the live line. Default `process.env`. */
  environment?: Record<string, string | undefined>;
}

/** A live line on terminals; elsewhere only the lasting lines; nothing when quiet. */
export class ProgressDisplay {
  readonly #stream: DisplayStream;
  readonly #quiet: boolean;
  readonly #live: boolean;
  readonly #color: boolean;
  #shown = false;

  constructor({ stream = process.stderr, quiet = false, environment = process.env }: DisplayOptions = {}) {
    this.#stream = stream;
    this.#quiet = quiet;
    this.#live = !quiet && stream.isTTY === true && environment.TERM !== 'dumb';
    this.#color = this.#live && !environment.NO_COLOR;
  }

  /** Redraws the live line for a training; where there are no classes, there is no accuracy. */
  update(progress: AnyProgress): void {
    const share = progress.totalSamples > 0 ? progress.samples / progress.totalSamples : 0;
    this.share(describe(progress), share);
  }

  /** Redraws the live line for any work: its text, and the share of it that is done. */
  share(text: string, share: number): void {
    if (!this.#live) return;
    const filled = Math.round(barWidth * Math.min(1, share));
    const bar = '█'.repeat(filled) + '░'.repeat(barWidth - filled);
    const line = `${bar} ${`${Math.floor(100 * share)}%`.padStart(4)}  ${text}`.slice(
      0,
      (this.#stream.columns ?? 80) - 1,
    );
    this.#stream.write(
      eraseLine + (this.#color ? `${green}${line.slice(0, barWidth)}${plain}${line.slice(barWidth)}` : line),
    );
    this.#shown = true;
  }

  /** Writes the lasting line of an epoch. */
  epoch(report: EpochReport, epochs: number): void {
    this.message(epochLine(report, epochs));
  }

  /** Writes a lasting line in place of the live one. */
  message(text: string): void {
    if (this.#quiet) return;
    this.clear();
    this.#stream.write(`${text}\n`);
  }

  /** Takes the live line away. */
  clear(): void {
    if (this.#shown) this.#stream.write(eraseLine);
    this.#shown = false;
  }
}

/** The figures of an epoch that a line shows. */
export interface EpochFigures extends Omit<EpochReport, 'trainAccuracy' | 'learningRate'> {
  /** Null without classes. */
  trainAccuracy: number | null;
}

/** One epoch in words and figures; `more` says what else happened in it. */
export function epochLine(report: EpochFigures, epochs: number, more: readonly string[] = []): string {
  const { trainLoss, trainAccuracy, validationLoss, validationAccuracy } = report;
  const parts = [`epoch ${counted(report.epoch, epochs)}`, `loss ${trainLoss.toFixed(4)}`];
  if (trainAccuracy !== null) parts.push(`accuracy ${percent(trainAccuracy)}`);
  if (validationLoss !== null) parts.push(`validation loss ${validationLoss.toFixed(4)}`);
  if (validationAccuracy !== null) parts.push(`accuracy ${percent(validationAccuracy)}`);
  parts.push(...more, `${perSecond(report.samplesPerSecond)}`, `${report.seconds.toFixed(1)} s`);
  return parts.join('  ') + (report.best ? '  best' : '');
}

/** A fraction as a percentage. */
export function percent(fraction: number): string {
  return `${(100 * fraction).toFixed(2)} %`;
}

/** Samples per second with thousands set apart. */
export function perSecond(rate: number): string {
  return `${Math.round(rate).toLocaleString('en')} samples/s`;
}

const eraseLine = '\r\u001b[K';
const green = '\u001b[32m';
const plain = '\u001b[39m';
const barWidth = 20;

type AnyProgress = Omit<FitProgress, 'accuracy'> & { accuracy: number | null };

function describe(progress: AnyProgress): string {
  const { part, epoch, epochs, loss, accuracy, samplesPerSecond, remainingSeconds } = progress;
  const text = [
    `epoch ${counted(epoch, epochs)}${part === 'train' ? '' : ` ${part}`}`,
    `loss ${loss.toFixed(4)}`,
    ...(accuracy === null ? [] : [`accuracy ${percent(accuracy)}`]),
    perSecond(samplesPerSecond),
  ];
  if (remainingSeconds !== null) text.push(`ETA ${clock(remainingSeconds)}`);
  return text.join('  ');
}

function counted(epoch: number, epochs: number): string {
  return `${String(epoch).padStart(String(epochs).length)}/${epochs}`;
}

/** Hours, minutes and seconds, without leading hours of zero. */
export function clock(seconds: number): string {
  const whole = Math.ceil(seconds);
  const parts = [Math.floor(whole / 60) % 60, whole % 60];
  if (whole >= 3600) parts.unshift(Math.floor(whole / 3600));
  return parts.map((part, index) => (index === 0 ? String(part) : String(part).padStart(2, '0'))).join(':');
}
