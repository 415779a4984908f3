// Event networks from JavaScript: building, running, reading, and what is refused.
import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import {
  describeModels,
  describeRules,
  EventNetwork,
  type EventNetworkOptions,
  type ProjectionOptions,
} from '../../lib/networks/event-network.ts';
import { checkError, type Expected, throwsError } from './errors.ts';
import { addInput, busyNetwork, mixedNetwork, mixedOptions, outcome } from './small-event-networks.ts';

/** One input, whose spikes make one exact neuron fire 2 ms later. */
function relay(change: Partial<EventNetworkOptions> = {}) {
  return new EventNetwork({
    populations: { input: { size: 2, source: 'list' }, relay: { size: 2, model: 'lif' } },
    projections: [{ source: 'input', target: 'relay', connect: 'one-to-one', weight: 100 }],
    ...change,
  });
}

// ---- building ----------------------------------------------------------------------------------------------------

test('a network knows its populations, projections and options', (t) => {
  const network = new EventNetwork({
    populations: { b: { size: 3, source: 'poisson' }, a: { size: 5, model: 'adex' } },
    projections: [
      { source: 'b', target: 'a', connect: 'all-to-all' },
      { source: 'b', target: 'a', connect: { outDegree: 2 } },
      {
        name: 'own',
        source: 'a',
        target: 'a',
        connect: { allToAll: { self: false } },
        plasticity: { rule: 'pair' },
      },
    ],
  });
  t.deepEqual(network.populations, [
    { name: 'b', size: 3, kind: 'poisson' },
    { name: 'a', size: 5, kind: 'neurons', model: 'adex' },
  ]);
  t.deepEqual(network.projections, [
    { name: 'b->a', source: 'b', target: 'a', synapses: 15, plastic: false },
    { name: 'b->a#2', source: 'b', target: 'a', synapses: 6, plastic: false },
    { name: 'own', source: 'a', target: 'a', synapses: 20, plastic: true },
  ]);
  t.like(network.options, { seed: 1, dtMs: 0.1, precision: 'float32' });
  t.like(network.options.projections[0], { weight: 1, delayMs: 2, dendriticMs: 0, gain: 1 });
  t.is(network.timeMs, 0);
  t.true(network.learning);
  t.deepEqual(network.variables('a'), ['v', 'ge', 'gi', 'w']);
});

test('a network rebuilt from its options is the same', async (t) => {
  const network = mixedNetwork();
  const rebuilt = mixedNetwork(network.options);
  t.deepEqual(await outcome(rebuilt, [100]), await outcome(network, [100]));
});

test.serial('create builds the same network, and leaves the event loop free', async (t) => {
  const created = await EventNetwork.create(mixedOptions());
  addInput(created);
  t.deepEqual(await outcome(created, [100]), await outcome(mixedNetwork(), [100]));

  let ticks = 0;
  const timer = setInterval(() => ++ticks, 1);
  const large = await EventNetwork.create({
    populations: { many: { size: 4000, model: 'lif' } },
    projections: [{ source: 'many', target: 'many', connect: { probability: 0.2 } }],
  });
  clearInterval(timer);
  t.true(Math.abs(large.projections[0]!.synapses / 3.2e6 - 1) < 0.01);
  t.true(ticks >= 3, `only ${ticks} timer ticks while it was built`);
});

test('create rejects as the constructor throws, and with the reason of its signal', async (t) => {
  const faulty = { populations: { a: { size: 1, model: 'lif', parameters: { tauMs: 0 } } } } as const;
  const error = await t.throwsAsync(EventNetwork.create(faulty));
  checkError(t, error, { code: 'ERR_SYNFIRE_CONFIG', field: 'populations.a.parameters.tauMs', value: 0 });
  const pair = { populations: { a: { size: 2, model: 'lif' }, b: { size: 3, model: 'lif' } } } as const;
  const projections: ProjectionOptions[] = [{ source: 'a', target: 'b', connect: 'one-to-one' }];
  const unequal = await t.throwsAsync(EventNetwork.create({ ...pair, projections }));
  checkError(t, unequal, { code: 'ERR_SYNFIRE_CONFIG', field: 'projections.0.connect' });
  const reason = new Error('changed my mind');
  t.is(
    await t.throwsAsync(EventNetwork.create(mixedOptions(), { signal: AbortSignal.abort(reason) })),
    reason,
  );
});

test('what is needed can be estimated, limited, and is reported', (t) => {
  const options = mixedOptions();
  const estimate = EventNetwork.estimateBytes(options);
  const memory = new EventNetwork(options).memory();
  t.true(memory.totalBytes > 0 && estimate > 0);
  t.is(memory.totalBytes, memory.synapseBytes + memory.stateBytes);
  t.true(memory.plasticSynapseBytes < memory.synapseBytes);
  t.is(
    memory.synapses,
    new EventNetwork(options).projections.reduce((sum, { synapses }) => sum + synapses, 0),
  );
  throwsError(t, () => new EventNetwork({ ...options, maxMemoryBytes: 1000 }), {
    code: 'ERR_SYNFIRE_OUT_OF_MEMORY',
    field: 'maxMemoryBytes',
    expected: new RegExp(`at least ${estimate}`),
  });
  const huge: EventNetworkOptions = {
    populations: { a: { size: 1e6, model: 'lif' } },
    projections: [{ source: 'a', target: 'a', connect: 'all-to-all', weight: { uniform: [0, 1] } }],
  };
  t.true(EventNetwork.estimateBytes(huge) > 4e12);
  throwsError(t, () => new EventNetwork(huge), {
    code: 'ERR_SYNFIRE_OUT_OF_MEMORY',
    field: 'maxMemoryBytes',
    expected: new RegExp(`at least ${EventNetwork.estimateBytes(huge)}`),
  });
});

const connects: Record<string, { connect: ProjectionOptions['connect']; synapses: [number, number][] }> = {
  'one-to-one': { connect: 'one-to-one', synapses: pairs((i, j) => i === j) },
  'all to all': { connect: 'all-to-all', synapses: pairs(() => true) },
  'all to all others': { connect: { allToAll: { self: false } }, synapses: pairs((i, j) => i !== j) },
  certain: { connect: { probability: 1 }, synapses: pairs(() => true) },
  impossible: { connect: { probability: 0 }, synapses: [] },
  'as many sources as there are': { connect: { inDegree: 4 }, synapses: pairs(() => true) },
  'as many others as there are': {
    connect: { outDegree: 3, self: false },
    synapses: pairs((i, j) => i !== j),
  },
  list: {
    connect: { sources: [3, 0, 0], targets: Uint8Array.of(1, 2, 1) },
    synapses: [
      [0, 1],
      [0, 2],
      [3, 1],
    ],
  },
  matrix: {
    connect: { matrix: Float64Array.from({ length: 16 }, (_, k) => (k % 5 === 0 ? 0.5 : Number.NaN)) },
    synapses: pairs((i, j) => i === j),
  },
};

function pairs(connected: (source: number, target: number) => boolean): [number, number][] {
  const all = Array.from({ length: 16 }, (_, k): [number, number] => [k >> 2, k & 3]);
  return all.filter(([source, target]) => connected(source, target));
}

for (const [name, { connect, synapses }] of Object.entries(connects)) {
  test(`synapses by ${name}`, (t) => {
    const network = new EventNetwork({
      populations: { a: { size: 4, model: 'lif' } },
      projections: [{ source: 'a', target: 'a', connect, weight: 0.5, delayMs: 3 }],
    });
    const { sources, targets, delaysMs } = network.connections('a->a');
    t.deepEqual(
      Array.from(sources, (source, k) => [source, targets[k]]),
      synapses,
    );
    t.deepEqual(delaysMs, new Float64Array(synapses.length).fill(3));
    t.deepEqual(network.weights('a->a'), new Float64Array(synapses.length).fill(0.5));
  });
}

test('weights and delays of a list follow their synapses into stored order', (t) => {
  const network = new EventNetwork({
    precision: 'float64',
    populations: { a: { size: 4, model: 'lif' } },
    projections: [
      {
        ...{ source: 'a', target: 'a' },
        connect: { sources: [2, 1, 2], targets: [0, 3, 1], weights: [0.1, 0.2, 0.3], delaysMs: [5, 1, 4] },
      },
    ],
  });
  const { sources, targets, delaysMs } = network.connections('a->a');
  t.deepEqual([...sources], [1, 2, 2]);
  t.deepEqual([...targets], [3, 1, 0]);
  t.deepEqual([...delaysMs], [1, 4, 5]);
  t.deepEqual([...network.weights('a->a')], [0.2, 0.3, 0.1]);
});

test('the tables of models and rules have names, defaults and bounds', (t) => {
  t.deepEqual(
    describeModels().map(({ kind }) => kind),
    ['lif', 'conductance-lif', 'izhikevich', 'adex'],
  );
  t.deepEqual(
    describeRules()
      .map(({ kind }) => kind)
      .sort(),
    ['diehl-cook', 'pair', 'reward', 'soft-bound', 'teaching', 'triplet', 'vogels'],
  );
  const lif = describeModels()[0]!;
  t.like(
    lif.parameters.find(({ name }) => name === 'tauMs'),
    { default: 15, min: 1e-3 },
  );
  t.deepEqual(lif.choices[1], { name: 'integration', values: ['exact', 'grid'] });
  for (const { parameters } of [...describeModels(), ...describeRules()]) {
    t.true(parameters.every((entry) => entry.min <= entry.default && entry.default <= entry.max));
  }
});

// ---- running -----------------------------------------------------------------------------------------------------

test('spikes arrive after the delay', async (t) => {
  const network = relay();
  const [input, output] = [network.recordSpikes('input'), network.recordSpikes('relay')];
  network.addSpikes('input', { timesMs: [1, 10, 10.25], neurons: [0, 1, 0] });
  const report = await network.run(20);
  t.like(report, { simulatedMs: 20, spikes: 6, synapticEvents: 3 });
  t.true(report.wallMs > 0);
  t.is(network.timeMs, 20);
  t.deepEqual(input.take(), { timesMs: Float64Array.of(1, 10, 10.25), neurons: Uint32Array.of(0, 1, 0) });
  t.deepEqual(output.take(), { timesMs: Float64Array.of(3, 12, 12.25), neurons: Uint32Array.of(0, 1, 0) });
  t.deepEqual(network.spikeCounts('relay'), Uint32Array.of(2, 1));
});

test('any number of threads gives the same bits', async (t) => {
  const one = await outcome(mixedNetwork(), [200]);
  const fired = one.spikes.map(({ neurons }) => neurons.length);
  t.true(Math.min(...fired) > 20, `${fired.join(', ')} spikes`);
  t.true(one.weights[0]!.some((weight) => weight !== mixedNetwork().weights('noise->grid')[0]));
  for (const threads of [2, 3, 7]) t.deepEqual(await outcome(mixedNetwork(), [200], threads), one);
});

test('cuts in time change nothing', async (t) => {
  const whole = await outcome(mixedNetwork(), [200]);
  t.deepEqual(await outcome(mixedNetwork(), [0.5, 99.5, 0, 77, 23], 2), whole);
  const watched = mixedNetwork();
  const recorders = ['noise', 'grid', 'exact'].map((population) => watched.recordSpikes(population));
  await watched.run(200, { onProgress: () => {} });
  t.deepEqual(
    recorders.map((recorder) => recorder.take()),
    whole.spikes,
  );
});

test('a reset network starts over, with the draws of the sample', async (t) => {
  const network = mixedNetwork();
  network.learning = false;
  const first = await outcome(network, [100]);
  const again = async (sample?: number) => {
    network.reset(sample === undefined ? {} : { sample });
    addInput(network);
    network.setState('grid', 'theta', 0);
    return outcome(network, [100]);
  };
  t.deepEqual((await again()).spikes, first.spikes);
  t.notDeepEqual((await again(1)).spikes, first.spikes);
  t.deepEqual((await again(0)).spikes, first.spikes);
});

test.serial('progress rises to the end of the run', async (t) => {
  const network = busyNetwork();
  await network.run(10);
  const reports: { timeMs: number; fraction: number }[] = [];
  const { wallMs } = await network.run(10_000, { onProgress: (report) => reports.push(report) });
  t.true(reports.length >= 2, `${reports.length} reports`);
  t.true(reports.length <= wallMs / 45 + 1, `${reports.length} reports in ${wallMs} ms`);
  for (const { timeMs, fraction } of reports) t.true(Math.abs(timeMs - 10 - 10_000 * fraction) < 1e-6);
  t.deepEqual(
    reports.map(({ fraction }) => fraction),
    reports.map(({ fraction }) => fraction).sort((a, b) => a - b),
  );
  t.true(reports.every(({ fraction }) => fraction > 0 && fraction <= 1));
});

test.serial('an abort ends a run in a state from which it goes on to the same bits', async (t) => {
  const run = async (cut: boolean) => {
    const network = busyNetwork();
    const spikes = network.recordSpikes('neurons', { neurons: [0, 999, 1999] });
    if (cut) {
      const controller = new AbortController();
      const running = network.run(1e6, { signal: controller.signal });
      await sleep(30);
      const asked = performance.now();
      controller.abort(new Error('enough'));
      t.is((await t.throwsAsync(running))?.message, 'enough');
      t.true(performance.now() - asked < 5000);
      t.true(network.timeMs > 0 && network.timeMs < 1e6);
    }
    const endMs = 1000 * Math.ceil(network.timeMs / 1000 + 0.1);
    return { network, spikes, endMs };
  };
  const [aborted, whole] = [await run(true), await run(false)];
  await aborted.network.run(aborted.endMs - aborted.network.timeMs);
  await whole.network.run(aborted.endMs);
  t.deepEqual(aborted.spikes.take(), whole.spikes.take());
  t.deepEqual(aborted.network.state('neurons', 'v'), whole.network.state('neurons', 'v'));
});

test('a signal that is aborted already lets nothing begin', async (t) => {
  const network = busyNetwork();
  const reason = new Error('too late');
  t.is(await t.throwsAsync(network.run(10, { signal: AbortSignal.abort(reason) })), reason);
  t.is(network.timeMs, 0);
  await network.run(1);
});

test('what a progress callback throws ends the run', async (t) => {
  const network = busyNetwork();
  const failure = new Error('in the callback');
  const onProgress = () => {
    throw failure;
  };
  t.is(await t.throwsAsync(network.run(1e6, { onProgress })), failure);
  t.true(network.timeMs < 1e6);
  await network.run(1);
});

test.serial('a running network refuses everything but to tell the time', async (t) => {
  const network = busyNetwork();
  const spikes = network.recordSpikes('neurons');
  const replicas = network.replicas(2);
  const controller = new AbortController();
  const running = network.run(1e6, { signal: controller.signal });
  const busy = { code: 'ERR_SYNFIRE_BUSY', field: 'network' } as const;
  for (const call of [
    () => network.state('neurons', 'v'),
    () => network.setWeights('among', 1),
    () => network.reset(),
    () => network.exportState(),
    () => network.replicas(2),
    () => network.recordRates('neurons', { binMs: 1 }),
    () => spikes.take(),
    () => {
      network.learning = false;
    },
  ]) {
    t.like(t.throws(call), { code: 'ERR_SYNFIRE_BUSY' });
  }
  t.like(await t.throwsAsync(network.run(1)), busy);
  const shown = replicas.presentSpikes([], {
    source: 'neurons',
    output: 'neurons',
    projection: 'among',
    sampleMs: 1,
  });
  t.like(await t.throwsAsync(shown), busy);
  await sleep(20);
  t.true(network.timeMs > 0);
  t.true(network.learning);
  controller.abort(new Error('enough'));
  await t.throwsAsync(running);
  t.is(network.state('neurons', 'v').length, 2000);
});

test.serial('the event loop is free during a run', async (t) => {
  const network = busyNetwork();
  let ticks = 0;
  const timer = setInterval(() => ++ticks, 1);
  const { wallMs } = await network.run(4000);
  clearInterval(timer);
  t.true(ticks >= Math.min(5, wallMs / 10), `only ${ticks} timer ticks in ${wallMs} ms`);
});

test('activity that runs away is an error that names the population, and the network stays usable', async (t) => {
  const network = new EventNetwork({
    dtMs: 1,
    populations: {
      calm: { size: 10, source: 'poisson', rateHz: 1 },
      wild: {
        ...{ size: 100, model: 'lif', maxSpikesPerMs: 99 },
        parameters: { integration: 'grid', driveMv: 1000, refractoryMs: 0 },
      },
    },
  });
  const error = await t.throwsAsync(network.run(10));
  t.like(error, { code: 'ERR_SYNFIRE_NUMERIC', field: 'populations.wild' });
  t.regex(error?.message ?? '', /wild/);
  const { timeMs } = network;
  t.true(timeMs < 10);
  t.is(network.state('wild', 'v').length, 100);
  network.reset();
  t.is(network.timeMs, 0);
});

// ---- state -------------------------------------------------------------------------------------------------------

test('state variables can be read and set', (t) => {
  const network = relay();
  t.deepEqual(network.state('relay', 'v'), Float64Array.of(-70, -70));
  network.setState('relay', 'v', -60);
  t.deepEqual(network.state('relay', 'v'), Float64Array.of(-60, -60));
  network.setState('relay', 'v', [-61, -62]);
  t.deepEqual(network.state('relay', 'v'), Float64Array.of(-61, -62));
});

test('weights can be set and normalised', (t) => {
  const network = new EventNetwork({
    populations: { a: { size: 2, source: 'list' }, b: { size: 2, model: 'lif' } },
    projections: [
      {
        ...{ name: 'p', source: 'a', target: 'b', connect: 'all-to-all' },
        ...{ plasticity: { rule: 'pair' }, normalisation: { total: 1 } },
      },
    ],
  });
  network.setWeights('p', [0.25, 0.1, 0.25, 0.3]);
  network.normalise('p');
  t.deepEqual([...network.weights('p')].map(rounded), [0.5, 0.25, 0.5, 0.75]);
  network.normalise('p', 0.5);
  t.deepEqual([...network.weights('p')].map(rounded), [0.25, 0.125, 0.25, 0.375]);
  network.setWeights('p', 1);
  t.deepEqual(network.weights('p'), new Float64Array(4).fill(1));
});

function rounded(value: number): number {
  return Math.round(value * 1e6) / 1e6;
}

test('without learning weights stay, with it they change', async (t) => {
  const network = mixedNetwork();
  const before = network.weights('noise->grid');
  network.learning = false;
  t.false(network.learning);
  await network.run(50);
  t.deepEqual(network.weights('noise->grid'), before);
  network.learning = true;
  await network.run(50);
  t.notDeepEqual(network.weights('noise->grid'), before);
});

test('a state goes into another network and on to the same bits', async (t) => {
  const network = mixedNetwork();
  network.learning = false;
  await network.run(61.5);
  network.learning = true;
  await network.run(10);
  const state = network.exportState();
  const rest = await outcome(network, [100], 2);

  const other = new EventNetwork(mixedOptions());
  await other.run(3);
  other.importState(state);
  t.is(other.timeMs, 71.5);
  t.deepEqual(other.exportState(), state);
  t.deepEqual(await outcome(other, [100], 3), rest);
});

test('a state tells whether the network learns', (t) => {
  const network = mixedNetwork();
  network.learning = false;
  const other = mixedNetwork();
  other.importState(network.exportState());
  t.false(other.learning);
});

test('a state that does not fit is refused and changes nothing', async (t) => {
  const network = mixedNetwork();
  await network.run(20);
  const state = network.exportState();
  const { time, ...timeless } = state;
  const refusedStates = {
    missing: timeless,
    'of another type': { ...state, time: { shape: [3], data: new Float64Array(3) } },
    'of another length': { ...state, time: { shape: [2], data: new BigInt64Array(2) } },
    impossible: { ...state, time: { shape: [3], data: BigInt64Array.of(-5n, 0n, 1n) } },
  };
  for (const [why, faulty] of Object.entries(refusedStates)) {
    t.like(
      t.throws(() => network.importState(faulty)),
      { code: 'ERR_SYNFIRE_CHECKPOINT', field: 'time' },
      why,
    );
  }
  throwsError(t, () => network.importState({ ...state, time: { shape: [4], data: time!.data } }), {
    field: 'state.time.shape',
    expected: /product of 3/,
  });
  throwsError(t, () => network.importState({ ...state, time: { shape: [3], data: [1, 2, 3] as never } }), {
    field: 'state.time.data',
    expected: /BigInt64Array/,
  });
  t.deepEqual(network.exportState(), state);
});

// ---- feeds -------------------------------------------------------------------------------------------------------

test('a feed is asked slice by slice, and its spikes are as good as listed ones', async (t) => {
  const network = relay();
  const output = network.recordSpikes('relay');
  const slices: [number, number][] = [];
  network.feed('input', 4, async (fromMs, toMs) => {
    slices.push([fromMs, toMs]);
    await sleep(1);
    return { timesMs: [fromMs + 1], neurons: [network.spikeCounts('relay')[0]! % 2] };
  });
  t.like(await network.run(10), { simulatedMs: 10, spikes: 5, synapticEvents: 2 });
  t.deepEqual(slices, [
    [0, 4],
    [4, 8],
    [8, 12],
  ]);
  await network.run(1);
  t.is(slices.length, 3);
  await network.run(5.5);
  t.is(slices.length, 5);
  t.deepEqual(output.take(), {
    timesMs: Float64Array.of(3, 7, 11, 15),
    neurons: Uint32Array.of(0, 1, 1, 1),
  });

  network.reset();
  slices.length = 0;
  await network.run(4);
  t.deepEqual(slices, [[0, 4]]);
});

test('feeds keep the grid, and progress counts the whole run', async (t) => {
  const network = mixedNetwork();
  const asked: number[] = [];
  network.feed('input', 0.5, (fromMs) => {
    asked.push(fromMs);
    return { timesMs: [], neurons: [] };
  });
  const fractions: number[] = [];
  await network.run(100, { onProgress: ({ fraction }) => fractions.push(fraction) });
  t.is(asked.length, 200);
  t.true(fractions.length <= 40 && fractions.every((fraction) => fraction > 0 && fraction <= 1));
  const plain = mixedNetwork();
  await plain.run(100);
  t.deepEqual(network.state('grid', 'v'), plain.state('grid', 'v'));
  throwsError(t, () => network.feed('input', 0.3, () => ({ timesMs: [], neurons: [] })), {
    field: 'sliceMs',
    value: 0.3,
    expected: /multiple of 0.5 ms/,
  });
  checkError(t, await t.throwsAsync(network.run(0.3)), { field: 'durationMs', value: 0.3 });
  checkError(t, await t.throwsAsync(network.run(-1)), { field: 'durationMs', value: -1 });
});

test('a feed that fails ends the run, and the next run asks again', async (t) => {
  const network = relay();
  let fail = true;
  network.feed('input', 5, (fromMs) => {
    if (fail && fromMs === 5) throw new Error('no spikes today');
    return { timesMs: [fromMs + 1], neurons: [0] };
  });
  t.is((await t.throwsAsync(network.run(20)))?.message, 'no spikes today');
  t.is(network.timeMs, 5);
  fail = false;
  await network.run(15);
  t.deepEqual(network.spikeCounts('input'), Uint32Array.of(4, 0));
});

test('an abort while a feed is asked ends the run, which refuses others meanwhile', async (t) => {
  const network = relay();
  const controller = new AbortController();
  let answer = () => {};
  network.feed('input', 5, async (fromMs) => {
    await new Promise<void>((resolve) => {
      answer = resolve;
    });
    return { timesMs: [fromMs + 1], neurons: [1] };
  });
  const running = network.run(20, { signal: controller.signal });
  t.like(await t.throwsAsync(network.run(1)), { code: 'ERR_SYNFIRE_BUSY' });
  controller.abort(new Error('over'));
  answer();
  t.is((await t.throwsAsync(running))?.message, 'over');
  t.is(network.timeMs, 0);
  network.feed('input', 5, (fromMs) => ({ timesMs: [fromMs + 1], neurons: [0] }));
  await network.run(5);
  t.deepEqual(network.spikeCounts('input'), Uint32Array.of(1, 0));
});

// ---- what is refused ---------------------------------------------------------------------------------------------

const refusals: Record<string, Expected & { call: (network: EventNetwork) => unknown }> = {
  'an unknown population': {
    call: (network) => network.recordSpikes('exakt'),
    ...{ field: 'population', value: 'exakt', expected: /did you mean "exact"/ },
  },
  'an unknown projection': {
    call: (network) => network.weights('noise->gird'),
    ...{ field: 'projection', value: 'noise->gird', expected: /did you mean "noise->grid"/ },
  },
  'an unknown variable': {
    call: (network) => network.state('grid', 'voltage'),
    ...{ field: 'variable', expected: /v, ge, gi, theta/ },
  },
  'variables of a source': { call: (network) => network.variables('noise'), field: 'population' },
  'spikes of neurons': {
    call: (network) => network.addSpikes('grid', { timesMs: [1], neurons: [0] }),
    ...{ field: 'population', expected: /listed spikes/ },
  },
  'times that do not ascend': {
    call: (network) => network.addSpikes('input', { timesMs: [2, 1], neurons: [0, 0] }),
    ...{ field: 'timesMs[1]' },
  },
  'negative times': {
    call: (network) => network.addSpikes('input', { timesMs: [-1], neurons: [0] }),
    ...{ field: 'timesMs[0]' },
  },
  'times that are no numbers': {
    call: (network) => network.addSpikes('input', { timesMs: ['1'] as never, neurons: [0] }),
    ...{ field: 'timesMs[0]', value: '1', expected: /a number/ },
  },
  'times that are NaN': {
    call: (network) => network.addSpikes('input', { timesMs: [Number.NaN], neurons: [0] }),
    ...{ field: 'timesMs[0]' },
  },
  'no list of times': {
    call: (network) => network.addSpikes('input', { timesMs: 1 as never, neurons: [0] }),
    ...{ field: 'timesMs', value: 1 },
  },
  'fewer neurons than times': {
    call: (network) => network.addSpikes('input', { timesMs: [1, 2], neurons: [0] }),
    ...{ field: 'neurons' },
  },
  'a neuron out of range': {
    call: (network) => network.addSpikes('input', { timesMs: [1], neurons: [8] }),
    ...{ field: 'neurons[0]' },
  },
  'a negative neuron': {
    call: (network) => network.addSpikes('input', { timesMs: [1, 2], neurons: [0, -1] }),
    ...{ field: 'neurons[1]', value: -1 },
  },
  'half a neuron': {
    call: (network) => network.recordSpikes('grid', { neurons: [0.5] }),
    ...{ field: 'neurons[0]', value: 0.5 },
  },
  'rates for a list': { call: (network) => network.setRates('input', 5), field: 'population' },
  'a negative rate': { call: (network) => network.setRates('noise', -1), field: 'ratesHz[0]' },
  'too few rates': { call: (network) => network.setRates('noise', [1, 2]), field: 'ratesHz' },
  'a potential that is NaN': {
    call: (network) => network.setState('grid', 'v', Number.NaN),
    ...{ field: 'values[0]' },
  },
  'too few potentials': { call: (network) => network.setState('grid', 'v', [1]), field: 'values' },
  'too many weights': {
    call: (network) => network.setWeights('grid->exact', new Float64Array(1000)),
    ...{ field: 'weights' },
  },
  'an infinite weight': {
    call: (network) => network.setWeights('grid->exact', Number.POSITIVE_INFINITY),
    ...{ field: 'weights[0]' },
  },
  'a normalisation to nothing': {
    call: (network) => network.normalise('noise->grid'),
    ...{ field: 'total', value: undefined },
  },
  'a reward that is NaN': { call: (network) => network.reward(Number.NaN), field: 'amount' },
  'teaching another rule': {
    call: (network) => network.teach('noise->grid', new Float64Array(50)),
    ...{ field: 'projection', expected: /teaching/ },
  },
  'an interval off the grid': {
    call: (network) => network.recordState('grid', 'v', { intervalMs: 0.7 }),
    ...{ field: 'intervalMs', expected: /multiple of dtMs/ },
  },
  'an interval of nothing': {
    call: (network) => network.recordWeights('noise->grid', { intervalMs: 0 }),
    ...{ field: 'intervalMs' },
  },
  'no neurons': {
    call: (network) => network.recordState('grid', 'v', { neurons: [], intervalMs: 1 }),
    ...{ field: 'neurons' },
  },
  'a side that is none': {
    call: (network) => network.recordTraces('noise->grid', { side: 'left' as never, intervalMs: 1 }),
    ...{ field: 'side' },
  },
  'a trace beyond the rule': {
    call: (network) => network.recordTraces('noise->grid', { side: 'pre', trace: 7, intervalMs: 1 }),
    ...{ field: 'trace' },
  },
  'bins of nothing': {
    call: (network) => network.recordRates('grid', { binMs: 0 }),
    field: 'binMs',
    value: 0,
  },
  'learning a little': {
    call: (network) => {
      network.learning = 0.5 as never;
    },
    ...{ field: 'learning', value: 0.5 },
  },
  'a feed of neurons': {
    call: (network) => network.feed('grid', 1, () => ({ timesMs: [], neurons: [] })),
    ...{ field: 'population', value: 'grid' },
  },
  'half a sample': { call: (network) => network.reset({ sample: 0.5 }), field: 'sample', value: 0.5 },
  'no replicas': { call: (network) => network.replicas(0), field: 'count' },
};

for (const [name, { call, ...wanted }] of Object.entries(refusals)) {
  test(`refused: ${name}`, (t) => {
    const network = mixedNetwork();
    throwsError(t, () => call(network), wanted);
    t.is(network.timeMs, 0);
    t.is(network.state('grid', 'v').length, 50);
  });
}

test('durations and threads of a run are checked', async (t) => {
  const network = mixedNetwork();
  for (const durationMs of [-1, Number.NaN, Number.POSITIVE_INFINITY, 0.3, 1e12, '5' as never]) {
    checkError(t, await t.throwsAsync(network.run(durationMs)), { field: 'durationMs' });
  }
  for (const threads of [0, 1.5, 1e6]) {
    checkError(t, await t.throwsAsync(network.run(1, { threads })), { field: 'threads', value: threads });
  }
  t.is(network.timeMs, 0);
  await network.run(1);
});

test('spikes of the past are refused', async (t) => {
  const network = relay();
  await network.run(10);
  throwsError(t, () => network.addSpikes('input', { timesMs: [9], neurons: [0] }), { field: 'timesMs[0]' });
  network.addSpikes('input', { timesMs: [10.5], neurons: [0] });
  await network.run(5);
  t.deepEqual(network.spikeCounts('relay'), Uint32Array.of(1, 0));
});

test('what was given may change afterwards', async (t) => {
  const [timesMs, neurons] = [Float64Array.of(1, 2), Uint32Array.of(0, 1)];
  const network = relay();
  network.addSpikes('input', { timesMs, neurons });
  const rates = new Float64Array(40).fill(100);
  const noisy = mixedNetwork();
  noisy.setRates('noise', rates);
  for (const array of [timesMs, neurons, rates]) array.fill(0);
  await network.run(3.5);
  t.deepEqual(network.spikeCounts('input'), Uint32Array.of(1, 1));
  await noisy.run(100);
  t.true(noisy.spikeCounts('noise').reduce((sum, count) => sum + count, 0) > 200);
});
