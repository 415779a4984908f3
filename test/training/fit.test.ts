// fit: awaiting, iterating, leaving, aborting, stopping early, keeping the best and resuming.
import { once } from 'node:events';
import { copyFile, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import test, { type ExecutionContext } from 'ava';
import { linkFileAtomic } from '../../lib/checkpoints/atomic.ts';
import { loadCheckpoint } from '../../lib/checkpoints/checkpoint.ts';
import { SynfireError } from '../../lib/errors.ts';
import { fit } from '../../lib/training/fit.ts';
import type { EpochReport, FitProgress, FitStart } from '../../lib/training/reports.ts';
import type { FitOptions } from '../../lib/training/setup.ts';
import { bits, smallData, smallNetwork } from './small.ts';

const train = smallData(300);
const data = { train, test: smallData(100, 2), name: 'rows' };
const options: FitOptions = {
  epochs: 4,
  batchSize: 16,
  threads: 1,
  optimizer: { kind: 'adam', learningRate: 0.01 },
};

test('an awaited training learns and reports every epoch', async (t) => {
  const result = await fit(smallNetwork(), data, options);
  t.is(result.end, 'completed');
  t.deepEqual(
    result.history.map(({ epoch }) => epoch),
    [1, 2, 3, 4],
  );
  const [first, last] = [result.history[0]!, result.history[3]!];
  t.true(last.trainLoss < first.trainLoss);
  t.true(result.testAccuracy! > 0.8, `test accuracy ${result.testAccuracy}`);
  t.true(last.samplesPerSecond > 0);
  t.is(last.learningRate, 0.01);
  t.is(result.checkpoints, null);
});

test('iterating gives the same epochs as awaiting, and both on one object train once', async (t) => {
  const network = smallNetwork();
  const training = fit(network, data, options);
  const seen: EpochReport[] = [];
  for await (const report of training) seen.push(report);
  const result = await training;
  t.deepEqual(seen, result.history);
  t.deepEqual(await training, result);
  const awaited = smallNetwork();
  const other = await fit(awaited, data, options);
  t.deepEqual(figures(other.history), figures(seen));
  t.is(bits(awaited), bits(network));
});

test('the network can be used in the body of the iteration', async (t) => {
  const network = smallNetwork();
  const accuracies: number[] = [];
  for await (const _ of fit(network, data, options)) {
    accuracies.push((await network.evaluate(data.test)).accuracy);
  }
  t.is(accuracies.length, 4);
  const undisturbed = smallNetwork();
  await fit(undisturbed, data, options);
  t.is(bits(network), bits(undisturbed));
});

test('leaving the iteration stops the training with the best parameters so far', async (t) => {
  const network = smallNetwork();
  const training = fit(network, data, options);
  for await (const report of training) if (report.epoch === 2) break;
  const result = await training;
  t.is(result.end, 'stopped');
  t.is(result.history.length, 2);
  t.is(result.testAccuracy, null);
  const two = smallNetwork();
  await fit(two, data, { ...options, epochs: 2 });
  t.is(bits(network), bits(two));
  t.is((await fit(network, data, { ...options, epochs: 1 })).history.length, 1);
});

test('leaving one iteration while another waits stops both at once', async (t) => {
  const training = fit(smallNetwork(), data, { ...options, epochs: 100_000 });
  const awaited = Promise.resolve(training);
  for await (const report of training) if (report.epoch >= 2) break;
  t.is((await awaited).end, 'stopped');
});

test('the results do not depend on the number of threads', async (t) => {
  const [one, three] = [smallNetwork('rate'), smallNetwork('rate')];
  await fit(one, data, { ...options, threads: 1 });
  await fit(three, data, { ...options, threads: 3 });
  t.is(bits(one), bits(three));
});

test('an aborted training rejects with the reason and can be trained again', async (t) => {
  const network = smallNetwork();
  const controller = new AbortController();
  const reason = new Error('enough');
  const onProgress = () => controller.abort(reason);
  const training = fit(network, data, { ...options, epochs: 100_000, signal: controller.signal, onProgress });
  t.is(await t.throwsAsync(async () => training), reason);
  t.is(await t.throwsAsync(async () => training), reason);
  t.is((await fit(network, data, { ...options, epochs: 1 })).history.length, 1);
});

test('a signal that has aborted already ends the training before it begins', async (t) => {
  const network = smallNetwork();
  const before = bits(network);
  await t.throwsAsync(async () => fit(network, data, { ...options, signal: AbortSignal.abort() }), {
    any: true,
    name: 'AbortError',
  });
  t.is(bits(network), before);
});

test('an error of onProgress ends the training', async (t) => {
  const onProgress = () => {
    throw new Error('no');
  };
  await t.throwsAsync(async () => fit(smallNetwork(), data, { ...options, epochs: 100_000, onProgress }), {
    message: 'no',
  });
});

test('progress tells where training stands', async (t) => {
  const seen: FitProgress[] = [];
  await fit(smallNetwork(), data, { ...options, epochs: 300, onProgress: (progress) => seen.push(progress) });
  const training = seen.filter(({ part }) => part === 'train');
  t.true(training.length > 0);
  for (const { epoch, samples, totalSamples, loss, accuracy, remainingSeconds } of training) {
    t.true(epoch >= 1 && epoch <= 300);
    t.true(samples > 0 && samples <= totalSamples && totalSamples === 270);
    t.true(loss > 0 && accuracy >= 0 && accuracy <= 1 && remainingSeconds! >= 0);
  }
});

test('a network trains once at a time', async (t) => {
  const network = smallNetwork();
  const first = fit(network, data, options);
  const iterator = first[Symbol.asyncIterator]();
  await iterator.next();
  await t.throwsAsync(async () => fit(network, data, options), { message: /already training/ });
  await iterator.return?.();
  await t.notThrowsAsync(async () => fit(network, data, { ...options, epochs: 1 }));
});

test('a worker thread trains with the same result', async (t) => {
  const worker = new Worker(new URL('./fit-worker.js', import.meta.url));
  const [message] = (await once(worker, 'message')) as [{ epochs: number; bits: string }];
  const network = smallNetwork();
  await fit(network, smallData(100), { epochs: 2, batchSize: 16, threads: 1 });
  t.is(message.epochs, 2);
  t.is(message.bits, bits(network));
});

test('the event loop stays free while training', async (t) => {
  let turns = 0;
  const turn = setInterval(() => (turns += 1), 1);
  const began = performance.now();
  await fit(smallNetwork(), data, { ...options, epochs: 200 });
  clearInterval(turn);
  const milliseconds = performance.now() - began;
  t.true(turns > milliseconds / 50, `${turns} turns in ${milliseconds} ms`);
});

test('early stopping ends the training after its patience', async (t) => {
  const result = await fit(smallNetwork(), data, {
    ...options,
    epochs: 1000,
    earlyStopping: { patience: 2, minDelta: 10, monitor: 'trainLoss' },
  });
  t.is(result.end, 'earlyStopping');
  t.is(result.history.length, 3);
  t.is(result.best?.monitor, 'trainLoss');
});

test('the best epoch is put back, or not when that is not wanted', async (t) => {
  // With a rate that explodes after the first epochs the last epoch is not the best one.
  const wild: FitOptions = {
    ...options,
    epochs: 6,
    optimizer: { kind: 'sgd', learningRate: 30 },
    schedule: { kind: 'constant', warmupEpochs: 6 },
  };
  const [kept, last] = [smallNetwork(), smallNetwork()];
  const result = await fit(kept, data, wild);
  await fit(last, data, { ...wild, restoreBest: false });
  t.true(result.best!.epoch < 6);
  t.not(bits(kept), bits(last));
  const best = smallNetwork();
  for await (const report of fit(best, data, { ...wild, restoreBest: false })) {
    if (report.epoch === result.best!.epoch) break;
  }
  t.is(bits(kept), bits(best));
  t.is(result.testAccuracy, (await kept.evaluate(data.test)).accuracy);
});

test('samples for validation are not trained with', async (t) => {
  const indices = Uint32Array.from({ length: 50 }, (_, index) => 2 * index);
  const starts: FitStart[] = [];
  const result = await fit(smallNetwork(), train, {
    ...options,
    epochs: 1,
    validation: indices,
    onStart: (start) => void starts.push(start),
  });
  t.is(starts[0]?.trainSamples, 250);
  t.is(starts[0]?.validationSamples, 50);
  t.true(starts[0]!.planBytes > 0);
  t.is(result.testAccuracy, null);
  const none = await fit(smallNetwork(), train, { ...options, epochs: 1, validation: 0 });
  t.is(none.history[0]?.validationAccuracy, null);
  t.is(none.best?.monitor, 'trainLoss');
});

test('a loss that is not finite ends the training with an error that names the layer', async (t) => {
  const explosive: FitOptions = {
    ...options,
    epochs: 50,
    optimizer: { kind: 'adamw', learningRate: 1000, weightDecay: 1 },
  };
  const error = await t.throwsAsync(async () => fit(smallNetwork(), data, explosive), {
    instanceOf: SynfireError,
  });
  t.is(error?.code, 'ERR_SYNFIRE_NUMERIC');
  t.regex(error!.message, /layers\.\d/);
});

const refusals: [string, FitOptions, RegExp][] = [
  ['no epochs', { epochs: 0 }, /epochs is 0/],
  ['an unknown option', { epoch: 3 } as FitOptions, /did you mean epochs/],
  ['all samples for validation', { validation: 300 }, /validation/],
  ['an index twice', { validation: Uint32Array.of(1, 1) }, /each of them once/],
  ['an index past the end', { validation: Uint32Array.of(300) }, /indices below 300/],
  ['a monitor without validation samples', { validation: 0, earlyStopping: {} }, /convergence\.monitor/],
  ['early stopping twice', { earlyStopping: {}, convergence: {} }, /either earlyStopping or convergence/],
  ['weights that the data do not have', { sampleWeights: true }, /sampleWeights/],
  ['resuming from nowhere', { resume: true }, /resume is true/],
  [
    'a best model that is not saved',
    { restoreBest: true, checkpoint: { directory: 'x', saveBest: false } },
    /restoreBest/,
  ],
  [
    'checkpoints without a folder',
    { checkpoint: {} as { directory: string } },
    /checkpoint\.directory is missing/,
  ],
];

for (const [name, wrong, message] of refusals) {
  test(`refuses ${name}`, (t) => {
    const error = t.throws(() => fit(smallNetwork(), data, wrong), { instanceOf: SynfireError, message });
    t.is(error?.code, 'ERR_SYNFIRE_INVALID_ARGUMENT');
  });
}

test('data that are none are refused', (t) => {
  for (const wrong of [undefined, {}, { train: [1, 2] }]) {
    t.throws(() => fit(smallNetwork(), wrong as never), { instanceOf: SynfireError, message: /^data is/ });
  }
});

test('data that do not fit the network are refused', (t) => {
  const network = smallNetwork();
  network.config.inputShape[1] = 7;
  t.throws(() => fit(network, data), { instanceOf: SynfireError, message: /dataset\.shape/ });
});

test('an aborted training goes on with the same bits, wherever it was stopped', async (t) => {
  const whole = smallNetwork();
  const expected = await fit(whole, data, { ...saving, checkpoint: { directory: await folder(t) } });
  const directory = await folder(t);
  let interruptions = 0;
  for (;;) {
    const network = smallNetwork();
    const controller = new AbortController();
    const timer = setTimeout(() => controller.abort(), 3 + 2 * interruptions);
    try {
      const result = await fit(network, data, {
        ...saving,
        checkpoint: { directory },
        resume: true,
        signal: controller.signal,
      });
      t.deepEqual(figures(result.history), figures(expected.history));
      t.deepEqual(result.best, expected.best);
      t.is(result.testLoss, expected.testLoss);
      t.is(bits(network), bits(whole));
      break;
    } catch (error) {
      t.is((error as Error).name, 'AbortError', String(error));
      interruptions += 1;
    } finally {
      clearTimeout(timer);
    }
  }
  t.true(interruptions > 0);
});

test('a training goes on from any of its checkpoints with the same bits', async (t) => {
  const directory = await folder(t);
  const whole = smallNetwork();
  const result = await fit(whole, data, { ...saving, checkpoint: { directory, keep: 10 } });
  const files = (await readdir(directory)).filter((name) => name.startsWith('epoch-'));
  t.is(files.length, 4);
  for (const file of files) {
    const network = smallNetwork();
    const resumed = await fit(network, data, {
      ...saving,
      resume: join(directory, file),
      restoreBest: false,
    });
    t.deepEqual(figures(resumed.history), figures(result.history), file);
  }
});

test('resuming finishes what a process that was killed while it saved left undone', async (t) => {
  const directory = await folder(t);
  const checkpoint = { directory, keep: 2 };
  await fit(smallNetwork(), data, { ...saving, epochs: 3, checkpoint });
  const before = (await readdir(directory)).sort();
  const latest = join(directory, 'latest.safetensors');
  const { metadata } = await loadCheckpoint(latest);
  t.is(metadata.training?.best?.epoch, 3);
  const second = join(directory, 'epoch-000002.safetensors');
  await linkFileAtomic(second, join(directory, 'epoch-000001.safetensors'));
  await linkFileAtomic(second, join(directory, 'best.safetensors'));
  await rm(join(directory, 'epoch-000003.safetensors'));
  const { history } = await fit(smallNetwork(), data, { ...saving, epochs: 3, checkpoint, resume: true });
  t.deepEqual(history, metadata.training?.history);
  t.deepEqual((await readdir(directory)).sort(), before);
  t.is((await loadCheckpoint(join(directory, 'best.safetensors'))).metadata.training?.epoch, 3);
  t.is((await loadCheckpoint(join(directory, 'epoch-000003.safetensors'))).metadata.training?.epoch, 3);
});

test('the folder of checkpoints holds the latest, the best and the last few', async (t) => {
  const directory = await folder(t);
  const result = await fit(smallNetwork(), data, { ...saving, checkpoint: { directory, keep: 2 } });
  t.deepEqual((await readdir(directory)).sort(), [
    'best.safetensors',
    'epoch-000003.safetensors',
    'epoch-000004.safetensors',
    'latest.safetensors',
  ]);
  const { network, metadata } = await loadCheckpoint(result.checkpoints!.best!);
  t.is(metadata.training?.epoch, result.best?.epoch);
  network.prepare({ batchSize: 16 });
  t.is((await network.evaluate(data.test)).loss, result.testLoss!);
});

test('leaving the iteration saves where the training stands', async (t) => {
  const directory = await folder(t);
  const checkpoint = { directory, saveEveryEpochs: 100, saveBest: false };
  const whole = await fit(smallNetwork(), data, { ...saving, restoreBest: false });
  for await (const report of fit(smallNetwork(), data, { ...saving, checkpoint }))
    if (report.epoch === 2) break;
  const { metadata } = await loadCheckpoint(join(directory, 'latest.safetensors'));
  t.like(metadata.training, { epoch: 2, step: 0 });
  const resumed = await fit(smallNetwork(), data, { ...saving, checkpoint, resume: true });
  t.deepEqual(figures(resumed.history), figures(whole.history));
});

test('a finished training can be trained longer', async (t) => {
  const directory = await folder(t);
  await fit(smallNetwork(), data, { ...saving, epochs: 2, checkpoint: { directory } });
  const longer = await fit(smallNetwork(), data, {
    ...saving,
    epochs: 4,
    checkpoint: { directory },
    resume: directory,
  });
  const whole = await fit(smallNetwork(), data, { ...saving, epochs: 4 });
  t.deepEqual(figures(longer.history), figures(whole.history));
});

test('a new training does not replace the checkpoints of another', async (t) => {
  const directory = await folder(t);
  await fit(smallNetwork(), data, { ...options, epochs: 1, checkpoint: { directory } });
  const error = await t.throwsAsync(
    async () => fit(smallNetwork(), data, { ...options, checkpoint: { directory } }),
    {
      instanceOf: SynfireError,
      message: /a folder without checkpoints/,
    },
  );
  t.is(error?.code, 'ERR_SYNFIRE_CHECKPOINT');
});

test('resuming with other settings is refused and names them', async (t) => {
  const directory = await folder(t);
  await fit(smallNetwork(), data, { ...options, epochs: 1, checkpoint: { directory } });
  const resumed =
    (changes: FitOptions, network = smallNetwork()) =>
    async () =>
      fit(network, data, { ...options, resume: directory, ...changes });
  const error = await t.throwsAsync(
    resumed({ batchSize: 8, optimizer: { kind: 'adam', learningRate: 0.02 } }),
    { instanceOf: SynfireError },
  );
  t.is(error?.code, 'ERR_SYNFIRE_CHECKPOINT');
  t.regex(error!.message, /training\.batchSize is 8; expected 16/);
  t.regex(error!.message, /training\.optimizer\.learningRate is 0\.02; expected 0\.01/);
  await t.throwsAsync(resumed({}, smallNetwork('rate')), {
    message: /network\.learning\.mode is "rate"; expected "bptt"/,
  });
  await t.throwsAsync(resumed({ validation: 0.2 }), { message: /data\.validationPart/ });
  await t.throwsAsync(async () => fit(smallNetwork(), smallData(300, 9), { ...options, resume: directory }), {
    message: /data\.contents/,
  });
  await t.notThrowsAsync(resumed({ epochs: 2, threads: 2 }));
});

test('a best model that has disappeared is an error, unless it is not wanted', async (t) => {
  const directory = await folder(t);
  const from = await folder(t);
  await fit(smallNetwork(), data, { ...options, epochs: 3, checkpoint: { directory } });
  const { metadata } = await loadCheckpoint(join(directory, 'latest.safetensors'));
  const latest = join(from, 'latest.safetensors');
  await copyFile(join(directory, 'latest.safetensors'), latest);
  const resumed = async () => fit(smallNetwork(), data, { ...options, epochs: 4, resume: latest });
  if (metadata.training?.best?.epoch === 3) await t.notThrowsAsync(resumed);
  else await t.throwsAsync(resumed, { message: /the model of epoch \d/ });
  await t.notThrowsAsync(async () =>
    fit(smallNetwork(), data, { ...options, epochs: 4, resume: latest, restoreBest: false }),
  );
});

const saving: FitOptions = {
  ...options,
  optimizer: { kind: 'adamw', learningRate: 0.01 },
  schedule: { kind: 'cosine', warmupEpochs: 0.5, epochs: 4 },
  augmentation: { shift: 1 },
  earlyStopping: { patience: 50, monitor: 'validationLoss' },
};

/** The part of reports that does not depend on the clock. */
function figures(history: readonly EpochReport[]): unknown[] {
  return history.map(({ seconds: _s, validationSeconds: _v, samplesPerSecond: _r, ...rest }) => rest);
}

async function folder(t: ExecutionContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'synfire-fit-'));
  t.teardown(() => rm(path, { recursive: true, force: true }));
  return path;
}
