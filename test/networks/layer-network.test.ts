import test from 'ava';
import { Dataset } from '../../lib/data/dataset.ts';
import { SynfireError } from '../../lib/errors.ts';
import { type EvaluateOptions, LayerNetwork } from '../../lib/networks/layer-network.ts';
import { avgPool2d, conv2d, dense, dropout, leaky, lif, maxPool2d } from '../../lib/networks/layers.ts';
import { presets } from '../../lib/networks/presets.ts';

const side = 8;
const size = side * side;
const classes = 3;

const smallNetwork = () =>
  new LayerNetwork({
    inputShape: [1, side, side],
    timesteps: 6,
    seed: 3,
    layers: [
      conv2d({ filters: 4, kernel: 3, neuron: lif({ reset: 'subtract' }) }),
      avgPool2d({ kernel: 2 }),
      dropout({ rate: 0.25 }),
      dense({ units: 12 }),
      dense({ units: classes }),
    ],
  });

/** Pictures whose pixels come from a small generator, so that they are the same in every run. */
function pictures(count: number): Uint8Array {
  let state = 1;
  return Uint8Array.from({ length: count * size }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> 24;
  });
}

const smallDataset = (count: number) =>
  Dataset.fromArrays({
    samples: pictures(count),
    labels: Int32Array.from({ length: count }, (_, i) => i % classes),
    shape: [1, side, side],
    classes,
  });

test('a network describes its layers and parameters', (t) => {
  const network = smallNetwork();
  t.deepEqual(network.inputShape, [1, side, side]);
  t.is(network.classes, classes);
  const layers = network.describe();
  t.deepEqual(
    layers.map(({ kind, outputShape, parameters }) => [kind, outputShape, parameters]),
    [
      ['conv2d', [4, 6, 6], 4 * 9 + 4],
      ['avgPool2d', [4, 3, 3], 0],
      ['dropout', [4, 3, 3], 0],
      ['dense', [12], 12 * 36 + 12],
      ['dense', [3], 3 * 12 + 3],
    ],
  );
  t.deepEqual(network.parameters(), [
    { name: 'layers.0.weight', shape: [4, 1, 3, 3] },
    { name: 'layers.0.bias', shape: [4] },
    { name: 'layers.3.weight', shape: [12, 36] },
    { name: 'layers.3.bias', shape: [12] },
    { name: 'layers.4.weight', shape: [3, 12] },
    { name: 'layers.4.bias', shape: [3] },
  ]);
});

test('a preset is a network by its name', (t) => {
  const network = new LayerNetwork('conv-snn');
  t.deepEqual(network.config, new LayerNetwork(presets.convSnn()).config);
  t.deepEqual(network.get('layers.2.bias'), new Float32Array(10));
});

test("a layer's own name is the name of its parameters", (t) => {
  const layers = [dense({ name: 'hidden', units: 5 }), dense({ units: 2 })];
  const network = new LayerNetwork({ inputShape: [1, side, side], layers });
  const names = network.parameters().map(({ name }) => name);
  t.deepEqual(names, ['hidden.weight', 'hidden.bias', 'layers.1.weight', 'layers.1.bias']);
  t.is(network.get('hidden.weight').length, 5 * size);
});

test('the seed decides the initial weights', (t) => {
  const weights = (seed: number) => new LayerNetwork(presets.convSnn({ seed })).get('layers.1.weight');
  t.deepEqual(weights(1), weights(1));
  t.notDeepEqual(weights(1), weights(2));
});

test('initial weights have the deviation that was asked for', (t) => {
  const weights = new LayerNetwork('conv-snn').get('layers.1.weight');
  const mean = weights.reduce((sum, weight) => sum + weight, 0) / weights.length;
  const variance = weights.reduce((sum, weight) => sum + (weight - mean) ** 2, 0) / weights.length;
  const expected = Math.sqrt(2 / (2304 + 1024));
  t.true(Math.abs(mean) < expected / 500);
  t.true(Math.abs(Math.sqrt(variance) / expected - 1) < 0.005);
});

test('parameters can be replaced', (t) => {
  const network = smallNetwork();
  const values = Float32Array.from({ length: 36 }, (_, i) => i / 7);
  network.set('layers.4.weight', values);
  t.deepEqual(network.get('layers.4.weight'), values);
  network.get('layers.4.weight').fill(0);
  t.deepEqual(network.get('layers.4.weight'), values);
});

test('parameters of the wrong name, size, type or value are refused', (t) => {
  const network = smallNetwork();
  const refused = (name: string, values: unknown) =>
    t.throws(() => network.set(name, values as Float32Array), { instanceOf: SynfireError });
  t.regex(refused('layers.4.wieght', new Float32Array(36)).message, /did you mean layers\.4\.weight\?/);
  t.is(refused('layers.4.weight', new Float32Array(35)).field, 'layers.4.weight');
  t.is(refused('layers.4.weight', new Float64Array(36)).field, 'layers.4.weight');
  t.is(refused('layers.4.bias', Float32Array.of(0, Number.NaN, 0)).field, 'layers.4.bias[1]');
  t.throws(() => network.get('layers.9.weight'), { instanceOf: SynfireError });
  t.throws(() => network.get(undefined as unknown as string), { instanceOf: SynfireError });
});

test('a configuration that cannot be is refused before anything is built', (t) => {
  const shape = { inputShape: [1, side, side] as [number, number, number] };
  const build = (layers: Parameters<typeof conv2d>[0]) =>
    new LayerNetwork({ ...shape, layers: [conv2d(layers)] });
  const error = t.throws(() => build({ filters: 2, kernel: 9 }), { instanceOf: SynfireError });
  t.is(error.field, 'network.layers.0.kernel');
  t.throws(() => new LayerNetwork('conv-snm' as 'conv-snn'), { instanceOf: SynfireError });
  t.throws(() => new LayerNetwork(undefined as never), { instanceOf: SynfireError });
});

test('prediction gives a row of scores and the best class for every sample', async (t) => {
  const network = smallNetwork();
  const prediction = await network.predict(pictures(5));
  t.is(prediction.scores.length, 5 * classes);
  t.is(prediction.classes.length, 5);
  prediction.classes.forEach((chosen, sample) => {
    const row = prediction.scores.subarray(sample * classes, (sample + 1) * classes);
    t.is(row[chosen], Math.max(...row));
  });
});

test('numbers predict what the bytes predict that they stand for', async (t) => {
  const network = smallNetwork();
  const bytes = pictures(4);
  const numbers = Float32Array.from(bytes, (byte) => byte / 255);
  t.deepEqual(await network.predict(numbers), await network.predict(bytes));
  t.deepEqual(network.predictOne(numbers.subarray(0, size)), network.predictOne(bytes.subarray(0, size)));
});

test('prediction depends on the seed alone, not on threads or batches', async (t) => {
  const samples = pictures(20);
  const scores = async (options: { threads: number; batchSize: number }, seed?: number) => {
    const network = smallNetwork();
    network.prepare(options);
    return (await network.predict(samples, seed === undefined ? {} : { seed })).scores;
  };
  const expected = await scores({ threads: 1, batchSize: 64 });
  t.deepEqual(await scores({ threads: 3, batchSize: 7 }), expected);
  t.deepEqual(await scores({ threads: 2, batchSize: 1 }), expected);
  t.deepEqual(await scores({ threads: 2, batchSize: 20 }, 3), expected);
  t.notDeepEqual(await scores({ threads: 1, batchSize: 64 }, 4), expected);
});

test('one sample at a time gives the scores of a batch of one', async (t) => {
  const network = smallNetwork();
  const sample = pictures(1);
  const { scores } = await network.predict(sample);
  t.deepEqual(network.predictOne(sample), scores);
  const own = new Float32Array(classes);
  t.is(network.predictOne(sample, own), own);
  t.deepEqual(own, scores);
});

test('samples of the wrong size or range are refused', async (t) => {
  const network = smallNetwork();
  const rejected = { instanceOf: SynfireError, code: 'ERR_SYNFIRE_INVALID_ARGUMENT' };
  await t.throwsAsync(network.predict(new Uint8Array(size + 1)), rejected);
  await t.throwsAsync(network.predict(new Uint8Array(0)), rejected);
  await t.throwsAsync(network.predict(new Float32Array(size).fill(1.5)), rejected);
  await t.throwsAsync(network.predict(new Float32Array(size).fill(Number.NaN)), rejected);
  await t.throwsAsync(network.predict(pictures(1), { seed: -1 }), rejected);
  t.throws(() => network.predictOne(pictures(2)), rejected);
  t.throws(() => network.predictOne(undefined as unknown as Uint8Array), rejected);
  t.throws(() => network.predictOne(pictures(1), new Float32Array(2)), rejected);
  t.throws(() => network.predictOne(pictures(1), new Float64Array(3) as unknown as Float32Array), rejected);
});

test('evaluation counts what prediction says', async (t) => {
  const network = smallNetwork();
  const dataset = smallDataset(50);
  const result = await network.evaluate(dataset);
  const { classes: expected } = await network.predict(pictures(50));
  t.deepEqual(result.predictions, expected);
  t.is(result.samples, 50);
  const correct = expected.filter((chosen, i) => chosen === i % classes).length;
  t.is(result.accuracy, correct / 50);
  t.true(result.loss > 0 && Number.isFinite(result.loss));
  t.deepEqual(result.layers, []);
  t.is(
    result.confusion.flat().reduce((sum, count) => sum + count, 0),
    50,
  );
  t.is(
    result.confusion.reduce((sum, row, i) => sum + row[i]!, 0),
    correct,
  );
  t.deepEqual(
    result.confusion.map((row) => row.reduce((sum, count) => sum + count, 0)),
    [17, 17, 16],
  );
});

test('evaluation of a part sees that part, with the spikes it has in the whole', async (t) => {
  const network = smallNetwork();
  const dataset = smallDataset(30);
  const whole = await network.evaluate(dataset);
  const part = await network.evaluate(dataset, { indices: Uint32Array.of(7, 3, 29) });
  t.deepEqual(
    [...part.predictions],
    [7, 3, 29].map((index) => whole.predictions[index]!),
  );
  t.is(part.samples, 3);
});

test('statistics count spikes and operations', async (t) => {
  const network = smallNetwork();
  const { layers } = await network.evaluate(smallDataset(10), { statistics: true });
  t.true(layers.length > 0);
  for (const layer of layers) {
    t.true(layer.spikes >= 0 && layer.spikes <= layer.neuronSteps, layer.name);
    t.true(layer.synapticOperations >= 0);
  }
  t.true(layers.some((layer) => layer.spikes > 0));
});

test('evaluation refuses data that do not fit', async (t) => {
  const network = smallNetwork();
  const samples = new Uint8Array(2 * 81);
  const labels = Int32Array.of(0, 1);
  const larger = Dataset.fromArrays({ samples, labels, shape: [1, 9, 9], classes: 2 });
  const shape = await t.throwsAsync(network.evaluate(larger), { instanceOf: SynfireError });
  t.is(shape?.field, 'dataset.shape');
  const many = Dataset.fromArrays({ samples: pictures(2), labels, shape: [1, side, side], classes: 4 });
  const tooMany = await t.throwsAsync(network.evaluate(many), { instanceOf: SynfireError });
  t.is(tooMany?.field, 'dataset.classes');
  const outside: EvaluateOptions = { indices: Uint32Array.of(0, 50) };
  await t.throwsAsync(network.evaluate(smallDataset(50), outside), { instanceOf: SynfireError });
  for (const indices of [new Uint32Array(0), [0, 1] as unknown as Uint32Array]) {
    const error = await t.throwsAsync(network.evaluate(smallDataset(5), { indices }), {
      instanceOf: SynfireError,
    });
    t.is(error?.field, 'indices');
  }
  for (const dataset of [null, undefined, {}, []] as unknown as Dataset[]) {
    const error = await t.throwsAsync(network.evaluate(dataset), { instanceOf: SynfireError });
    t.is(error?.field, 'dataset');
  }
});

test('a signal ends prediction and evaluation with its reason', async (t) => {
  const network = smallNetwork();
  const reason = new Error('enough');
  const signal = AbortSignal.abort(reason);
  t.is(await t.throwsAsync(network.predict(pictures(2), { signal })), reason);
  t.is(await t.throwsAsync(network.evaluate(smallDataset(5), { signal })), reason);
});

test.serial('while one operation runs, others are refused as busy', async (t) => {
  const network = new LayerNetwork('conv-snn');
  const samples = new Uint8Array(512 * 784).fill(100);
  const running = network.predict(samples);
  const busy = { instanceOf: SynfireError, code: 'ERR_SYNFIRE_BUSY' };
  t.throws(() => network.predictOne(samples.subarray(0, 784)), busy);
  await t.throwsAsync(network.predict(samples), busy);
  t.throws(() => network.set('layers.2.bias', new Float32Array(10)), busy);
  t.is((await running).classes.length, 512);
  t.notThrows(() => network.predictOne(samples.subarray(0, 784)));
});

test('integrators are read at their last or largest potential', async (t) => {
  const network = (readout: 'lastMembrane' | 'maxMembrane') =>
    new LayerNetwork({
      inputShape: [1, side, side],
      layers: [
        conv2d({ filters: 3, kernel: 3 }),
        maxPool2d({ kernel: 2 }),
        dense({ units: classes, neuron: leaky({ decay: 0.5 }) }),
      ],
      readout,
      encoder: 'latency',
    });
  const last = await network('lastMembrane').predict(pictures(3));
  const most = await network('maxMembrane').predict(pictures(3));
  t.true(last.scores.every((score, i) => score <= most.scores[i]!));
  t.notDeepEqual(last.scores, most.scores);
});

test('a plan tells its memory', (t) => {
  const network = smallNetwork();
  const small = network.prepare({ batchSize: 1, threads: 1 }).peakBytes;
  const large = network.prepare({ batchSize: 256, threads: 1 }).peakBytes;
  t.true(small > 0);
  t.true(large > small);
  const rejected = { instanceOf: SynfireError, code: 'ERR_SYNFIRE_INVALID_ARGUMENT' };
  t.throws(() => network.prepare({ batchSize: 0 }), rejected);
  t.throws(() => network.prepare({ threads: 0 }), rejected);
  t.throws(() => network.prepare({ batchSize: 1.5 }), rejected);
});
