// Data sets from arrays and streams, normalisation, and going through them in batches.

import test from 'ava';
import fc from 'fast-check';
import { type BatchInput, Dataset, type DatasetArrays, type NumberArray } from '../../lib/data/index.ts';
import { SynfireError } from '../../lib/errors.ts';
import { native } from '../../lib/native/index.ts';

const bytes = Uint8Array.from({ length: 24 }, (_, i) => i * 10);
const base: DatasetArrays = { samples: bytes, shape: [1, 2, 3], labels: [0, 1, 2, 1] };

function refusal(t: import('ava').ExecutionContext, arrays: object): SynfireError {
  const error = t.throws(() => Dataset.fromArrays({ ...base, ...arrays }), { instanceOf: SynfireError });
  t.is(error.code, 'ERR_SYNFIRE_INVALID_ARGUMENT');
  return error;
}

test('arrays become a data set', (t) => {
  const dataset = Dataset.fromArrays({ ...base, targets: [1, 2, 3, 4, 5, 6, 7, 8], weights: [1, 0, 2, 0.5] });
  t.is(dataset.samples, 4);
  t.deepEqual(dataset.shape, [1, 2, 3]);
  t.is(dataset.classes, 3);
  t.is(dataset.targets, 2);
  t.is(dataset.bytes, 24 + 4 * 4 + 8 * 4);
  t.deepEqual(dataset.sample(2), bytes.slice(12, 18));
  t.deepEqual(dataset.labels(), Int32Array.of(0, 1, 2, 1));
  t.deepEqual(dataset.native.readTargets(1, 2), Float32Array.of(3, 4, 5, 6));
  t.deepEqual(dataset.weights, Float32Array.of(1, 0, 2, 0.5));
});

test('clamped bytes, as canvases give them, are bytes too', async (t) => {
  const clamped = Uint8ClampedArray.from(bytes);
  t.deepEqual(Dataset.fromArrays({ ...base, samples: clamped }).native.readSamples(0, 4), bytes);
  const streamed = await Dataset.fromBatches([{ samples: clamped }], { shape: [2, 3] });
  t.deepEqual(streamed.native.readSamples(0, 4), bytes);
});

test('shapes may leave out leading sides of 1', (t) => {
  t.deepEqual(Dataset.fromArrays({ samples: bytes, shape: [4, 3] }).shape, [1, 4, 3]);
  t.deepEqual(Dataset.fromArrays({ samples: bytes, shape: [12] }).shape, [1, 1, 12]);
  t.is(Dataset.fromArrays({ samples: bytes, shape: [2, 2, 2] }).classes, 0);
});

test('numbers are kept to the nearest byte', (t) => {
  const values = [0, 1, 0.5, 0.4 / 255, 0.6 / 255, 1e-9];
  for (const samples of [Float32Array.from(values), Float64Array.from(values)]) {
    t.deepEqual([...Dataset.fromArrays({ samples, shape: [6] }).sample(0)], [0, 255, 128, 0, 1, 0]);
  }
});

test('every byte survives the way through floats', (t) => {
  const all = Uint8Array.from({ length: 256 }, (_, i) => i);
  const samples = Float32Array.from(all, (byte) => byte / 255);
  t.deepEqual(Dataset.fromArrays({ samples, shape: [256] }).sample(0), all);
});

test('labels may come in any array of whole numbers', (t) => {
  for (const labels of [
    Uint8Array.of(0, 1, 2, 1),
    BigInt64Array.of(0n, 1n, 2n, 1n),
    Float64Array.of(0, 1, 2, 1),
  ]) {
    t.deepEqual(Dataset.fromArrays({ ...base, labels, classes: 5 }).labels(), Int32Array.of(0, 1, 2, 1));
  }
});

for (const [what, arrays, field] of [
  ['a negative label', { labels: [0, 1, -1, 0] }, 'labels[2]'],
  ['a label beyond the classes', { labels: [0, 1, 2, 3], classes: 3 }, 'labels[3]'],
  ['a fractional label', { labels: [0, 0.5, 1, 0] }, 'labels[1]'],
  ['too few labels', { labels: [0, 1] }, 'labels.length'],
  ['no classes', { classes: 0 }, 'classes'],
  ['part of a sample', { samples: bytes.subarray(1) }, 'samples'],
  ['no samples', { samples: new Uint8Array(0) }, 'samples'],
  ['a list of numbers', { samples: [1, 2, 3, 4, 5, 6] }, 'samples'],
  ['64-bit samples', { samples: new BigInt64Array(24) }, 'samples'],
  ['an empty shape', { shape: [] }, 'shape'],
  ['a shape with a zero', { shape: [0, 3] }, 'shape'],
  ['four sides', { shape: [1, 1, 2, 3] }, 'shape'],
  ['too few weights', { weights: [1] }, 'weights.length'],
  ['a negative weight', { weights: [1, 1, 1, -1] }, 'weights[3]'],
  ['targets for some samples', { targets: [1, 2, 3] }, 'targets.length'],
  ['a target that is no number', { targets: [1, 2, 3, Number.NaN] }, 'targets[3]'],
  ['an unknown normalisation', { normalisation: 'sigmoid' }, 'normalisation'],
  ['a normalisation upside down', { normalisation: { minimum: 1, maximum: 0 } }, 'normalisation'],
  [
    'an index beyond the samples to fit on',
    { normalisation: 'minMax', fitOn: Uint32Array.of(4) },
    'fitOn[0]',
  ],
  ['nothing to fit on', { normalisation: 'minMax', fitOn: new Uint32Array(0) }, 'fitOn'],
] as const) {
  test(`${what} is refused`, (t) => {
    t.is(refusal(t, arrays).field, field);
  });
}

for (const value of [-0.01, 1.01, Number.NaN, Infinity]) {
  test(`the number ${value} is refused with its position`, (t) => {
    const samples = new Float32Array(24);
    samples[13] = value;
    t.is(refusal(t, { samples }).field, 'samples[13]');
    if (Number.isFinite(value)) return;
    for (const normalisation of ['minMax', 'zScore', { minimum: 0, maximum: 1 }]) {
      t.is(refusal(t, { samples, normalisation }).field, 'samples[13]');
    }
  });
}

test('minMax spreads the fitted range over all bytes and cuts off the rest', (t) => {
  const samples = Float32Array.of(-2, 0, 2, 6, -10, 10);
  const dataset = Dataset.fromArrays({
    samples,
    shape: [2],
    normalisation: 'minMax',
    fitOn: Uint32Array.of(0, 1),
  });
  t.deepEqual(dataset.normalisation, { minimum: -2, maximum: 6 });
  t.deepEqual([...dataset.native.readSamples(0, 3)], [0, 64, 128, 255, 0, 255]);
  const other = Dataset.fromArrays({
    samples: Int16Array.of(2, 4),
    shape: [2],
    normalisation: dataset.normalisation!,
  });
  t.deepEqual([...other.sample(0)], [128, 191]);
});

test('zScore puts the mean in the middle and three deviations at the ends', (t) => {
  const samples = Float64Array.from({ length: 1000 }, (_, i) => 100 + 10 * Math.sin(i));
  const { normalisation } = Dataset.fromArrays({ samples, shape: [10], normalisation: 'zScore' });
  const mean = samples.reduce((a, b) => a + b) / 1000;
  const deviation = Math.sqrt(samples.reduce((a, b) => a + (b - mean) ** 2, 0) / 1000);
  t.true(Math.abs(normalisation!.minimum - (mean - 3 * deviation)) < 1e-9);
  t.true(Math.abs(normalisation!.maximum - (mean + 3 * deviation)) < 1e-9);
});

test('numbers that are all alike become 0', (t) => {
  for (const normalisation of ['minMax', 'zScore'] as const) {
    const dataset = Dataset.fromArrays({ samples: new Float32Array(4).fill(7), shape: [4], normalisation });
    t.deepEqual([...dataset.sample(0)], [0, 0, 0, 0]);
  }
});

test('normalised numbers keep their order', (t) => {
  const values = fc.float32Array({ minLength: 2, maxLength: 50, noNaN: true, noDefaultInfinity: true });
  fc.assert(
    fc.property(values, fc.constantFrom('minMax' as const, 'zScore' as const), (samples, normalisation) => {
      const result = Dataset.fromArrays({ samples, shape: [samples.length], normalisation }).sample(0);
      const order = [...samples.keys()].sort((a, b) => samples[a]! - samples[b]!);
      t.true(order.every((at, i) => i === 0 || result[order[i - 1]!]! <= result[at]!));
    }),
  );
});

async function collect(
  options: import('../../lib/data/index.ts').BatchOptions,
  dataset = Dataset.fromArrays(base),
) {
  const batches = [];
  for await (const batch of dataset.batches(options)) batches.push(batch);
  return batches;
}

test('batches go through all samples with their labels, targets and weights', async (t) => {
  const dataset = Dataset.fromArrays({ ...base, targets: [1, 2, 3, 4], weights: [4, 3, 2, 1] });
  const [first, second, ...more] = await collect({ batchSize: 3 }, dataset);
  t.deepEqual(more, []);
  t.deepEqual(first!.samples, bytes.slice(0, 18));
  t.deepEqual(first!.labels, Int32Array.of(0, 1, 2));
  t.deepEqual(second!.indices, Uint32Array.of(3));
  t.deepEqual(second!.targets, Float32Array.of(4));
  t.deepEqual(second!.weights, Float32Array.of(1));
});

test('a shuffled pass is the order of training: the permutation of its seed and epoch', async (t) => {
  const indices = Uint32Array.of(3, 1, 2);
  for (const epoch of [0, 1, 2]) {
    const batches = await collect({ batchSize: 2, shuffle: true, seed: 9, epoch, indices });
    const order = native().permutation({ seed: 9, epoch, count: 3 });
    t.deepEqual(
      batches.flatMap((batch) => [...batch.indices]),
      [...order].map((i) => indices[i]),
    );
    t.deepEqual(batches[1]!.samples, Dataset.fromArrays(base).sample(batches[1]!.indices[0]!));
  }
});

test('every loop over batches is a new pass, and the last one may be dropped', async (t) => {
  const batches = Dataset.fromArrays(base).batches({ batchSize: 3, dropLast: true });
  for (let pass = 0; pass < 2; pass++) {
    let count = 0;
    for await (const batch of batches) count += batch.indices.length;
    t.is(count, 3);
  }
});

test('augmented batches are what training sees', async (t) => {
  const [batch] = await collect({ batchSize: 4, augmentation: { shift: 1 }, seed: 3, epoch: 5 });
  const expected = Dataset.fromArrays(base).native.augment({
    indices: Uint32Array.of(0, 1, 2, 3),
    ...{ seed: 3, epoch: 5, augmentation: { shift: 1, rotate: 0, elastic: 0, elasticSigma: 4 } },
  });
  t.deepEqual(batch!.samples, expected);
  t.notDeepEqual(batch!.samples, bytes);
});

test('bad batch options are refused by name', async (t) => {
  const dataset = Dataset.fromArrays(base);
  for (const [options, field] of [
    [{ batchSize: 0 }, 'batchSize'],
    [{ batchSize: 2, prefetch: -1 }, 'prefetch'],
    [{ batchSize: 2, indices: Uint32Array.of(0, 4) }, 'indices[1]'],
    [{ batchSize: 2, augmentation: { shift: 2 } }, 'augmentation.shift'],
    [{ batchSize: 2, augmentation: { rotate: Number.NaN } }, 'augmentation.rotate'],
    [{ batchSize: 2, shuffle: true, seed: -1 }, 'seed'],
  ] as const) {
    const error = await t.throwsAsync(async () => collect(options, dataset), { instanceOf: SynfireError });
    t.is(error.code, 'ERR_SYNFIRE_INVALID_ARGUMENT');
    t.is(error.field, field);
  }
});

test('an aborted pass ends with the reason', async (t) => {
  const controller = new AbortController();
  const reason = new Error('stop');
  let seen = 0;
  const error = await t.throwsAsync(async () => {
    for await (const _ of Dataset.fromArrays(base).batches({
      batchSize: 1,
      prefetch: 0,
      signal: controller.signal,
    })) {
      if (++seen === 2) controller.abort(reason);
    }
  });
  t.is(error, reason);
  t.is(seen, 2);
});

function* pieces(samples: NumberArray, sizes: number[]): Generator<BatchInput> {
  let at = 0;
  for (const size of sizes) {
    const labels = Array.from({ length: size }, (_, i) => (at + i) % 3);
    yield {
      samples: samples.slice(at * 6, (at + size) * 6),
      labels,
      weights: labels.map((label) => label + 1),
    };
    at += size;
  }
}

for (const samples of [undefined, 4]) {
  test(`a stream of batches becomes a data set, ${samples ? 'of known' : 'of unknown'} size`, async (t) => {
    const known = samples === undefined ? {} : { samples };
    const dataset = await Dataset.fromBatches(pieces(bytes, [1, 2, 1]), {
      shape: [2, 3],
      classes: 3,
      ...known,
    });
    t.deepEqual(dataset.native.readSamples(0, 4), bytes);
    t.deepEqual(dataset.labels(), Int32Array.of(0, 1, 2, 0));
    t.deepEqual(dataset.weights, Float32Array.of(1, 2, 3, 1));
  });
}

test('a stream of numbers is normalised by given figures', async (t) => {
  const batch = { samples: Float32Array.of(0, 5, 10, 20), targets: [1, 2, 3, 4] };
  const normalisation = { minimum: 0, maximum: 10 };
  const dataset = await Dataset.fromBatches([batch, batch], { shape: [2], normalisation });
  t.deepEqual([...dataset.native.readSamples(2, 2)], [0, 128, 255, 255]);
  t.is(dataset.targets, 2);
  t.deepEqual(dataset.native.readTargets(3, 1), Float32Array.of(3, 4));
});

test('what is wrong with a stream is refused by batch and field', async (t) => {
  const good = { samples: bytes.slice(0, 6), labels: [0] };
  const cases: [BatchInput[], object, string][] = [
    [[], {}, 'batches'],
    [[good], { samples: 2 }, 'batches'],
    [[good, good], { samples: 1 }, 'batches'],
    [[good, { samples: bytes.slice(0, 5), labels: [0] }], {}, 'batches[1].samples'],
    [[good, { samples: bytes.slice(0, 6), labels: [3] }], {}, 'batches[1].labels[0]'],
    [[good, { samples: bytes.slice(0, 6) }], {}, 'batches[1].labels'],
    [[good, { ...good, weights: [1] }], {}, 'batches[1].weights'],
    [
      [
        { ...good, targets: [1] },
        { ...good, targets: [1, 2] },
      ],
      {},
      'batches[1].targets.length',
    ],
    [[good], { classes: undefined }, 'batches[0].classes'],
    [[{ samples: Float32Array.of(0, 0, 0, 0, 0, 2), labels: [0] }], {}, 'batches[0].samples[5]'],
    [[good], { normalisation: 'minMax' }, 'normalisation'],
    [[good], { prefetch: 1e9 }, 'prefetch'],
  ];
  for (const [batches, options, field] of cases) {
    const error = await t.throwsAsync(
      async () => Dataset.fromBatches(batches, { shape: [2, 3], classes: 3, ...options }),
      { instanceOf: SynfireError },
    );
    t.is(error.field, field);
  }
});

test('a data set cannot be written while digits are drawn into it', async (t) => {
  const addon = native();
  const dataset = new addon.Dataset({ shape: [1, 28, 28], samples: 20_000, classes: 10, targets: 0 });
  const job = dataset.generateDigits({ firstIndex: 0, seed: 1, threads: 1 });
  for (const call of [() => dataset.writeLabels(0, Int32Array.of(1)), () => dataset.readSamples(0, 1)]) {
    t.is((t.throws(call) as Error & { code: string }).code, 'ERR_SYNFIRE_BUSY');
  }
  await job.promise;
  t.notThrows(() => dataset.writeLabels(0, Int32Array.of(1)));
});
