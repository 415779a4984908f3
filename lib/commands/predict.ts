// synfire predict: classifies the samples of an array file.
import { extname } from 'node:path';
import type { Command } from 'commander';
import { loadCheckpoint } from '../checkpoints/checkpoint.ts';
import { checkpointKind } from '../checkpoints/format.ts';
import { loadSpatialCheckpoint } from '../checkpoints/spatial-checkpoint.ts';
import { findCheckpoint } from '../checkpoints/store.ts';
import { type ArrayData, Dataset, readIdx, readNpy } from '../data/index.ts';
import { invalid } from '../errors.ts';
import { largest as largestOf } from '../networks/classes.ts';
import type { Samples } from '../networks/inputs.ts';
import { EventClassifier } from '../training/event-classifier.ts';
import { computeOptions, type DeviceName, deviceOf, integers, largest, refuseCuda } from './arguments.ts';
import { catchInterrupts } from './interrupt.ts';
import { table } from './text.ts';
import { given } from './train-options.ts';

export function addPredict(program: Command): void {
  const command = program
    .command('predict')
    .description('classify the samples of a file')
    .argument('<checkpoint>', 'a checkpoint, or the folder of a run, whose best model is taken')
    .argument(
      '<input>',
      'an NPY or IDX file, plain or .gz: one sample or many, as bytes or as numbers from 0 to 1',
    )
    .option(
      '--index <list>',
      'only these samples, counted from 0, such as 0,5,7',
      integers('--index', 0, largest.samples),
    )
    .option('--json', 'print one JSON object for each sample, with the scores of all classes or the outputs')
    .addHelpText('after', examples)
    .action(predict);
  computeOptions(command);
}

const examples = `
Examples:
  $ synfire predict runs/first digit.npy
  $ synfire predict runs/first t10k-images-idx3-ubyte.gz --index 0,1,2
  $ synfire predict runs/first digits.npy --json | jq .class
  $ synfire predict runs/identity vectors.npy --json | jq .outputs`;

interface PredictOptions {
  index?: number[];
  batchSize?: number;
  threads?: number;
  device?: DeviceName;
  json?: boolean;
}

async function predict(path: string, input: string, options: PredictOptions): Promise<void> {
  const interrupt = catchInterrupts();
  try {
    const { signal } = interrupt;
    const { shape, predict } = await loadPredictor(await findCheckpoint(path, 'best'), options);
    const all = samplesOf(await readArray(input, signal), input, shape);
    const chosen = options.index ?? Array.from({ length: all.length / sizeOf(shape) }, (_, index) => index);
    const prediction = await predict(options.index ? select(all, options.index, shape, input) : all, signal);
    process.stdout.write(options.json ? json(chosen, prediction) : `${text(chosen, prediction)}\n`);
  } finally {
    interrupt.dispose();
  }
}

/** A trained network of any kind. */
interface Predictor {
  /** [channels, height, width] of a sample. */
  shape: readonly [number, number, number];
  predict(samples: Samples, signal: AbortSignal): Promise<Scored>;
}

interface Scored {
  /** Null for a network that was not trained with classes: scores are its outputs. */
  classes: Int32Array | null;
  /** Row by row, for each of the samples. */
  scores: Float32Array | Float64Array;
}

async function loadPredictor(path: string, options: PredictOptions): Promise<Predictor> {
  const { batchSize, threads } = options;
  const kind = await checkpointKind(path);
  if (kind === 'spatial') return loadSpatialPredictor(path, options);
  refuseCuda(options);
  if (kind === 'events') {
    const { classifier, training } = await EventClassifier.load(path, given({ batchSize, threads }));
    const { shape } = training;
    return {
      shape,
      predict: (samples, signal) => classifier.predict(Dataset.fromArrays({ samples, shape }), { signal }),
    };
  }
  const { network } = await loadCheckpoint(path);
  network.prepare(given({ batchSize, threads }));
  return { shape: network.inputShape, predict: (samples, signal) => network.predict(samples, { signal }) };
}

async function loadSpatialPredictor(path: string, options: PredictOptions): Promise<Predictor> {
  const { threads } = options;
  const { network, training } = await loadSpatialCheckpoint(path, {
    ...given({ threads }),
    ...deviceOf(options),
  });
  const [width, height, channels] = network.grids[0]!;
  return {
    shape: training?.shape ?? [channels, height, width],
    async predict(samples, signal) {
      const scale = samples instanceof Uint8Array ? 255 : 1;
      const scores = await network.predict(
        Float32Array.from(samples, (value) => value / scale),
        { signal },
      );
      return { classes: training?.classes === 0 ? null : largestOf(scores, network.outputs), scores };
    },
  };
}

function readArray(input: string, signal: AbortSignal): Promise<ArrayData> {
  return extname(input.replace(/\.gz$/, '')) === '.npy'
    ? readNpy(input, { signal })
    : readIdx(input, { signal });
}

/** The file's values as samples of the network's input; a leading dimension counts samples. */
function samplesOf({ data, shape }: ArrayData, file: string, input: Predictor['shape']): Samples {
  const size = sizeOf(input);
  const expected = input.join(' x ');
  if (data.length === 0 || data.length % size !== 0 || !endsLike(shape, input)) {
    throw invalid(
      'ERR_SYNFIRE_DATA_FORMAT',
      `${file}: shape`,
      shape.join(' x '),
      `samples of ${expected}, one or many`,
    );
  }
  if (data instanceof Uint8Array || data instanceof Float32Array) return data;
  if (data instanceof Float64Array) return Float32Array.from(data);
  const kind = data.constructor.name.replace('Array', '').toLowerCase();
  throw invalid('ERR_SYNFIRE_DATA_FORMAT', `${file}: type`, kind, 'uint8, float32 or float64');
}

/**
 * Whether a shape's last dimensions are those of the network's input, of which a single channel may be left
 * out.
 */
function endsLike(shape: readonly number[], input: readonly number[]): boolean {
  const wanted = input[0] === 1 && shape.length < 4 && shape.at(-3) !== 1 ? input.slice(1) : input;
  return shape.slice(-wanted.length).join() === wanted.join() && shape.length <= wanted.length + 1;
}

function select(
  samples: Samples,
  indices: readonly number[],
  shape: Predictor['shape'],
  file: string,
): Samples {
  const size = sizeOf(shape);
  const count = samples.length / size;
  const chosen =
    samples instanceof Uint8Array
      ? new Uint8Array(indices.length * size)
      : new Float32Array(indices.length * size);
  for (const [position, index] of indices.entries()) {
    if (index >= count) {
      throw invalid(
        'ERR_SYNFIRE_INVALID_ARGUMENT',
        '--index',
        index,
        `samples from 0 to ${count - 1}, which ${file} holds`,
      );
    }
    chosen.set(samples.subarray(index * size, (index + 1) * size), position * size);
  }
  return chosen;
}

function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, side) => product * side, 1);
}

function json(indices: readonly number[], { classes, scores }: Scored): string {
  return indices
    .map((index, row) => {
      const own = [...rowOf(scores, row, indices.length)];
      const found = classes === null ? { index, outputs: own } : { index, class: classes[row], scores: own };
      return `${JSON.stringify(found)}\n`;
    })
    .join('');
}

function text(indices: readonly number[], { classes, scores }: Scored): string {
  const rows = indices.map((index, row) => {
    const own = rowOf(scores, row, indices.length);
    if (classes === null) return [String(index), [...own].map((output) => output.toFixed(3)).join(' ')];
    const chosen = classes[row] ?? 0;
    return [String(index), String(chosen), (own[chosen] ?? 0).toFixed(3)];
  });
  return table(classes === null ? ['sample', 'outputs'] : ['sample', 'class', 'score'], rows);
}

function rowOf(scores: Scored['scores'], row: number, rows: number): Scored['scores'] {
  const width = scores.length / rows;
  return scores.subarray(row * width, (row + 1) * width);
}
