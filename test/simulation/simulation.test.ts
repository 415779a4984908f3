// Simulations from files: what they load, send, run and record.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { networkOf } from '../../lib/config/simulation.ts';
import { writeNpy } from '../../lib/data/npy.ts';
import { readSpikeTrains } from '../../lib/data/spike-trains/reading.ts';
import { SynfireError } from '../../lib/errors.ts';
import { EventNetwork } from '../../lib/networks/event-network.ts';
import { writeSpikes } from '../../lib/simulation/files.ts';
import { sendInputs } from '../../lib/simulation/inputs.ts';
import { loadSimulation } from '../../lib/simulation/load.ts';
import { recordingNames, Simulation } from '../../lib/simulation/simulation.ts';

async function folderOf(t: ExecutionContext, files: Record<string, string | Uint8Array>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'synfire-simulation-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  await mkdir(join(folder, 'data'));
  for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content);
  return folder;
}

async function start(path: string) {
  const loaded = await loadSimulation(path);
  const network = new EventNetwork(networkOf(loaded.config));
  await sendInputs(network, loaded);
  return { loaded, network, simulation: new Simulation(network, loaded.config) };
}

const relay = `
[populations.input]
size = 3
source = "list"
[populations.cells]
size = 2
model = "lif"
`;

test('synapses and spikes come from files beside the network', async (t) => {
  const folder = await folderOf(t, {
    'net.toml': `duration_ms = 20\n${relay}
      [inputs.input]
      file = "data/spikes.csv"
      [[projections]]
      source = "input"
      target = "cells"
      connect = { file = "data/synapses.csv" }
      [[recordings]]
      kind = "spikes"
      population = "cells"
    `,
    'data/spikes.csv': 'neuron,time_ms\n2,1\n0,5\n',
    'data/synapses.csv': 'source,target,weight,delay_ms\n2,1,50,3\n0,0,50,1\n0,1,1,1\n',
  });
  const { loaded, simulation } = await start(join(folder, 'net.toml'));
  t.is((loaded.written.inputs as { input: { file: string } }).input.file, join(folder, 'data/spikes.csv'));
  await simulation.run(20);
  const [times, neurons] = simulation.arrays();
  t.is(times?.name, 'spikes-cells.times');
  t.deepEqual([...times!.data], [4, 6]);
  t.deepEqual([...neurons!.data], [1, 0]);
});

test('a layer of a spike file is sent', async (t) => {
  const trains = [
    { neuron_id: 0, layer: 'a', spike_times: [1], duration: 9 },
    { neuron_id: 1, layer: 'b', spike_times: [2], duration: 9 },
  ];
  const folder = await folderOf(t, {
    'net.toml': `${relay}[inputs.input]\nfile = "trains.json"\nlayer = "b"\n`,
    'trains.json': JSON.stringify({ spike_trains: trains }),
  });
  const { network } = await start(join(folder, 'net.toml'));
  await network.run(5);
  t.deepEqual([...network.spikeCounts('input')], [0, 1, 0]);
});

test('a matrix of weights comes from a file and has to fit', async (t) => {
  const connect = (file: string) => `${relay}
    [[projections]]
    source = "input"
    target = "cells"
    connect = { matrix = "${file}" }`;
  const folder = await folderOf(t, {
    'net.toml': connect('fits.npy'),
    'turned.toml': connect('turned.npy'),
    'fits.npy': writeNpy(Float64Array.of(1, 2, Number.NaN, 4, 5, 6), [3, 2]),
    'turned.npy': writeNpy(new Float64Array(6), [2, 3]),
  });
  const { network } = await start(join(folder, 'net.toml'));
  t.deepEqual([...network.connections('input->cells').sources], [0, 0, 1, 2, 2]);
  t.deepEqual([...network.weights('input->cells')], [1, 2, 4, 5, 6]);
  const error = await t.throwsAsync(loadSimulation(join(folder, 'turned.toml')), {
    instanceOf: SynfireError,
  });
  t.regex(error.message, /turned\.toml:\d+: turned\.npy: shape is "2 x 3"; expected 3 x 2/);
});

test('faults in files are told with the line that names the file', async (t) => {
  const projection = '[[projections]]\nsource = "input"\ntarget = "cells"\n';
  const folder = await folderOf(t, {
    'synapses.toml': `${relay}${projection}connect = { file = "data/bad.csv" }\n`,
    'missing.toml': `${relay}${projection}connect = { file = "data/none.csv" }\n`,
    'both.toml': `${relay}${projection}connect = { file = "data/bad.csv", probability = 1 }\n`,
    'spikes.toml': `${relay}[inputs.input]\nfile = "data/late.csv"\n`,
    'order.toml': `${relay}[inputs.input]\ntimes_ms = [3, 1]\nneurons = [0, 0]\n`,
    'data/bad.csv': '0,0\n0,x\n',
    'data/late.csv': '0,1\n3,2\n',
  });
  const refused = async (name: string, message: RegExp) => {
    const error = await t.throwsAsync(start(join(folder, name)), { instanceOf: SynfireError });
    t.regex(error.message, message);
  };
  await refused('synapses.toml', /synapses\.toml:11: bad\.csv, line 2: target is "x"/);
  await refused('missing.toml', /missing\.toml:11: There is no file/);
  await refused(
    'both.toml',
    /both\.toml:11: projections\.0\.connect\.probability is 1; expected no key beside file/,
  );
  await refused('spikes.toml', /spikes\.toml:9: late\.csv, line 2: neuron is 3/);
  await refused('order.toml', /order\.toml:9: inputs\.input\.timesMs\.1 is /);
});

test('rates of their own drive the neurons of a Poisson source', async (t) => {
  const folder = await folderOf(t, {
    'net.toml':
      '[populations.noise]\nsize = 3\nsource = "poisson"\nrate_hz = 50\n[inputs.noise]\nrates_hz = [0, 100, 400]\n',
  });
  const { network, simulation } = await start(join(folder, 'net.toml'));
  await simulation.run(10_000);
  const [silent, slow, fast] = network.spikeCounts('noise');
  t.is(silent, 0);
  t.true(Math.abs(slow! - 1000) < 5 * Math.sqrt(1000), `${slow}`);
  t.true(Math.abs(fast! - 4000) < 5 * Math.sqrt(4000), `${fast}`);
  const [statistics] = simulation.statistics();
  t.like(statistics, { population: 'noise', neurons: 3, active: 2 });
  t.true(Math.abs(statistics!.cv! - 1) < 0.1, `${statistics!.cv}`);
});

const recorded = `
duration_ms = 40
[populations.input]
size = 2
source = "list"
[populations.cells]
size = 2
model = "lif"
[[projections]]
name = "plastic"
source = "input"
target = "cells"
connect = "all-to-all"
weight = 20
delay_ms = 1
[projections.plasticity]
rule = "pair"
w_max = 30
[inputs.input]
times_ms = [5, 25]
neurons = [0, 0]
[[recordings]]
kind = "spikes"
population = "cells"
neurons = [1]
[[recordings]]
kind = "state"
population = "cells"
variable = "v"
neurons = { from = 1, count = 1 }
interval_ms = 10
[[recordings]]
kind = "weights"
projection = "plastic"
synapses = [1, 2]
interval_ms = 20
[[recordings]]
kind = "traces"
projection = "plastic"
interval_ms = 20
[[recordings]]
kind = "rates"
population = "cells"
bin_ms = 10
`;

test('every kind of recording becomes arrays with their times', async (t) => {
  const folder = await folderOf(t, { 'net.toml': recorded });
  const { simulation } = await start(join(folder, 'net.toml'));
  await simulation.run(40);
  const arrays = new Map(
    simulation.arrays().map(({ name, data, shape }) => [name, { data: [...data], shape }]),
  );
  const data = (name: string) => arrays.get(name)?.data;
  t.deepEqual(data('spikes-cells.times'), [6, 26]);
  t.deepEqual(data('spikes-cells.neurons'), [1, 1]);
  t.deepEqual(arrays.get('v-cells')?.shape, [5, 1]);
  t.deepEqual(data('v-cells.times'), [0, 10, 20, 30, 40]);
  t.is(data('v-cells')?.[0], -70);
  t.deepEqual(arrays.get('weights-plastic')?.shape, [3, 2]);
  t.deepEqual(data('weights-plastic.sources'), [0, 1]);
  t.deepEqual(data('weights-plastic.targets'), [1, 0]);
  const weights = data('weights-plastic')!;
  t.true(weights[4]! > weights[0]!, 'the synapse that made the cell fire is stronger');
  t.is(weights[5], weights[1], 'the silent one is as it was');
  t.deepEqual(arrays.get('traces-plastic')?.shape, [3, 2]);
  t.is(data('traces-plastic')?.[0], 0);
  t.true(Math.abs(data('traces-plastic')![2]! - Math.exp(-15 / 20)) < 1e-6);
  t.deepEqual(arrays.get('rates-cells')?.shape, [4]);
  t.deepEqual(data('rates-cells'), [100, 0, 100, 0]);
  t.deepEqual(data('rates-cells.times'), [0, 10, 20, 30]);
});

test('recordings are the same however a simulation is cut', async (t) => {
  const folder = await folderOf(t, { 'net.toml': recorded });
  const whole = (await start(join(folder, 'net.toml'))).simulation;
  const cut = (await start(join(folder, 'net.toml'))).simulation;
  await whole.run(40);
  for (const endMs of [0.1, 5, 6, 20, 39.9, 40]) await cut.run(endMs);
  t.deepEqual(cut.arrays(), whole.arrays());
  t.deepEqual(cut.statistics(), whole.statistics());
  t.like(cut.totals, { simulatedMs: 40, spikes: whole.totals.spikes });
  t.is(cut.totals.synapticEvents, whole.totals.synapticEvents);
});

test('what a network has not cannot be recorded', async (t) => {
  const faults: [field: string, lines: string][] = [
    ['variable', 'kind = "state"\npopulation = "cells"\nvariable = "u"'],
    ['projection', 'kind = "weights"\nprojection = "a->b"'],
    ['projection', 'kind = "traces"\nprojection = "a->b"\nneurons = [0]'],
    ['synapses', 'kind = "weights"\nprojection = "input->cells"\nsynapses = [6]'],
    ['synapses', 'kind = "weights"\nprojection = "input->cells"\nsynapses = { count = 4294967295 }'],
    ['neurons', 'kind = "traces"\nprojection = "input->cells"\nside = "post"\nneurons = [2]'],
    ['trace', 'kind = "traces"\nprojection = "input->cells"\ntrace = 3'],
  ];
  const projection = '[[projections]]\nsource = "input"\ntarget = "cells"\nconnect = "all-to-all"\n';
  const rule = 'plasticity = { rule = "pair" }\n[[recordings]]\n';
  const folder = await folderOf(t, {});
  for (const [field, lines] of faults) {
    await writeFile(join(folder, 'net.toml'), relay + projection + rule + lines);
    const error = await t.throwsAsync(start(join(folder, 'net.toml')), { instanceOf: SynfireError }, lines);
    t.is(error.field, `recordings.0.${field}`);
    t.is(error.code, 'ERR_SYNFIRE_CONFIG');
  }
});

test('a signal ends a simulation between two pieces, with what it has recorded', async (t) => {
  const folder = await folderOf(t, { 'net.toml': recorded });
  const { simulation, network } = await start(join(folder, 'net.toml'));
  const controller = new AbortController();
  const reason = new Error('enough');
  const run = simulation.run(1e6, { signal: controller.signal, onProgress: () => controller.abort(reason) });
  t.is(await t.throwsAsync(run), reason);
  t.true(network.timeMs > 0 && network.timeMs < 1e6);
  t.is(simulation.totals.simulatedMs, network.timeMs);
  t.deepEqual(
    [...simulation.arrays()[0]!.data],
    [6].filter((timeMs) => timeMs <= network.timeMs),
  );
});

test('names of recordings tell kind and population, and are different', (t) => {
  const names = recordingNames([
    { kind: 'spikes', population: 'a' },
    { kind: 'spikes', population: 'a', neurons: [1] },
    { kind: 'weights', projection: 'a->b#2', intervalMs: 1 },
    { kind: 'state', population: 'a', variable: 'v', intervalMs: 1, name: 'potential' },
  ]);
  t.deepEqual(names, ['spikes-a', 'spikes-a-2', 'weights-a-b-2', 'potential']);
});

test('spikes are written in the format of the ending, populations as layers or in files of their own', async (t) => {
  const folder = await folderOf(t, {});
  const a = { population: 'a', timesMs: Float64Array.of(1, 3), neurons: Uint32Array.of(5, 6) };
  const b = { population: 'b', timesMs: Float64Array.of(2), neurons: Uint32Array.of(7) };
  const [json] = await writeSpikes(join(folder, 's.json'), [a, b], 10);
  const trains = await readSpikeTrains(json!);
  t.deepEqual([...trains.timesMs], [1, 2, 3]);
  t.deepEqual([...trains.neurons], [5, 7, 6]);
  t.is(trains.durationMs, 10);
  t.deepEqual(
    Array.from(trains.layers!.ofSpikes, (layer) => trains.layers!.names[layer]),
    ['a', 'b', 'a'],
  );
  const names = async (name: string, populations: (typeof a)[]) =>
    (await writeSpikes(join(folder, name), populations, 10)).map((path) => path.slice(folder.length + 1));
  t.deepEqual(await names('s.csv', [a, b]), ['s-a.csv', 's-b.csv']);
  t.deepEqual(await names('one.csv', [a]), ['one.csv']);
  t.deepEqual(await names('s.npy', [b]), ['s.times.npy', 's.neurons.npy']);
  t.deepEqual([...(await readSpikeTrains(join(folder, 's-a.csv'))).neurons], [5, 6]);
});
