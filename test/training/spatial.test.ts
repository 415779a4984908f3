// Training of spatial networks: it learns, grows and prunes, and its bits do not depend on threads or interruptions.
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { loadSpatialCheckpoint } from '../../lib/checkpoints/spatial-checkpoint.ts';
import type { SpatialReport } from '../../lib/checkpoints/spatial-metadata.ts';
import { Dataset } from '../../lib/data/index.ts';
import { SpatialNetwork } from '../../lib/networks/spatial-network.ts';
import type { SpatialFitStart } from '../../lib/training/spatial-reports.ts';
import type { SpatialFitOptions } from '../../lib/training/spatial-setup.ts';
import { trainSpatial } from '../../lib/training/train-spatial.ts';
import { rejectsWith, throwsError } from '../networks/errors.ts';
import { identityNetwork, randomValues, stateDigest } from '../networks/small-spatial.ts';
import { classes, smallData } from './small.ts';

const rows = { train: smallData(400), test: smallData(150, 2), name: 'rows' };
const options = {
  ...{ epochs: 3, batchSize: 16, seed: 5, threads: 1, validation: 80 },
  prune: { threshold: 0.01, by: 'saturation' },
} satisfies SpatialFitOptions;

/** Reads rows: sees the image in small boxes, then all of these. */
function rowsNetwork(): SpatialNetwork {
  return new SpatialNetwork([[6, 6, 1], [6, 6, 2], classes], {
    ...{ seed: 3, capacity: 160, reach: [1, [6, 6, 1]], learningRate: 0.05 },
    growth: { threshold: 0.6, everyBatches: 15 },
  });
}

async function folder(t: ExecutionContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'synfire-spatial-'));
  t.teardown(() => rm(path, { recursive: true, force: true }));
  return path;
}

const straight = (async () => {
  const network = rowsNetwork();
  const result = await trainSpatial(network, rows, options);
  return { bits: await stateDigest(network), result };
})();

test('a training learns classes, grows and reports every epoch', async (t) => {
  const network = rowsNetwork();
  let start: SpatialFitStart | undefined;
  const training = trainSpatial(network, rows, {
    ...{ ...options, epochs: 6 },
    onStart: (known) => {
      start = known;
    },
  });
  const epochs: SpatialReport[] = [];
  for await (const epoch of training) epochs.push(epoch);
  const { history, best, test: measured, end, checkpoints } = await training;
  t.deepEqual(epochs, history);
  t.like(start, {
    epoch: 0,
    samples: 0,
    trainSamples: 320,
    validationSamples: 80,
    testSamples: 150,
    history: [],
  });
  t.is(start?.neurons, 75);
  t.deepEqual(
    history.map(({ epoch, batches }) => [epoch, batches]),
    [1, 2, 3, 4, 5, 6].map((epoch) => [epoch, 20]),
  );
  let neurons = 75;
  for (const report of history) {
    neurons += report.grown - report.pruned;
    t.is(report.neurons, neurons);
    t.true(report.samplesPerSecond > 0 && report.trainAccuracy! >= 0 && report.validationLoss! > 0);
  }
  t.true(history.some(({ grown }) => grown > 0));
  t.is(end, 'completed');
  t.is(checkpoints, null);
  t.is(best?.monitor, 'validationAccuracy');
  const accuracies = history.map(({ validationAccuracy }) => validationAccuracy!);
  t.is(best?.value, Math.max(...accuracies));
  t.is(measured?.samples, 150);
  t.true(measured!.accuracy! > 0.6, `${measured?.accuracy}`);
});

test('with targets the lowest validation loss is best', async (t) => {
  const samples = Uint8Array.from(randomValues(1600 * 4, 1, 0, 256));
  const targets = Float32Array.from(samples, (byte) => byte / 255);
  const train = Dataset.fromArrays({ samples, targets, shape: [4] });
  const progress: (number | null)[] = [];
  const network = identityNetwork();
  const {
    history,
    best,
    test: measured,
  } = await trainSpatial(network, train, {
    ...{ epochs: 4, batchSize: 16 },
    onProgress: ({ accuracy }) => progress.push(accuracy),
  });
  t.is(best?.monitor, 'validationLoss');
  t.is(best?.value, Math.min(...history.map(({ validationLoss }) => validationLoss!)));
  t.true(history.every((report) => report.trainAccuracy === null && report.validationAccuracy === null));
  t.true(history.at(-1)!.trainLoss < history[0]!.trainLoss);
  t.true(progress.every((accuracy) => accuracy === null));
  t.is(measured, null);
  const { loss } = await network.evaluate(train);
  t.true(loss < 0.05, `${loss}`);
});

test('the best epoch is put back', async (t) => {
  const network = rowsNetwork();
  const { history, best } = await trainSpatial(network, rows, { ...options, epochs: 5 });
  const shorter = rowsNetwork();
  await trainSpatial(shorter, rows, { ...options, epochs: best!.epoch });
  t.is(await stateDigest(network), await stateDigest(shorter));
  t.is(history.length, 5);
});

test('the same seed gives the same bits for any number of threads', async (t) => {
  const { bits, result } = await straight;
  const network = rowsNetwork();
  const { history } = await trainSpatial(network, rows, { ...options, threads: 3 });
  t.is(await stateDigest(network), bits);
  t.deepEqual(figures(history), figures(result.history));
});

test('saving in between does not change what is learned', async (t) => {
  const { bits, result } = await straight;
  const directory = await folder(t);
  const network = rowsNetwork();
  const checkpoint = { directory, saveEverySamples: 50 };
  const { history, checkpoints } = await trainSpatial(network, rows, { ...options, checkpoint });
  t.is(await stateDigest(network), bits);
  t.deepEqual(figures(history), figures(result.history));
  t.deepEqual((await readdir(directory)).sort(), ['best.safetensors', 'latest.safetensors']);
  const best = await loadSpatialCheckpoint(checkpoints!.best!);
  t.is(await stateDigest(best.network), bits);
  t.like(best.training, { epoch: result.best?.epoch, classes, shape: [1, 6, 6], data: 'rows' });
  const latest = await loadSpatialCheckpoint(checkpoints!.latest);
  t.is(latest.training?.epoch, 3);
});

test('an aborted training goes on with the same bits, wherever it was stopped', async (t) => {
  const { bits, result } = await straight;
  // Measuring takes long enough to be interrupted.
  const data = { ...rows, test: smallData(20_000, 2) };
  for (const [part, epoch] of [
    ['train', 1],
    ['train', 2],
    ['validation', 2],
    ['test', 3],
  ] as const) {
    const directory = await folder(t);
    const stop = new AbortController();
    const reason = new Error('enough');
    const stopped = trainSpatial(rowsNetwork(), data, {
      ...{ ...options, checkpoint: { directory, saveEverySamples: 100 }, signal: stop.signal },
      onProgress: (progress) => {
        if (progress.part === part && progress.epoch >= epoch) stop.abort(reason);
      },
    });
    t.is(await t.throwsAsync(Promise.resolve(stopped)), reason, part);
    const network = rowsNetwork();
    const resumed = await trainSpatial(network, data, {
      ...options,
      checkpoint: { directory },
      resume: true,
    });
    t.is(await stateDigest(network), bits, part);
    t.deepEqual(figures(resumed.history), figures(result.history), part);
    t.deepEqual(resumed.best, result.best);
    t.is(resumed.test?.samples, 20_000);
  }
});

test('a finished training can be trained longer, and one that was left goes on', async (t) => {
  const { bits, result } = await straight;
  const directory = await folder(t);
  await trainSpatial(rowsNetwork(), rows, { ...options, epochs: 1, checkpoint: { directory } });
  for await (const { epoch } of trainSpatial(rowsNetwork(), rows, {
    ...{ ...options, checkpoint: { directory }, resume: true },
  })) {
    if (epoch === 2) break;
  }
  const network = rowsNetwork();
  const more = await trainSpatial(network, rows, { ...options, checkpoint: { directory }, resume: true });
  t.is(await stateDigest(network), bits);
  t.deepEqual(figures(more.history), figures(result.history));
});

test('without a best checkpoint the last epoch stays', async (t) => {
  const checkpoint = { directory: await folder(t), saveBest: false };
  await trainSpatial(rowsNetwork(), rows, { ...options, epochs: 2, checkpoint });
  const network = rowsNetwork();
  const { checkpoints } = await trainSpatial(network, rows, { ...options, checkpoint, resume: true });
  t.is(checkpoints?.best, null);
  const latest = await loadSpatialCheckpoint(checkpoints!.latest);
  t.is(await stateDigest(latest.network), await stateDigest(network));
});

test('resuming with other settings, or another network, is refused and names them', async (t) => {
  const checkpoint = { directory: await folder(t) };
  await trainSpatial(rowsNetwork(), rows, { ...options, epochs: 1, checkpoint });
  const other: [SpatialFitOptions, RegExp][] = [
    [{ batchSize: 8 }, /training\.batchSize is 8; expected 16/],
    [{ prune: null }, /training\.prune/],
    [{ validation: 81 }, /data\.trainingPart/],
  ];
  for (const [change, message] of other) {
    const again = trainSpatial(rowsNetwork(), rows, { ...options, ...change, checkpoint, resume: true });
    const error = await t.throwsAsync(Promise.resolve(again), { message });
    t.like(error, { code: 'ERR_SYNFIRE_CHECKPOINT' });
  }
  const larger = new SpatialNetwork([[6, 6, 1], [6, 6, 3], classes], { ...rowsNetwork().options });
  await t.throwsAsync(Promise.resolve(trainSpatial(larger, rows, { ...options, checkpoint, resume: true })), {
    message: /network\.grids\.1\.2 is 3; expected 2/,
  });
  await t.throwsAsync(Promise.resolve(trainSpatial(rowsNetwork(), rows, { ...options, checkpoint })), {
    message: /a folder without checkpoints/,
  });
});

test('data and options that do not fit are refused at once', (t) => {
  const network = rowsNetwork();
  const small = Dataset.fromArrays({ samples: new Uint8Array(18), labels: [0, 1], shape: [3, 3] });
  throwsError(t, () => trainSpatial(network, small), { field: 'dataset.shape', expected: /36 values/ });
  const many = Dataset.fromArrays({ samples: new Uint8Array(36), labels: [3], shape: [6, 6] });
  throwsError(t, () => trainSpatial(network, many), {
    field: 'dataset.classes',
    value: 4,
    expected: /at most 3/,
  });
  const none = Dataset.fromArrays({ samples: new Uint8Array(36), shape: [6, 6] });
  throwsError(t, () => trainSpatial(network, none), { field: 'dataset.targets', value: 0 });
  const aimed = Dataset.fromArrays({ samples: new Uint8Array(36), targets: [0, 0, 1], shape: [6, 6] });
  throwsError(t, () => trainSpatial(network, { train: rows.train, test: aimed }), {
    ...{ field: 'test.targets', value: 3, expected: /labels, as in train/ },
  });
  throwsError(t, () => trainSpatial(network, rows, { batchSize: 0 }), { field: 'batchSize', value: 0 });
  throwsError(t, () => trainSpatial(network, rows, { prune: { threshold: -1 } }), {
    field: 'prune.threshold',
  });
  throwsError(t, () => trainSpatial(network, rows, { validation: 400 }), {
    field: 'validation + test',
    value: '400 of 400 samples',
  });
  throwsError(t, () => trainSpatial(network, 5 as never), { field: 'data', value: 5 });
  throwsError(t, () => trainSpatial(network, rows, { resume: true }), { field: 'resume' });
});

test('a network trains for one at a time', async (t) => {
  const network = rowsNetwork();
  const running = trainSpatial(network, rows, { ...options, epochs: 1 }).then(() => 'done');
  await rejectsWith(t, trainSpatial(network, rows, options), { code: 'ERR_SYNFIRE_BUSY' });
  t.is(await running, 'done');
});

/** What does not depend on the machine. */
function figures(history: readonly SpatialReport[]): unknown {
  return history.map(({ seconds: _a, samplesPerSecond: _b, validationSeconds: _c, ...rest }) => rest);
}
