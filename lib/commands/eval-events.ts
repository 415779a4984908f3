// synfire eval for event networks.
import type { EventTrainingState } from '../checkpoints/event-metadata.ts';
import type { DataConfig } from '../config/schema.ts';
import type { Dataset } from '../data/dataset.ts';
import { splitDataset } from '../data/split.ts';
import { invalid } from '../errors.ts';
import { type ProgressDisplay, percent, perSecond } from '../monitoring/progress.ts';
import { EventClassifier, type EventEvaluation } from '../training/event-classifier.ts';
import { classTable } from './class-table.ts';
import { dataOf, loadData } from './data.ts';
import type { EvalOptions } from './eval-options.ts';
import { figure, pairs } from './text.ts';
import { given } from './train-options.ts';

export async function evaluateEvents(
  checkpoint: string,
  options: EvalOptions,
  display: ProgressDisplay,
  signal: AbortSignal,
): Promise<void> {
  const { batchSize, threads, labelImages, part } = options;
  if (options.ops) throw refused('--ops', true, 'nothing: operations are counted in networks of layers only');
  const { classifier, training } = await EventClassifier.load(checkpoint, {
    ...given({ batchSize, threads, labelImages }),
  });
  const config = await dataOf(checkpoint, training.settings, options);
  const data = await loadData(config, { signal, display });
  const report = (what: string) => (progress: { samples: number; total: number }) =>
    display.share(what, progress.samples / progress.total);
  if (classifier.responses === null) {
    await classifier.label(data.train, trainingPart(data.train, config), seedOf(training), {
      signal,
      onProgress: report('labels'),
    });
  }
  const evaluation = await classifier.evaluate((part === 'test' && data.test) || data.train, {
    signal,
    onProgress: report(part),
  });
  display.clear();
  process.stdout.write(`${options.json ? json(checkpoint, part, evaluation) : text(part, evaluation)}\n`);
}

/** Labels come from images that the network was trained with. */
function trainingPart({ samples }: Dataset, { validation, validationSeed }: DataConfig): Uint32Array {
  return splitDataset({ total: samples, validation, seed: validationSeed }).train;
}

function seedOf({ settings }: EventTrainingState): number {
  return Number(settings['training.seed'] ?? 42);
}

function json(checkpoint: string, part: string, evaluation: EventEvaluation): string {
  const { accuracy, samples, seconds, spikesPerSample, confusion } = evaluation;
  return JSON.stringify({
    ...{ event: 'done', checkpoint, part, accuracy, samples, samplesPerSecond: samples / seconds },
    ...{ spikesPerSample, confusion },
  });
}

function text(
  part: string,
  { accuracy, samples, seconds, spikesPerSample, confusion }: EventEvaluation,
): string {
  const right = Math.round(accuracy * samples);
  return [
    pairs([
      ['accuracy', `${percent(accuracy)}: ${figure(right)} of ${figure(samples)} ${part} samples`],
      ['activity', `${spikesPerSample.toFixed(1)} output spikes a sample`],
      ['speed', perSecond(samples / seconds)],
    ]),
    '',
    classTable(confusion),
  ].join('\n');
}

function refused(field: string, value: unknown, expected: string) {
  return invalid('ERR_SYNFIRE_INVALID_ARGUMENT', field, value, expected);
}
