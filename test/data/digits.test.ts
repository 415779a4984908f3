// The built-in digits as programs get them.

import { createHash } from 'node:crypto';
import test from 'ava';
import { type DataProgress, datasets, generateDigits } from '../../lib/data/index.ts';
import { SynfireError } from '../../lib/errors.ts';

test('digits are the same for 1, 2, 3 and 7 threads, and for any size of the set', async (t) => {
  const all = await generateDigits({ samples: 500, threads: 1 });
  for (const threads of [2, 3, 7]) {
    const again = await generateDigits({ samples: 500, threads });
    t.deepEqual(again.native.readSamples(0, 500), all.native.readSamples(0, 500));
    t.deepEqual(again.labels(), all.labels());
  }
  const part = await generateDigits({ samples: 20, firstIndex: 300 });
  t.deepEqual(part.native.readSamples(0, 20), all.native.readSamples(300, 20));
});

test('digits by name come in two parts that share no sample', async (t) => {
  const { train, test: held, classes } = await datasets.load('digits', { limit: 2000 });
  t.deepEqual([train.samples, held.samples, classes], [2000, 2000, 10]);
  t.deepEqual(train.shape, [1, 28, 28]);
  const hash = (bytes: Uint8Array) => createHash('md5').update(bytes).digest('hex');
  const seen = new Set(Array.from({ length: 2000 }, (_, i) => hash(train.sample(i))));
  t.is(seen.size, 2000);
  t.false(Array.from({ length: 2000 }, (_, i) => hash(held.sample(i))).some((digest) => seen.has(digest)));
});

test('the seed chooses the series', async (t) => {
  const [a, b] = await Promise.all([5, 6].map((seed) => datasets.load('digits', { limit: 10, seed })));
  t.notDeepEqual(a!.train.labels(), b!.train.labels());
});

test('progress reaches all samples', async (t) => {
  const reports: DataProgress[] = [];
  await generateDigits({ samples: 5000, onProgress: (progress) => reports.push(progress) });
  t.true(reports.length > 0);
  t.true(reports.every(({ phase, total, done }) => phase === 'generate' && total === 5000 && done <= 5000));
});

test('drawing stops with the reason of the signal', async (t) => {
  const reason = new Error('enough');
  const signal = AbortSignal.abort(reason);
  t.is(await t.throwsAsync(generateDigits({ samples: 100, signal })), reason);
  const controller = new AbortController();
  const job = generateDigits({ samples: 2_000_000, threads: 1, signal: controller.signal });
  setTimeout(() => controller.abort(reason), 20);
  t.is(await t.throwsAsync(job), reason);
});

test('bad options are refused by name', async (t) => {
  for (const [options, field] of [
    [{ samples: 0 }, 'samples'],
    [{ samples: 10, threads: 0 }, 'threads'],
    [{ samples: 10, seed: -1 }, 'seed'],
    [{ samples: 10, firstIndex: 2 ** 32 }, 'firstIndex'],
  ] as const) {
    const error = await t.throwsAsync(generateDigits(options), { instanceOf: SynfireError });
    t.is(error.code, 'ERR_SYNFIRE_INVALID_ARGUMENT');
    t.is(error.field, field);
  }
});

/** Softmax regression on the pixels, trained by plain gradient descent; the accuracy on the test part. */
async function linearAccuracy(): Promise<number> {
  const { train, test: held } = await datasets.load('digits', { limit: 6000 });
  const weights = new Float64Array(10 * 785);
  const scores = (pixels: Uint8Array, at: number) =>
    Array.from({ length: 10 }, (_, k) => {
      let sum = weights[k * 785 + 784]!;
      for (let i = 0; i < 784; i++)
        if (pixels[at + i]! > 0) sum += (weights[k * 785 + i]! * pixels[at + i]!) / 255;
      return sum;
    });
  for (let epoch = 0; epoch < 5; epoch++) {
    for await (const { samples, labels } of train.batches({ batchSize: 6000, shuffle: true, epoch })) {
      labels!.forEach((label, n) => {
        const z = scores(samples, n * 784);
        const largest = Math.max(...z);
        const e = z.map((value) => Math.exp(value - largest));
        const total = e.reduce((a, b) => a + b);
        for (let k = 0; k < 10; k++) {
          const step = (0.03 / (1 + epoch)) * (e[k]! / total - (k === label ? 1 : 0));
          for (let i = 0; i < 784; i++) {
            const pixel = samples[n * 784 + i]!;
            if (pixel > 0) weights[k * 785 + i]! -= (step * pixel) / 255;
          }
          weights[k * 785 + 784]! -= step;
        }
      });
    }
  }
  const labels = held.labels();
  const pixels = held.native.readSamples(0, held.samples);
  const correct = labels.filter((label, n) => {
    const z = scores(pixels, n * 784);
    return z.indexOf(Math.max(...z)) === label;
  });
  return correct.length / labels.length;
}

test('a linear classifier learns the digits, but far from perfectly', async (t) => {
  const accuracy = await linearAccuracy();
  t.log(`accuracy ${accuracy}`);
  t.true(accuracy > 0.8 && accuracy < 0.95, `accuracy ${accuracy}`);
});
