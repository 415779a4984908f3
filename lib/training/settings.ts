// The settings of a training that its result depends on, as a flat list that two runs can be compared by.
import { createHash } from 'node:crypto';
import { digest } from '../checkpoints/digest.ts';
import type { Dataset } from '../data/dataset.ts';
import { SynfireError, show } from '../errors.ts';

/** Values by dotted name, e.g. `training.optimizer.learningRate`. */
export type Settings = Record<string, string | number | boolean | null>;

/** Nested options by dotted name; what is undefined is left out. */
export function flatten(root: string, value: unknown): Settings {
  if (value === undefined) return {};
  if (typeof value !== 'object' || value === null) return { [root]: value as Settings[string] };
  return Object.assign({}, ...Object.entries(value).map(([key, inner]) => flatten(`${root}.${key}`, inner)));
}

/**
 * Throws ERR_SYNFIRE_CHECKPOINT naming every setting in which `current` differs from `saved`, read from
 * `source`.
 */
export function checkSameSettings(current: Settings, saved: Settings, source: string): void {
  const names = [...new Set([...Object.keys(saved), ...Object.keys(current)])];
  const different = names.filter((name) => current[name] !== saved[name]);
  const [field] = different;
  if (field === undefined) return;
  const lines = different.map(
    (name) => `${name} is ${show(current[name])}; expected ${show(saved[name])}, as in ${source}`,
  );
  const shown = lines.slice(0, mostShown);
  if (lines.length > mostShown) shown.push(`… and ${lines.length - mostShown} more`);
  throw new SynfireError('ERR_SYNFIRE_CHECKPOINT', shown.join('\n'), {
    field,
    value: current[field],
    expected: `${show(saved[field])},
the value that the training began with`,
  });
}

const mostShown = 8;

/** Tells data sets apart without reading all of them: shape, labels, targets and a spread of samples. */
function fingerprint(dataset: Dataset): string {
  const hash = createHash('sha256').update(JSON.stringify([dataset.shape, dataset.classes, dataset.samples]));
  if (dataset.classes > 0) hash.update(dataset.native.readLabels(0, dataset.samples));
  if (dataset.targets > 0) hash.update(dataset.native.readTargets(0, dataset.samples));
  const looks = Math.min(dataset.samples, 64);
  for (let look = 0; look < looks; look += 1) {
    hash.update(dataset.native.readSamples(Math.floor((look * dataset.samples) / looks), 1));
  }
  return hash.digest('hex').slice(0, 16);
}

/** What tells the data of two trainings apart, as settings; `parts` are the samples of `train` that each has. */
export function dataSettings(
  train: Dataset,
  name: string | null,
  parts: { train: Uint32Array; validation: Uint32Array },
): Settings {
  return flatten('data', {
    name,
    samples: train.samples,
    contents: fingerprint(train),
    trainingPart: digest(parts.train),
    validationPart: digest(parts.validation),
  });
}
