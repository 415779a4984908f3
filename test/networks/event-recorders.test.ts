// What recorders of event networks see, and when.
import test from 'ava';
import { EventNetwork } from '../../lib/networks/event-network.ts';
import { mixedNetwork } from './small-event-networks.ts';

function firing(timesMs: readonly number[], neurons: readonly number[] = timesMs.map(() => 0)) {
  const network = new EventNetwork({ populations: { input: { size: 4, source: 'list' } } });
  network.addSpikes('input', { timesMs, neurons });
  return network;
}

test('spikes of chosen neurons, each handed out once', async (t) => {
  const network = firing([1, 2, 3, 4, 5], [0, 1, 2, 3, 1]);
  const recorder = network.recordSpikes('input', { neurons: [1, 3] });
  await network.run(3);
  t.deepEqual(recorder.take(), { timesMs: Float64Array.of(2), neurons: Uint32Array.of(1) });
  await network.run(3);
  t.deepEqual(recorder.take(), { timesMs: Float64Array.of(4, 5), neurons: Uint32Array.of(3, 1) });
  t.deepEqual(recorder.take(), { timesMs: new Float64Array(), neurons: new Uint32Array() });
});

test('a recorder begins when it is made and is emptied by a reset', async (t) => {
  const network = firing([1, 2, 3]);
  await network.run(1.5);
  const recorder = network.recordSpikes('input');
  await network.run(1);
  network.reset();
  network.addSpikes('input', { timesMs: [0.5], neurons: [3] });
  await network.run(5);
  t.deepEqual(recorder.take(), { timesMs: Float64Array.of(0.5), neurons: Uint32Array.of(3) });
});

test('potentials at intervals, in rows of the chosen neurons', async (t) => {
  const network = mixedNetwork({ precision: 'float64' });
  const recorder = network.recordState('grid', 'v', { neurons: [7, 2], intervalMs: 2.5 });
  const all = network.recordState('grid', 'v', { intervalMs: 5 });
  await network.run(10);
  const { timesMs, values, items } = recorder.take();
  const row = (timeMs: number) =>
    values.subarray(2 * timesMs.indexOf(timeMs), 2 * timesMs.indexOf(timeMs) + 2);
  t.is(items, 2);
  t.is(values.length, 2 * timesMs.length);
  t.deepEqual([...timesMs].slice(-4), [2.5, 5, 7.5, 10]);
  const potentials = network.state('grid', 'v');
  t.deepEqual([...row(10)], [potentials[7], potentials[2]]);
  const everyone = all.take();
  t.is(everyone.items, 50);
  t.deepEqual(everyone.values.slice(-50), potentials);
  t.is(recorder.take().values.length, 0);
});

test('weights and traces at intervals', async (t) => {
  const network = mixedNetwork();
  const weights = network.recordWeights('noise->grid', { synapses: [0, 5], intervalMs: 50 });
  const traces = network.recordTraces('noise->grid', { side: 'pre', neurons: [0, 1, 2], intervalMs: 10 });
  const post = network.recordTraces('noise->grid', { side: 'post', intervalMs: 100 });
  await network.run(100);
  const now = network.weights('noise->grid');
  const record = weights.take();
  t.is(record.items, 2);
  t.is(record.timesMs.at(-1), 100);
  t.deepEqual([...record.values.slice(-2)], [now[0], now[5]]);
  const { values, items } = traces.take();
  t.is(items, 3);
  t.true(values.some((value) => value > 0) && values.every((value) => value >= 0));
  t.is(post.take().items, 50);
});

test('rates in bins, as soon as these are complete', async (t) => {
  const network = firing([0, 1, 10, 10, 10.5, 25], [0, 1, 0, 2, 3, 1]);
  const recorder = network.recordRates('input', { binMs: 10 });
  await network.run(15);
  // Four neurons for 10 ms: a spike is 25 Hz. A bin has the spikes at its end, not those at its beginning.
  t.deepEqual(recorder.take(), { timesMs: Float64Array.of(0), ratesHz: Float64Array.of(100) });
  t.deepEqual(recorder.take(), { timesMs: new Float64Array(), ratesHz: new Float64Array() });
  await network.run(25);
  t.deepEqual(recorder.take(), { timesMs: Float64Array.of(10, 20, 30), ratesHz: Float64Array.of(25, 25, 0) });

  network.reset();
  network.addSpikes('input', { timesMs: [7], neurons: [0] });
  await network.run(10);
  t.deepEqual(recorder.take(), { timesMs: Float64Array.of(0), ratesHz: Float64Array.of(25) });
});

test('bins begin with the recorder', async (t) => {
  const network = firing([1, 4, 7]);
  await network.run(3);
  const recorder = network.recordRates('input', { binMs: 2 });
  await network.run(4);
  t.deepEqual(recorder.take(), { timesMs: Float64Array.of(3, 5), ratesHz: Float64Array.of(125, 125) });
});
