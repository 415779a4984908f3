// Supervised teaching: it learns, its bits do not depend on threads and interruptions, and classes that the network
// has no neuron for are left out.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { EventNetwork } from '../../lib/networks/event-network.ts';
import { presets } from '../../lib/networks/presets.ts';
import { EventClassifier } from '../../lib/training/event-classifier.ts';
import type { EventFitStart } from '../../lib/training/event-reports.ts';
import { type TeachingFitOptions, trainTeaching } from '../../lib/training/teaching.ts';
import { digits } from './events.ts';

const train = await digits(900);
const options = { epochs: 4, images: 400, batchSize: 4, evaluateEvery: 200 } satisfies TeachingFitOptions;
const network = (threads = 2) => new EventNetwork({ ...presets.teaching(), threads });
const bits = (taught: EventNetwork) => Buffer.from(taught.weights('input->output').buffer).toString('base64');

test('three classes of digits are learned', async (t) => {
  const data = { train: await digits(4000), test: await digits(900, 2 ** 31) };
  const {
    best,
    test: measured,
    history,
  } = await trainTeaching(network(), data, {
    ...{ epochs: 2, batchSize: 2, evaluateEvery: 500 },
  });
  t.true(history.length > 2);
  t.true(best!.validationAccuracy! > 0.7, `${best?.validationAccuracy}`);
  t.true(measured!.accuracy > 0.7, `${measured?.accuracy}`);
  t.is(measured!.confusion.length, 3);
});

test('images of classes without a neuron are neither learned nor measured', async (t) => {
  let images = 0;
  const onStart = ({ trainImages, validationImages }: EventFitStart) => {
    images = trainImages + validationImages;
  };
  await trainTeaching(network(), train, { ...options, images: 4, onStart });
  t.is(images, train.labels().filter((label) => label < 3).length);
});

test('the same seed gives the same bits for any number of threads, before and after a resume', async (t) => {
  const straight = network();
  const { history } = await trainTeaching(straight, train, options);
  const directory = await mkdtemp(join(tmpdir(), 'synfire-teaching-'));
  t.teardown(() => rm(directory, { recursive: true, force: true }));
  const stop = new AbortController();
  const stopped = trainTeaching(network(1), train, {
    ...{ ...options, checkpoint: { directory, saveEvery: 50 }, signal: stop.signal },
    onProgress: ({ images, part }) => {
      if (part === 'train' && images >= 230) stop.abort(new Error('enough'));
    },
  });
  await t.throwsAsync(Promise.resolve(stopped), { message: 'enough' });
  const resumed = network(3);
  const rest = await trainTeaching(resumed, train, { ...options, checkpoint: { directory }, resume: true });
  t.is(bits(resumed), bits(straight));
  t.deepEqual(
    rest.history.map(({ validationAccuracy }) => validationAccuracy),
    history.map(({ validationAccuracy }) => validationAccuracy),
  );
  const { classifier } = await EventClassifier.load(rest.checkpoints!.best!);
  t.deepEqual([...classifier.neuronClasses], [0, 1, 2]);
  t.is((await classifier.predict(train)).classes.length, 900);
});
