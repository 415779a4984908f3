// Unsupervised training: it learns, and its bits do not depend on threads, interruptions or measurements.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { Dataset } from '../../lib/data/index.ts';
import { SynfireError } from '../../lib/errors.ts';
import { EventClassifier } from '../../lib/training/event-classifier.ts';
import { trainUnsupervised, type UnsupervisedOptions } from '../../lib/training/unsupervised.ts';
import { digits, learned, smallDiehlCook } from './events.ts';

const train = await digits(240);
const options = {
  ...{ epochs: 1, images: 120, evaluateEvery: 50, batchSize: 3, seed: 5, validation: 30 },
  labels: { images: 60 },
} satisfies UnsupervisedOptions;

async function folder(t: ExecutionContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'synfire-unsupervised-'));
  t.teardown(() => rm(path, { recursive: true, force: true }));
  return path;
}

const straight = (async () => {
  const network = smallDiehlCook();
  const result = await trainUnsupervised(network, train, options);
  return { bits: learned(network), result };
})();

test('a training learns the digits and reports every round', async (t) => {
  const data = { train: await digits(900), test: await digits(300, 2 ** 31) };
  const network = smallDiehlCook(2, 100);
  const training = trainUnsupervised(network, data, { batchSize: 2, images: 800, labels: { images: 400 } });
  const rounds = [];
  for await (const round of training) rounds.push(round);
  const { history, best, test: measured, end, checkpoints } = await training;
  t.deepEqual(rounds, history);
  t.is(rounds.length, 1);
  t.like(rounds[0], { round: 1, images: 800, best: true });
  t.is(end, 'completed');
  t.is(checkpoints, null);
  t.true(
    rounds[0]!.imagesPerSecond > 0 && rounds[0]!.spikesPerImage >= 5 && rounds[0]!.attemptsPerImage >= 1,
  );
  t.is(best?.validationAccuracy, rounds[0]!.validationAccuracy);
  t.is(measured?.samples, 300);
  t.true(measured!.accuracy > 0.4, `${measured?.accuracy}`);
});

test('the same seed gives the same bits for any number of threads', async (t) => {
  const { bits, result } = await straight;
  for (const threads of [1, 3]) {
    const network = smallDiehlCook(threads);
    const { history, best } = await trainUnsupervised(network, train, options);
    t.is(learned(network), bits);
    t.deepEqual(best, result.best);
    t.deepEqual(
      history.map(({ validationAccuracy }) => validationAccuracy),
      result.history.map(({ validationAccuracy }) => validationAccuracy),
    );
  }
});

test('measuring and saving in between do not change what is learned', async (t) => {
  const network = smallDiehlCook();
  const checkpoint = { directory: await folder(t), saveEvery: 20 };
  const once = { ...options, evaluateEvery: 240, checkpoint };
  const { result } = await straight;
  await trainUnsupervised(network, train, once);
  const other = smallDiehlCook();
  await trainUnsupervised(other, train, { ...options, evaluateEvery: 120 });
  t.is(learned(network), learned(other));
  t.is(result.history.length, 3);
});

test('an aborted training goes on with the same bits, wherever it was stopped', async (t) => {
  const { bits, result } = await straight;
  for (const parts of [
    ['train', 3],
    ['train', 40],
    ['labels', 10],
    ['validation', 2],
  ] as const) {
    const directory = await folder(t);
    const stop = new AbortController();
    const reason = new Error('enough');
    const [part, after] = parts;
    const stopped = trainUnsupervised(smallDiehlCook(), train, {
      ...{ ...options, checkpoint: { directory, saveEvery: 25 }, signal: stop.signal },
      onProgress: (progress) => {
        if (progress.part === part && progress.images >= after) stop.abort(reason);
      },
    });
    t.is(await t.throwsAsync(Promise.resolve(stopped)), reason, part);
    const network = smallDiehlCook(1);
    const resumed = await trainUnsupervised(network, train, {
      ...options,
      checkpoint: { directory },
      resume: true,
    });
    t.is(learned(network), bits, part);
    t.deepEqual(accuracies(resumed.history), accuracies(result.history), part);
    t.deepEqual(resumed.best, result.best);
  }
});

test('a finished training can be trained longer', async (t) => {
  const directory = await folder(t);
  await trainUnsupervised(smallDiehlCook(), train, { ...options, images: 50, checkpoint: { directory } });
  const network = smallDiehlCook();
  const more = await trainUnsupervised(network, train, {
    ...options,
    checkpoint: { directory },
    resume: true,
  });
  const { bits, result } = await straight;
  t.is(learned(network), bits);
  t.deepEqual(accuracies(more.history), accuracies(result.history));
});

test('resuming with other settings, or another network, is refused and names them', async (t) => {
  const directory = await folder(t);
  const checkpoint = { directory };
  await trainUnsupervised(smallDiehlCook(), train, { ...options, images: 6, checkpoint });
  const other: [UnsupervisedOptions, RegExp][] = [
    [{ merge: 'sum' }, /training\.merge is "sum"; expected "mean"/],
    [{ protocol: { showMs: 100 } }, /protocol\.showMs is 100; expected 350/],
    [{ labels: { images: 7 } }, /labels\.images is 7/],
    [{ validation: 31 }, /data\.trainingPart/],
  ];
  for (const [change, message] of other) {
    const again = trainUnsupervised(smallDiehlCook(), train, {
      ...options,
      ...change,
      checkpoint,
      resume: true,
    });
    const error = await t.throwsAsync(Promise.resolve(again), { instanceOf: SynfireError });
    t.is(error?.code, 'ERR_SYNFIRE_CHECKPOINT');
    t.regex(error!.message, message);
  }
  const larger = trainUnsupervised(smallDiehlCook(2, 31), train, { ...options, checkpoint, resume: true });
  await t.throwsAsync(Promise.resolve(larger), {
    message: /network\.populations\.excitatory\.size is 31; expected 30/,
  });
  const anew = trainUnsupervised(smallDiehlCook(), train, { ...options, checkpoint });
  await t.throwsAsync(Promise.resolve(anew), { message: /a folder without checkpoints/ });
});

test('neither test nor validation data have a say in the labels', async (t) => {
  const { result } = await straight;
  const { classifier } = result;
  const trained = classifier.responses!.slice();
  const directory = await folder(t);
  const network = smallDiehlCook();
  const bytes = train.native.readSamples(0, train.samples);
  const labels = train.labels();
  const validation = Uint32Array.from({ length: 30 }, (_, index) => index * 8);
  const before = await trainUnsupervised(network, train, {
    ...options,
    validation,
    checkpoint: { directory },
  });
  const wrong = labels.map((label, index) => (index % 8 === 0 && index < 240 ? 9 - label : label));
  const spoiled = Dataset.fromArrays({ samples: bytes, labels: wrong, classes: 10, shape: [1, 28, 28] });
  const poorer = smallDiehlCook();
  const after = await trainUnsupervised(poorer, spoiled, { ...options, evaluateEvery: 120, validation });
  const same = smallDiehlCook();
  const reference = await trainUnsupervised(same, train, { ...options, evaluateEvery: 120, validation });
  t.is(learned(poorer), learned(same));
  t.deepEqual(after.classifier.responses, reference.classifier.responses);
  t.notDeepEqual(after.history[0]!.validationAccuracy, reference.history[0]!.validationAccuracy);
  t.is(before.classifier.responses!.length, trained.length);
});

test('training does not look at labels at all', async (t) => {
  const labels = train.labels().map((label) => 9 - label);
  const samples = train.native.readSamples(0, train.samples);
  const other = Dataset.fromArrays({ samples, labels, classes: 10, shape: [1, 28, 28] });
  const networks = [smallDiehlCook(), smallDiehlCook()];
  for (const [index, data] of [train, other].entries()) {
    await trainUnsupervised(networks[index]!, data, { ...options, evaluateEvery: 120 });
  }
  t.is(learned(networks[0]!), learned(networks[1]!));
});

test('a checkpoint classifies as the training did', async (t) => {
  const directory = await folder(t);
  const data = { train, test: await digits(60, 2 ** 31) };
  const {
    test: measured,
    checkpoints,
    classifier: own,
  } = await trainUnsupervised(smallDiehlCook(), data, {
    ...{ ...options, checkpoint: { directory } },
  });
  const { classifier, training } = await EventClassifier.load(checkpoints!.best!, { batchSize: 7 });
  t.deepEqual((await classifier.evaluate(data.test)).confusion, measured!.confusion);
  t.deepEqual(classifier.neuronClasses, own.neuronClasses);
  t.deepEqual(classifier.receptiveFields(), own.receptiveFields());
  t.like(training, { classes: 10, shape: [1, 28, 28], data: null });
  const { scores, classes } = await classifier.predict(data.test);
  t.is(scores.length, 600);
  t.is(classes.length, 60);
  const anew = (await EventClassifier.load(checkpoints!.best!, { labelImages: 40 })).classifier;
  t.is(anew.responses, null);
  await t.throwsAsync(anew.evaluate(data.test), { message: /call label with training data/ });
});

test('data that do not fit are refused at once', async (t) => {
  const network = smallDiehlCook();
  const small = Dataset.fromArrays({ samples: new Uint8Array(18), labels: [0, 1], shape: [3, 3] });
  t.throws(() => trainUnsupervised(network, small), {
    message: /dataset\.shape is \[1,3,3\]; expected 784 values/,
  });
  const unlabelled = Dataset.fromArrays({ samples: new Uint8Array(784), shape: [28, 28] });
  t.throws(() => trainUnsupervised(network, unlabelled), {
    message: /dataset\.classes is 0; expected labels/,
  });
  t.throws(() => trainUnsupervised(network, train, { protocol: { output: 'excitatry' } }), {
    message: /protocol\.output is "excitatry"; expected one of the network's populations/,
  });
  t.throws(() => trainUnsupervised(network, train, { batchSize: 0 }), {
    message: /batchSize is 0; expected an integer/,
  });
});

test('a network trains for one at a time', async (t) => {
  const network = smallDiehlCook();
  const first = trainUnsupervised(network, train, { ...options, images: 30 });
  const running = first.then(() => 'done');
  await t.throwsAsync(Promise.resolve(trainUnsupervised(network, train, options)), {
    message: /already training/,
  });
  t.is(await running, 'done');
});

function accuracies(history: readonly { validationAccuracy: number | null }[]): (number | null)[] {
  return history.map(({ validationAccuracy }) => validationAccuracy);
}
