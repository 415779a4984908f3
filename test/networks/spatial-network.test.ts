// Spatial networks from JavaScript: answering, learning, growing, pruning, and what is refused.
import test from 'ava';
import { Dataset } from '../../lib/data/index.ts';
import { presets } from '../../lib/networks/presets.ts';
import {
  mortonEncode,
  SpatialNetwork,
  type SpatialNetworkOptions,
} from '../../lib/networks/spatial-network.ts';
import { type Expected, rejectsWith, throwsError } from './errors.ts';
import {
  identityLoss,
  identityNetwork,
  largerNetwork,
  learnIdentity,
  mean,
  randomValues,
  stateDigest,
} from './small-spatial.ts';

/** Memories of a few pages, which fill up within some hundred samples. */
const small: SpatialNetworkOptions = { capacity: 40 };
const startedWith = 4294967295;

// ---- answering ----------------------------------------------------------------------------------------------------

test('a network knows its grids, its options and its neurons', (t) => {
  const network = new SpatialNetwork([4, 16, [4, 1, 1]]);
  t.deepEqual(network.grids, [
    [2, 2, 1],
    [4, 2, 2],
    [4, 1, 1],
  ]);
  t.like(network.options, { bits: 4, capacity: 256, activation: ['map', 'identity'] });
  t.deepEqual([network.inputs, network.outputs, network.batches], [4, 4, 0]);
  const { layers, ...all } = network.statistics();
  t.like(all, {
    neurons: 20,
    active: 0,
    meanSaturation: 0,
    sparsity: 1,
    storedWeights: 0,
    growthCandidates: 0,
  });
  t.like(all, { pruneCandidates: 20, silentSites: 0 });
  t.is(all.memoryBytes, network.memoryBytes);
  t.true(network.memoryBytes > 0);
  t.deepEqual(
    layers.map(({ grid, window, neurons }) => [grid, window, neurons]),
    [
      [[4, 2, 2], [2, 2, 1], 16],
      [[4, 1, 1], [3, 2, 2], 4],
    ],
  );
  const { ids, parents, positions, mortonCodes } = network.neurons(0);
  t.is(new Set(ids).size, 16);
  t.true(parents.every((parent) => parent === startedWith));
  const codes = Array.from(ids, (_, neuron) => mortonEncode(...place(positions, neuron)));
  t.deepEqual([...mortonCodes], codes);
  t.deepEqual(
    codes,
    codes.toSorted((a, b) => Number(a - b)),
  );
});

test('a network rebuilt from its grids and options is the same', async (t) => {
  const network = largerNetwork();
  const rebuilt = new SpatialNetwork(network.grids, network.options);
  const inputs = randomValues(64 * network.inputs, 3);
  const targets = randomValues(64 * network.outputs, 4);
  for (const one of [network, rebuilt]) await one.train(inputs, targets);
  t.is(await stateDigest(rebuilt), await stateDigest(network));
});

test('forward answers for one input what predict does for many', async (t) => {
  const network = largerNetwork();
  await network.train(randomValues(200 * network.inputs, 1, -1), randomValues(200 * network.outputs, 2, -1));
  const inputs = randomValues(5 * network.inputs, 3, -1);
  const outputs = await network.predict(inputs);
  t.is(outputs.length, 5 * network.outputs);
  t.true(outputs.some((value) => value !== 0));
  const room = new Float32Array(network.outputs);
  for (let sample = 0; sample < 5; sample++) {
    const input = inputs.subarray(sample * network.inputs, (sample + 1) * network.inputs);
    const expected = outputs.subarray(sample * network.outputs, (sample + 1) * network.outputs);
    t.deepEqual(network.forward([...input]), expected);
    t.is(network.forward(input, room), room);
    t.deepEqual(room, expected);
  }
});

test('with a temporal decay an output follows on the one before, until the state is forgotten', async (t) => {
  const network = identityNetwork({ temporalDecay: 0.5 });
  await learnIdentity(network, 100);
  const input = [0.2, 0.4, 0.6, 0.8];
  const first = network.forward(input);
  const second = network.forward(input);
  t.notDeepEqual(second, first);
  network.resetState();
  t.deepEqual(network.forward(input), first);
  t.deepEqual(await network.predict([...input, ...input]), Float32Array.of(...first, ...first));
});

test('training keeps the temporal state from batch to batch when asked to', async (t) => {
  const batches = [1, 2, 3].map((seed) => randomValues(16 * 4, seed));
  const learned = async (keepState: boolean, cut: boolean) => {
    const network = identityNetwork({ temporalDecay: 0.5 });
    for (const batch of batches) {
      if (cut) network.resetState();
      await network.trainBatch(batch, batch, { keepState });
    }
    return stateDigest(network);
  };
  t.not(await learned(true, false), await learned(true, true));
  const network = identityNetwork({ temporalDecay: 0.5 });
  const all = Float32Array.from(batches.flatMap((batch) => [...batch]));
  await network.train(all, all, { keepState: true });
  t.is(await stateDigest(network), await learned(true, false));
});

// ---- learning -----------------------------------------------------------------------------------------------------

test('a network learns to repeat its input', async (t) => {
  const network = new SpatialNetwork(...presets.spatialIdentity());
  const losses = await learnIdentity(network, 1000);
  t.is(losses.length, 1000);
  t.is(network.batches, 1000);
  const [first, last] = [mean(losses.subarray(0, 50)), mean(losses.subarray(950))];
  t.true(last < 0.01 && last < first, `${first} -> ${last}`);
  t.true((await identityLoss(network)) < 0.01);
  const { active, neurons, meanSaturation, sparsity } = network.statistics();
  t.true(active > 0 && active <= neurons);
  t.true(meanSaturation > 0 && meanSaturation <= 1 && sparsity > 0 && sparsity < 1);
});

for (const bits of [1, 2, 4] as const) {
  for (const rounding of ['stochastic', 'residual'] as const) {
    test(`weights of ${bits} bits learn with ${rounding} rounding`, async (t) => {
      const network = identityNetwork({ bits, rounding });
      const losses = await learnIdentity(network, 300);
      const [first, last] = [mean(losses.subarray(0, 20)), mean(losses.subarray(250))];
      t.true(last < first, `${first} -> ${last}`);
    });
  }
}

test('any number of threads learns and grows to the same bits', async (t) => {
  const learned = async (threads: number) => {
    const network = largerNetwork({ threads, growth: { threshold: 0.5, everyBatches: 7 } });
    const inputs = randomValues(500 * network.inputs, 1, -1);
    const report = await network.train(inputs, randomValues(500 * network.outputs, 2, -1), { batchSize: 25 });
    const outputs = await network.predict(inputs.subarray(0, 50 * network.inputs));
    return { bits: await stateDigest(network), losses: report.losses, grown: report.grown, outputs };
  };
  const alone = await learned(1);
  t.true(alone.grown > 0);
  for (const threads of [2, 3, 7]) t.deepEqual(await learned(threads), alone, `${threads} threads`);
});

test('one call learns what many do, and reports it', async (t) => {
  const [inputs, targets] = [randomValues(40 * 4, 1), randomValues(40 * 4, 2)];
  const one = identityNetwork();
  const progress: number[] = [];
  const report = await one.train(inputs, targets, { onProgress: ({ samples }) => progress.push(samples) });
  t.deepEqual([report.batches, report.samples, report.losses.length, report.grown], [3, 40, 3, 0]);
  t.true(report.seconds > 0);
  const many = identityNetwork();
  const losses = [];
  for (const [first, end] of [
    [0, 16],
    [16, 32],
    [32, 40],
  ] as const) {
    const batch = await many.trainBatch(
      inputs.subarray(4 * first, 4 * end),
      targets.subarray(4 * first, 4 * end),
    );
    t.is(batch.samples, end - first);
    losses.push(batch.loss);
  }
  t.deepEqual(Float32Array.from(losses), report.losses);
  t.is(await stateDigest(many), await stateDigest(one));
  const weighted = (16 * losses[0]! + 16 * losses[1]! + 8 * losses[2]!) / 40;
  t.true(Math.abs(report.loss - weighted) < 1e-6);
});

test('an aborted training stands after a whole batch', async (t) => {
  const network = largerNetwork();
  const inputs = randomValues(20_000 * network.inputs, 1);
  const targets = randomValues(20_000 * network.outputs, 2);
  const stop = new AbortController();
  const reason = new Error('enough');
  const training = network.train(inputs, targets, {
    signal: stop.signal,
    onProgress: () => stop.abort(reason),
  });
  t.is(await t.throwsAsync(training), reason);
  const { batches } = network;
  t.true(batches > 0 && batches < 1250, `${batches} batches`);
  const straight = largerNetwork();
  const samples = batches * 16;
  await straight.train(inputs.subarray(0, samples * 120), targets.subarray(0, samples * straight.outputs));
  t.is(await stateDigest(network), await stateDigest(straight));
  t.is(await t.throwsAsync(network.predict(inputs, { signal: AbortSignal.abort(reason) })), reason);
});

test('evaluate compares with targets, or with classes', async (t) => {
  const network = new SpatialNetwork([[3, 2, 1], 8, 3], { seed: 2 });
  const samples = Uint8Array.from(randomValues(30 * 6, 1, 0, 256));
  const values = Float32Array.from(samples, (byte) => byte / 255);
  const targets = randomValues(30 * 3, 2);
  const labels = Array.from({ length: 30 }, (_, index) => index % 3);
  await network.train(values, targets);
  const outputs = await network.predict(values);
  const aimed = await network.evaluate(Dataset.fromArrays({ samples, targets, shape: [2, 3] }));
  const close = (a: number, b: number) => t.true(Math.abs(a - b) < 1e-5, `${a} and ${b}`);
  close(aimed.loss, mean(outputs.map((output, index) => (output - targets[index]!) ** 2)));
  t.deepEqual([aimed.accuracy, aimed.predictions, aimed.confusion, aimed.samples], [null, null, null, 30]);

  const classified = Dataset.fromArrays({ samples, labels, shape: [2, 3] });
  const { loss, accuracy, predictions, confusion } = await network.evaluate(classified);
  close(
    loss,
    mean(
      outputs.map((output, index) => (output - (labels[Math.floor(index / 3)] === index % 3 ? 1 : 0)) ** 2),
    ),
  );
  const found = labels.map((_, row) => {
    const own = outputs.subarray(3 * row, 3 * row + 3);
    return own.indexOf(Math.max(...own));
  });
  t.deepEqual([...predictions!], found);
  close(accuracy!, mean(found.map((chosen, row) => (chosen === labels[row] ? 1 : 0))));
  t.is(
    confusion!.flat().reduce((sum, count) => sum + count),
    30,
  );
  const some = await network.evaluate(classified, { indices: Uint32Array.of(4, 9) });
  t.deepEqual([...some.predictions!], [found[4], found[9]]);
});

// ---- growing and pruning ------------------------------------------------------------------------------------------

test('full neurons split, and every output keeps its bits', async (t) => {
  const network = identityNetwork(small);
  await learnIdentity(network, 200);
  const { growthCandidates, neurons } = network.statistics();
  t.true(growthCandidates >= 2, `${growthCandidates}`);
  const inputs = randomValues(300 * 4, 7, -1);
  const before = await network.predict(inputs);
  const { added, before: sizes, after, seconds } = await network.grow();
  t.is(added, growthCandidates);
  t.deepEqual(sizes, [16, 4]);
  t.is(after[0]! + after[1]!, neurons + added);
  t.is(network.statistics().neurons, neurons + added);
  t.true(seconds >= 0);
  t.deepEqual(await network.predict(inputs), before);
});

test('children have new ids, know their parent, and share its site', async (t) => {
  const network = identityNetwork(small);
  await learnIdentity(network, 200);
  const old = network.neurons(0);
  const places = new Map(Array.from(old.ids, (id, neuron) => [id, place(old.positions, neuron)]));
  const newest = Math.max(...old.ids);
  await network.grow();
  const { ids, parents, positions, firstContexts } = network.neurons(0);
  t.is(new Set(ids).size, ids.length);
  const children = [...ids.keys()].filter((neuron) => parents[neuron] !== startedWith);
  t.true(children.length >= 2);
  for (const child of children) {
    t.true(ids[child]! > newest);
    t.deepEqual(place(positions, child), places.get(parents[child]!));
    t.false(ids.includes(parents[child]!));
  }
  const answers = Array.from(ids, (_, neuron) => `${place(positions, neuron)} ${firstContexts[neuron]}`);
  t.is(new Set(answers).size, ids.length);
});

test('a network grows by itself every so many batches', async (t) => {
  const network = identityNetwork({ ...small, growth: { everyBatches: 100 } });
  const inputs = randomValues(250 * 16 * 4, 1);
  const { grown } = await network.train(inputs, inputs);
  t.true(grown > 0);
  t.is(network.statistics().neurons, 20 + grown);
  const limited = identityNetwork({ ...small, growth: { everyBatches: 100, maxNeurons: 17 } });
  await limited.train(inputs, inputs);
  t.true(limited.statistics().layers.every(({ neurons }) => neurons <= 17));
});

test('a network that has grown is at least as good after it has learned more', async (t) => {
  const network = identityNetwork(small);
  await learnIdentity(network, 300);
  const before = await identityLoss(network);
  const { added } = await network.grow();
  t.true(added > 0);
  await learnIdentity(network, 500, 2);
  const after = await identityLoss(network);
  t.true(after <= before, `${before} -> ${after}`);
});

test('pruning neurons that have stored next to nothing costs next to nothing', async (t) => {
  const network = new SpatialNetwork([[8, 8, 1], [8, 8, 1], 4], { reach: [1, [8, 8, 0]], seed: 3 });
  const batch = (seed: number) => {
    const inputs = randomValues(64 * 64, seed).map((value, at) => (at % 8 < 3 ? value : 0));
    const targets = Float32Array.from(
      { length: 64 * 4 },
      (_, at) => inputs[64 * Math.floor(at / 4) + (at % 4)]!,
    );
    return { inputs, targets };
  };
  for (let seed = 1; seed <= 30; seed++) await network.trainBatch(batch(seed).inputs, batch(seed).targets);
  const held = batch(99);
  const loss = async () => {
    const outputs = await network.predict(held.inputs);
    return mean(outputs.map((output, at) => (output - held.targets[at]!) ** 2));
  };
  const { pruneCandidates } = network.statistics();
  t.true(pruneCandidates >= 16, `${pruneCandidates}`);
  const before = await loss();
  const { removed, before: sizes, after } = await network.prune(0.01);
  t.true(removed >= pruneCandidates);
  t.deepEqual(sizes, [64, 4]);
  t.is(after[0]! + after[1]!, 68 - removed);
  t.true((await loss()) <= 1.1 * before, `${before} -> ${await loss()}`);
  const { silentSites, neurons } = network.statistics();
  t.is(neurons, 68 - removed);
  t.true(silentSites >= 16);
});

test('pruning by contribution removes those that say least', async (t) => {
  const network = identityNetwork();
  await learnIdentity(network, 200);
  const { contribution } = network.neurons(0);
  const middle = [...contribution].sort((a, b) => a - b)[8]!;
  const weaker = contribution.filter((value) => value < middle).length;
  const { before, after } = await network.prune(middle, { by: 'contribution' });
  t.is(before[0]! - after[0]!, weaker);
  t.true(network.neurons(0).contribution.every((value) => value >= middle));
  t.true((await network.predict(randomValues(40, 1))).every(Number.isFinite));
});

test('fifty rounds of learning, growing and pruning leave a sound network', async (t) => {
  const network = identityNetwork({ ...small, growth: { threshold: 0.6 } });
  const random = randomValues(50, 8);
  let newest = 15;
  for (let round = 0; round < 50; round++) {
    const losses = await learnIdentity(network, 10, round + 1);
    t.true(losses.every(Number.isFinite), `round ${round}`);
    if (round % 2 === 0) await network.grow();
    if (round % 3 === 0) {
      const by = round % 6 === 0 ? 'saturation' : 'contribution';
      await network.prune(0.05 * random[round]!, { by });
    }
    for (const layer of [0, 1]) {
      const { ids, parents, storedWeights, saturation, gains } = network.neurons(layer);
      t.is(new Set(ids).size, ids.length);
      t.true(storedWeights.every((weights) => weights <= 40));
      t.true(saturation.every((share) => share >= 0 && share <= 1));
      t.true(gains.every(Number.isFinite));
      if (layer > 0) continue;
      t.true(ids.every((id, neuron) => id <= 15 || parents[neuron]! < id));
      newest = Math.max(newest, ...ids);
    }
  }
  t.true(newest > 15);
  t.true((await network.predict(randomValues(400, 1, -2, 2))).every(Number.isFinite));
  t.true((await identityLoss(network)) < 0.2);
});

test('what a state was taken from can be put back, topology and all', async (t) => {
  const network = identityNetwork(small);
  await learnIdentity(network, 200);
  await network.grow();
  const [state, bits] = [await network.exportState(), await stateDigest(network)];
  await learnIdentity(network, 50, 2);
  await network.grow();
  await network.prune(0.3);
  const further = identityNetwork(small);
  await further.importState(state);
  t.is(await stateDigest(further), bits);
  await network.importState(state);
  t.is(await stateDigest(network), bits);
  for (const one of [network, further]) await learnIdentity(one, 50, 3);
  t.is(await stateDigest(further), await stateDigest(network));
  const other = identityNetwork({ bits: 2 });
  const fault = { ...state['layers.1.gains']!, data: new Float32Array(2) };
  for (const wrong of [{}, state, { ...state, 'layers.1.gains': fault }]) {
    for (const one of [other, further]) {
      if (one === further && wrong === state) continue;
      const before = await stateDigest(one);
      await rejectsWith(t, one.importState(wrong), { code: 'ERR_SYNFIRE_CHECKPOINT' });
      t.is(await stateDigest(one), before);
    }
  }
});

// ---- what is refused ----------------------------------------------------------------------------------------------

test('a network that would be too large is not built, and says what it needs', (t) => {
  throwsError(t, () => new SpatialNetwork([4, 16, 4], { maxMemoryBytes: 1000 }), {
    ...{ code: 'ERR_SYNFIRE_OUT_OF_MEMORY', field: 'maxMemoryBytes', expected: /\d+/ },
  });
  throwsError(t, () => new SpatialNetwork([4, [512, 512, 512]], { maxMemoryBytes: 2 ** 30 }), {
    ...{ code: 'ERR_SYNFIRE_OUT_OF_MEMORY', field: 'maxMemoryBytes', expected: /\d+/ },
  });
});

test('a network does not grow beyond its memory', async (t) => {
  const free = identityNetwork(small);
  await learnIdentity(free, 200);
  const tight = identityNetwork({ ...small, maxMemoryBytes: free.memoryBytes + 10 });
  await learnIdentity(tight, 200);
  const before = await stateDigest(tight);
  await rejectsWith(t, tight.grow(), { code: 'ERR_SYNFIRE_OUT_OF_MEMORY' });
  t.is(await stateDigest(tight), before);
});

const four = new Float32Array(4);
const calls: [string, (network: SpatialNetwork) => unknown, Expected][] = [
  [
    'an input of another length',
    (network) => network.forward([1, 2, 3]),
    { field: 'input.length', value: 3, expected: /^4/ },
  ],
  [
    'an input with a value that is not finite',
    (network) => network.forward([1, Number.NaN, 3, 4]),
    { field: 'input[1]', expected: /a finite number/ },
  ],
  [
    'an input beyond single precision',
    (network) => network.forward([1, 2, 3, 1e39]),
    { field: 'input[3]', value: 1e39 },
  ],
  ['an input in words', (network) => network.forward('abcd' as never), { field: 'input', value: 'abcd' }],
  [
    'words among the input',
    (network) => network.forward([1, '2', 3, 4] as never),
    { field: 'input[1]', value: '2' },
  ],
  [
    'room of another length',
    (network) => network.forward(four, new Float32Array(5)),
    { field: 'output.length', value: 5 },
  ],
  ['room of another type', (network) => network.forward(four, [] as never), { field: 'output' }],
  [
    'no inputs',
    (network) => network.predict([]),
    { field: 'inputs.length', value: 0, expected: /multiple of 4/ },
  ],
  ['broken inputs', (network) => network.predict(new Float32Array(6)), { field: 'inputs.length', value: 6 }],
  [
    'infinite inputs',
    (network) => network.predict(Float32Array.of(1, 2, 3, Infinity)),
    { field: 'inputs[3]', value: Infinity },
  ],
  [
    'targets for other inputs',
    (network) => network.train(new Float32Array(8), four),
    { field: 'targets.length', value: 4, expected: /2 x 4/ },
  ],
  [
    'targets that are not finite',
    (network) => network.trainBatch(four, [0, 0, Number.NaN, 0]),
    { field: 'targets[2]', expected: /a finite number/ },
  ],
  [
    'a batch of none',
    (network) => network.train(four, four, { batchSize: 0 }),
    { field: 'batchSize', value: 0, expected: /from 1 to 65536/ },
  ],
  [
    'half a batch',
    (network) => network.train(four, four, { batchSize: 1.5 }),
    { field: 'batchSize', value: 1.5 },
  ],
  [
    'keepState in words',
    (network) => network.train(four, four, { keepState: 'yes' as never }),
    { field: 'keepState', value: 'yes', expected: /true or false/ },
  ],
  ['a threshold below 0', (network) => network.prune(-1), { field: 'threshold', value: -1 }],
  ['a threshold that is none', (network) => network.prune(Number.NaN), { field: 'threshold' }],
  [
    'an unknown way to prune',
    (network) => network.prune(0.1, { by: 'size' as never }),
    { field: 'by', value: 'size', expected: /"saturation", "contribution"/ },
  ],
  [
    'an unknown layer',
    (network) => network.neurons(2),
    { field: 'layer', value: 2, expected: /from 0 to 1/ },
  ],
  ['half a layer', (network) => network.neurons(0.5), { field: 'layer', value: 0.5 }],
  ['no data set', (network) => network.evaluate({} as never), { field: 'dataset' }],
  [
    'a data set of another size',
    (network) =>
      network.evaluate(Dataset.fromArrays({ samples: new Uint8Array(9), shape: [3, 3], labels: [0] })),
    { field: 'dataset.shape', expected: /4 values/ },
  ],
  [
    'more classes than outputs',
    (network) =>
      network.evaluate(Dataset.fromArrays({ samples: new Uint8Array(4), shape: [4], labels: [4] })),
    { field: 'dataset.classes', value: 5, expected: /at most 4/ },
  ],
  [
    'fewer targets than outputs',
    (network) =>
      network.evaluate(Dataset.fromArrays({ samples: new Uint8Array(4), shape: [4], targets: [1, 2] })),
    { field: 'dataset.targets', value: 2, expected: /4 for each sample/ },
  ],
  [
    'no indices',
    (network) =>
      network.evaluate(Dataset.fromArrays({ samples: new Uint8Array(4), shape: [4], labels: [0] }), {
        indices: new Uint32Array(),
      }),
    { field: 'indices' },
  ],
];

for (const [name, call, expected] of calls) {
  test(`${name} is refused`, async (t) => {
    const network = identityNetwork();
    await rejectsWith(t, (async () => call(network))(), expected);
    t.is(network.batches, 0);
  });
}

test('samples outside of a data set are refused', async (t) => {
  const dataset = Dataset.fromArrays({ samples: new Uint8Array(8), shape: [4], labels: [0, 1] });
  await rejectsWith(t, identityNetwork().evaluate(dataset, { indices: Uint32Array.of(0, 2) }), {});
});

test('a network in use says so', async (t) => {
  const network = largerNetwork();
  const inputs = randomValues(5000 * network.inputs, 1);
  const training = network.train(inputs, randomValues(5000 * network.outputs, 2));
  const busy = { code: 'ERR_SYNFIRE_BUSY' } as const;
  throwsError(t, () => network.forward(inputs.subarray(0, network.inputs)), busy);
  throwsError(t, () => network.statistics(), busy);
  throwsError(t, () => network.neurons(0), busy);
  throwsError(t, () => network.resetState(), busy);
  await rejectsWith(t, network.predict(inputs), busy);
  await rejectsWith(t, network.grow(), busy);
  await rejectsWith(t, network.prune(), busy);
  await rejectsWith(t, network.exportState(), busy);
  await rejectsWith(t, network.importState({}), busy);
  await rejectsWith(t, network.train(inputs, inputs.subarray(0, 5000 * network.outputs)), busy);
  t.is((await training).samples, 5000);
  t.is(network.forward(inputs.subarray(0, network.inputs)).length, network.outputs);
});

function place(positions: Uint16Array, neuron: number): [x: number, y: number, z: number] {
  return [positions[3 * neuron]!, positions[3 * neuron + 1]!, positions[3 * neuron + 2]!];
}

test.serial('a device that is not there is an error that says what is missing', (t) => {
  const before = process.env.SYNFIRE_CUDA_LIBRARY;
  process.env.SYNFIRE_CUDA_LIBRARY = '/nowhere/libsynfire_cuda.so';
  t.teardown(() => {
    if (before === undefined) delete process.env.SYNFIRE_CUDA_LIBRARY;
    else process.env.SYNFIRE_CUDA_LIBRARY = before;
  });
  const expected = { code: 'ERR_SYNFIRE_NATIVE_MISSING', field: 'device', expected: /build:cuda/ } as const;
  throwsError(t, () => identityNetwork({ device: 'cuda' }), expected);
});

test('an input that the engine refuses is told by its number, and the next one is answered', (t) => {
  const network = identityNetwork({ temporalDecay: 0.5 });
  for (const wrong of [Number.NaN, Number.POSITIVE_INFINITY]) {
    const input = Float32Array.of(0, 1, wrong, 0);
    throwsError(t, () => network.forward(input), { field: 'input[2]', expected: /a finite number/ });
  }
  throwsError(t, () => network.forward(Float32Array.of(0, 1e30, 0, 0)), { code: 'ERR_SYNFIRE_NUMERIC' });
  t.true(network.forward(four).every(Number.isFinite));
});
