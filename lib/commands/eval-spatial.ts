// synfire eval for spatial networks.
import { loadSpatialCheckpoint } from '../checkpoints/spatial-checkpoint.ts';
import { invalid } from '../errors.ts';
import { type ProgressDisplay, percent, perSecond } from '../monitoring/progress.ts';
import type { SpatialEvaluation } from '../networks/spatial-network.ts';
import { deviceOf } from './arguments.ts';
import { classTable } from './class-table.ts';
import { dataOf, loadData } from './data.ts';
import type { EvalOptions } from './eval-options.ts';
import { figure, pairs } from './text.ts';
import { given } from './train-options.ts';

export async function evaluateSpatial(
  checkpoint: string,
  options: EvalOptions,
  display: ProgressDisplay,
  signal: AbortSignal,
): Promise<void> {
  const { threads, part } = options;
  if (options.ops) throw refused('--ops', true, 'nothing: operations are counted in networks of layers only');
  if (options.labelImages !== undefined) {
    throw refused('--label-images', options.labelImages, 'nothing: this is an option of event networks');
  }
  const { network, training } = await loadSpatialCheckpoint(checkpoint, {
    ...given({ threads }),
    ...deviceOf(options),
  });
  const config = await dataOf(checkpoint, training?.settings, options);
  const data = await loadData(config, { signal, display, vectors: network.grids[0] });
  const evaluation = await network.evaluate((part === 'test' && data.test) || data.train, {
    signal,
    onProgress: ({ samples, total }) => display.share(part, samples / total),
  });
  display.clear();
  process.stdout.write(`${options.json ? json(checkpoint, part, evaluation) : text(part, evaluation)}\n`);
}

function json(checkpoint: string, part: string, evaluation: SpatialEvaluation): string {
  const { accuracy, loss, samples, seconds, confusion } = evaluation;
  return JSON.stringify({
    ...{ event: 'done', checkpoint, part, accuracy, loss, samples, samplesPerSecond: samples / seconds },
    confusion,
  });
}

function text(part: string, { accuracy, loss, samples, seconds, confusion }: SpatialEvaluation): string {
  const counted = `${figure(samples)} ${part} samples`;
  const speed: [string, string] = ['speed', perSecond(samples / seconds)];
  if (accuracy === null || confusion === null) {
    return pairs([['loss', `${loss.toPrecision(4)}: ${counted}`], speed]);
  }
  const right = figure(Math.round(accuracy * samples));
  return [
    pairs([
      ['accuracy', `${percent(accuracy)}: ${right} of ${counted}`],
      ['loss', loss.toPrecision(4)],
      speed,
    ]),
    '',
    classTable(confusion),
  ].join('\n');
}

function refused(field: string, value: unknown, expected: string) {
  return invalid('ERR_SYNFIRE_INVALID_ARGUMENT', field, value, expected);
}
