// Training on several samples at a time: batches, merging, and what is refused.
import test from 'ava';
import { Dataset } from '../../lib/data/dataset.ts';
import {
  EventNetwork,
  type PresentSpikesOptions,
  type SpikeSample,
} from '../../lib/networks/event-network.ts';

const side = 4;
const pixels = side * side;

const pictures = (count: number) =>
  Dataset.fromArrays({
    samples: Uint8Array.from({ length: count * pixels }, (_, i) => ((i * 7919) % 256) & 0xf0),
    labels: Int32Array.from({ length: count }, (_, i) => i % 2),
    shape: [1, side, side],
  });

const seeing = (threads = 1) =>
  new EventNetwork({
    ...{ seed: 4, dtMs: 0.5, threads },
    populations: {
      input: { size: pixels, source: 'poisson' },
      output: { size: 6, model: 'conductance-lif', parameters: { thetaPlusMv: 0.05, tauMs: 20 } },
    },
    projections: [
      {
        ...{ name: 'learned', source: 'input', target: 'output', connect: 'all-to-all', gain: 5 },
        ...{ weight: { uniform: [0, 0.3] }, plasticity: { rule: 'diehl-cook' }, normalisation: { total: 4 } },
      },
    ],
  });

const shown = { source: 'input', output: 'output', showMs: 50, restMs: 10, minSpikes: 1 };
const indices = (count: number) => Uint32Array.from({ length: count }, (_, i) => i);

test('images are presented in batches, and the network learns', async (t) => {
  const network = seeing();
  const replicas = network.replicas(3);
  t.is(replicas.count, 3);
  t.true(replicas.bytesPerReplica > 6 * pixels * 4);
  const before = network.weights('learned');
  const report = await replicas.presentImages(pictures(8), indices(8), shown);
  t.is(report.presented, 8);
  t.is(report.counts.length, 8 * 6);
  t.is(report.batches.length, 3);
  for (const batch of report.batches) {
    t.true(batch.wallMs >= batch.mergeMs && batch.mergeMs >= 0);
    t.true(batch.spikes > 0 && batch.synapticEvents > 0);
  }
  t.true(report.batches[2]!.attempts >= 2);
  t.true(report.counts.some((count) => count > 0));
  t.notDeepEqual(network.weights('learned'), before);
  t.true(network.state('output', 'theta').some((theta) => theta > 0));
  t.is(network.timeMs, 0);
});

test('without learning nothing changes, and images are seen alike in any batch', async (t) => {
  const network = seeing();
  const before = network.exportState();
  const data = pictures(6);
  const test = { ...shown, learn: false };
  const together = await network.replicas(6).presentImages(data, indices(6), test);
  const alone = await network.replicas(1).presentImages(data, indices(6), test);
  t.deepEqual(alone.counts, together.counts);
  t.deepEqual(network.exportState(), before);
  const silent = await network.replicas(6).presentImages(data, indices(6), { ...test, counts: false });
  t.is(silent.counts.length, 0);
  const later = await network.replicas(6).presentImages(data, indices(6), { ...test, firstSample: 6 });
  t.notDeepEqual(later.counts, together.counts);
});

test('threads and calls do not matter, batches and merging do', async (t) => {
  const learn = async (threads: number, count: number, options = {}, parts = [8]) => {
    const network = seeing(threads);
    const replicas = network.replicas(count);
    let first = 0;
    for (const part of parts) {
      const some = indices(8).subarray(first, first + part);
      await replicas.presentImages(pictures(8), some, { ...shown, ...options, firstSample: first });
      first += part;
    }
    return network.weights('learned');
  };
  const weights = await learn(1, 4);
  t.deepEqual(await learn(2, 4), weights);
  t.deepEqual(await learn(3, 4), weights);
  t.deepEqual(await learn(2, 4, {}, [4, 4]), weights);
  t.deepEqual(await learn(2, 4, { merge: 'mean' }), weights);
  for (const merge of ['sum', 'consensus']) t.notDeepEqual(await learn(1, 4, { merge }), weights);
  t.notDeepEqual(await learn(1, 2), weights);
});

test('with one replica, merging is no more than taking over', async (t) => {
  const learn = async (merge: 'mean' | 'sum' | 'consensus') => {
    const network = seeing();
    await network.replicas(1).presentImages(pictures(3), indices(3), { ...shown, merge });
    return network.weights('learned');
  };
  const mean = await learn('mean');
  for (const merge of ['sum', 'consensus'] as const) {
    const weights = await learn(merge);
    t.true(weights.every((weight, synapse) => Math.abs(weight - mean[synapse]!) < 1e-6));
  }
});

test('an abort ends the work after a batch, and says how many samples that were', async (t) => {
  const network = seeing();
  const replicas = network.replicas(2);
  const controller = new AbortController();
  const reports: { samples: number; total: number }[] = [];
  const report = await replicas.presentImages(pictures(2000), indices(2000), {
    ...shown,
    signal: controller.signal,
    onProgress: (progress) => {
      reports.push(progress);
      controller.abort();
    },
  });
  t.true(report.presented >= 2 && report.presented < 2000 && report.presented % 2 === 0);
  t.is(report.counts.length, 6 * report.presented);
  t.is(report.batches.length, report.presented / 2);
  t.is(reports[0]?.total, 2000);
  t.is(reports[0]!.samples % 2, 0);
});

test('images that do not fit are refused', async (t) => {
  const network = seeing();
  const replicas = network.replicas(2);
  const data = pictures(2);
  const wide = Dataset.fromArrays({ samples: new Uint8Array(18), shape: [9] });
  const cases = [
    { field: 'images', call: () => replicas.presentImages(wide, indices(1), shown) },
    { field: 'dataset', call: () => replicas.presentImages({} as never, indices(1), shown) },
    { field: 'population', call: () => replicas.presentImages(data, indices(1), { ...shown, source: 'in' }) },
    { field: 'source', call: () => replicas.presentImages(data, indices(1), { ...shown, source: 'output' }) },
    { field: 'indices[0]', call: () => replicas.presentImages(data, [-1] as never, shown) },
    {
      field: 'merge',
      call: () => replicas.presentImages(data, indices(1), { ...shown, merge: 'max' as never }),
    },
    {
      field: 'showMs',
      call: () => replicas.presentImages(data, indices(1), { ...shown, showMs: Number.NaN }),
    },
  ];
  for (const { field, call } of cases) {
    t.like(await t.throwsAsync(call()), { code: 'ERR_SYNFIRE_INVALID_ARGUMENT', field });
  }
  t.like(await t.throwsAsync(replicas.presentImages(data, Uint32Array.of(2), shown)), {
    code: 'ERR_SYNFIRE_INVALID_ARGUMENT',
  });
  t.is((await replicas.presentImages(data, new Uint32Array(), shown)).presented, 0);
});

// ---- teaching ----------------------------------------------------------------------------------------------------

const taught = () =>
  new EventNetwork({
    threads: 1,
    populations: { input: { size: 4, source: 'list' }, output: { size: 2, model: 'lif' } },
    projections: [
      {
        ...{ name: 'taught', source: 'input', target: 'output', connect: 'all-to-all', gain: 20 },
        ...{ weight: 0.5, delayMs: 1, plasticity: { rule: 'teaching' } },
      },
    ],
  });

/** A pair of neurons, the second 2 ms after the first, three times: 0 and 1 for class 0, 2 and 3 for class 1. */
const volley = (label: number): SpikeSample => ({
  timesMs: [10, 12, 20, 22, 30, 32],
  neurons: [2 * label, 2 * label + 1, 2 * label, 2 * label + 1, 2 * label, 2 * label + 1],
  label,
});
const lesson: PresentSpikesOptions = {
  source: 'input',
  output: 'output',
  projection: 'taught',
  sampleMs: 50,
};

test('spike trains teach: weights onto the right output grow, onto the wrong one they shrink', async (t) => {
  const network = taught();
  const samples = [volley(0), volley(1), volley(0), volley(1)];
  const report = await network.replicas(2).presentSpikes(samples, lesson);
  t.is(report.presented, 4);
  t.is(report.counts.length, 8);
  const weights = network.weights('taught');
  // Synapses 0 and 1 are those of neuron 0, synapses 4 and 5 those of neuron 2.
  t.true(weights[0]! > 0.5 && weights[1]! < 0.5, `weights are ${weights.join(' ')}`);
  t.true(weights[5]! > 0.5 && weights[4]! < 0.5, `weights are ${weights.join(' ')}`);
  const before = network.weights('taught');
  await network.replicas(2).presentSpikes(samples, { ...lesson, learn: false });
  t.deepEqual(network.weights('taught'), before);
});

test('spike trains that do not fit are refused', async (t) => {
  const network = taught();
  const replicas = network.replicas(2);
  const sample = volley(0);
  const cases = [
    { field: 'samples[1].label', samples: [sample, { ...sample, label: 2 }] },
    { field: 'samples[0].label', samples: [{ ...sample, label: -1 }] },
    { field: 'samples[0].neurons[1]', samples: [{ ...sample, timesMs: [1, 2], neurons: [0, 0.5] }] },
    { field: 'projection', samples: [sample], options: { ...lesson, projection: 'none' } },
    { field: 'sampleMs', samples: [sample], options: { ...lesson, sampleMs: 'long' as never } },
  ];
  for (const { field, samples, options = lesson } of cases) {
    t.like(await t.throwsAsync(replicas.presentSpikes(samples, options)), {
      code: 'ERR_SYNFIRE_INVALID_ARGUMENT',
      field,
    });
  }
  t.is((await replicas.presentSpikes([sample], lesson)).presented, 1);
});
