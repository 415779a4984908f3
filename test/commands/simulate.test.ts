// synfire simulate as a user meets it: output, files, bad input, interruption and resuming.
import { existsSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { readNpy } from '../../lib/data/npy.ts';
import { readSpikeTrains } from '../../lib/data/spike-trains/reading.ts';
import { jsonLines, run, start, succeed, workFolder } from './program.ts';

const example = (name: string) => fileURLToPath(new URL(`../../../examples/${name}`, import.meta.url));

/** A network of two populations that fires by itself and learns. */
const network = `
duration_ms = 100
transient_ms = 20
seed = 5

[populations.excitatory]
size = 80
model = "lif"
parameters = { integration = "grid", synapse = "exponential", drive_mv = 20, refractory_ms = 2 }
initial = { v = { uniform = [-70, -55] } }

[populations.inhibitory]
size = 20
model = "lif"
parameters = { drive_mv = 18 }

[populations.noise]
size = 10
source = "poisson"
rate_hz = 100

[[projections]]
source = "excitatory"
target = "excitatory"
connect = { probability = 0.2 }
weight = 0.5
plasticity = { rule = "pair" }

[[projections]]
source = "inhibitory"
target = "excitatory"
connect = { in_degree = 5 }
weight = -2

[[projections]]
source = "noise"
target = "excitatory"
connect = { out_degree = 8 }
weight = 3
`;

interface Summary {
  timeMs: number;
  spikes: number;
  synapticEvents: number;
  populations: { population: string; rateHz: number; cv: number; spikes: number }[];
  projections: { name: string; synapses: number; plastic: boolean; weights?: { mean: number } }[];
  files: string[];
  checkpoint: string | null;
}

async function withNetwork(t: ExecutionContext, more = ''): Promise<string> {
  const cwd = await workFolder(t);
  await writeFile(join(cwd, 'net.toml'), network + more);
  return cwd;
}

async function simulate(t: ExecutionContext, cwd: string, ...args: string[]): Promise<Summary> {
  const { stdout, stderr } = await succeed(t, cwd, 'simulate', ...args, '--json');
  t.is(stderr, '');
  const lines = jsonLines(stdout);
  t.is(lines.length, 1);
  return lines[0] as unknown as Summary;
}

test('--json prints one object with rates, synapses, events and memory', async (t) => {
  const cwd = await withNetwork(t);
  const summary = await simulate(t, cwd, 'net.toml');
  t.like(summary, { event: 'done', timeMs: 100, simulatedMs: 100, checkpoint: null, files: [] });
  const [excitatory, inhibitory, noise] = summary.populations;
  t.is(excitatory?.population, 'excitatory');
  t.true(excitatory!.rateHz > 10 && inhibitory!.rateHz > 10 && noise!.rateHz > 50);
  t.is(inhibitory!.rateHz, inhibitory!.spikes / 20 / 0.08);
  t.true(inhibitory!.cv < 0.2, 'neurons with a constant drive alone fire like clocks');
  const [plastic, fixed, sparse] = summary.projections;
  t.like(plastic, { name: 'excitatory->excitatory', plastic: true });
  t.true(plastic!.weights!.mean > 0);
  t.like(fixed, { synapses: 400, plastic: false });
  t.is(fixed?.weights, undefined);
  t.is(sparse?.synapses, 80);
  t.true(summary.synapticEvents > summary.spikes);
  t.false(existsSync(join(cwd, 'runs')), 'nothing is recorded, so nothing is written');
});

test('without --json it prints tables', async (t) => {
  const { stdout, stderr } = await succeed(t, await withNetwork(t), 'simulate', 'net.toml');
  t.regex(stdout, /^population +neurons +rate in Hz +CV +active +spikes$/m);
  t.regex(stdout, /^excitatory->excitatory +[\d,]+ +0\.\d+ \(0\.\d+ to 0\.\d+\)$/m);
  t.regex(stdout, /^time +0\.1 s simulated in/m);
  t.regex(stderr, /^network: 110 neurons and sources, /);
});

test('options replace what the file says, and threads change nothing', async (t) => {
  const cwd = await withNetwork(t);
  const plain = await simulate(t, cwd, 'net.toml');
  const threads = await simulate(t, cwd, 'net.toml', '--threads', '3');
  t.deepEqual(threads.populations, plain.populations);
  t.deepEqual(threads.projections, plain.projections);
  t.like(threads, { threads: 3, spikes: plain.spikes, synapticEvents: plain.synapticEvents });
  const other = await simulate(t, cwd, 'net.toml', '--seed', '6', '--duration', '60');
  t.is(other.timeMs, 60);
  t.not(other.projections[0]!.synapses, plain.projections[0]!.synapses);
});

test('recordings go to a folder of their own, or to the one that is named', async (t) => {
  const recording =
    '[[recordings]]\nkind = "state"\npopulation = "excitatory"\nvariable = "v"\ninterval_ms = 25\n';
  const cwd = await withNetwork(t, recording);
  const { files } = await simulate(t, cwd, 'net.toml');
  const [folder] = await readdir(join(cwd, 'runs'));
  t.regex(folder!, /^net-\d{8}-\d{6}$/);
  const names = ['config.json', 'v-excitatory.npy', 'v-excitatory.times.npy', 'summary.json'];
  t.deepEqual(
    files,
    names.map((name) => join('runs', folder!, name)),
  );
  await succeed(t, cwd, 'simulate', 'net.toml', '--out', 'out', '--quiet');
  const { shape } = await readNpy(join(cwd, 'out', 'v-excitatory.npy'));
  t.deepEqual(shape, [5, 80]);
  const again = await simulate(t, cwd, 'out/config.json', '--out', 'again');
  t.deepEqual(
    await readFile(join(cwd, 'again', 'v-excitatory.npy')),
    await readFile(join(cwd, 'out', 'v-excitatory.npy')),
  );
  t.is(again.files.length, 4);
});

test('--spikes writes the spikes of all neurons, or those that the file records', async (t) => {
  const cwd = await withNetwork(t);
  await simulate(t, cwd, 'net.toml', '--spikes', 'all.json');
  const all = await readSpikeTrains(join(cwd, 'all.json'));
  t.deepEqual(all.layers?.names, ['excitatory', 'inhibitory']);
  t.is(all.durationMs, 100);
  const chosen = '[[recordings]]\nkind = "spikes"\npopulation = "inhibitory"\nneurons = [3, 7]\n';
  await writeFile(join(cwd, 'some.toml'), network + chosen);
  const { files } = await simulate(t, cwd, 'some.toml', '--spikes', 'some.csv');
  t.deepEqual(files, ['some.csv']);
  const some = await readSpikeTrains(join(cwd, 'some.csv'));
  t.deepEqual([...new Set(some.neurons)].sort(), [3, 7]);
  const wanted = await readSpikeTrains(join(cwd, 'all.json'), { layer: 'inhibitory' });
  t.is(some.neurons.length, wanted.neurons.filter((neuron) => neuron === 3 || neuron === 7).length);
});

test('a simulation that goes on from a checkpoint does what the whole one does', async (t) => {
  const cwd = await withNetwork(t);
  const whole = await simulate(t, cwd, 'net.toml', '--spikes', 'whole.csv');
  const first = await simulate(
    t,
    cwd,
    'net.toml',
    '--duration',
    '37.5',
    '--save',
    'half.safetensors',
    '--spikes',
    'a.csv',
  );
  t.is(first.checkpoint, 'half.safetensors');
  const second = await simulate(
    t,
    cwd,
    'net.toml',
    '--resume',
    'half.safetensors',
    '--threads',
    '2',
    '--spikes',
    'b.csv',
  );
  t.is(first.synapticEvents + second.synapticEvents, whole.synapticEvents);
  t.deepEqual(second.projections, whole.projections);
  for (const population of ['excitatory', 'inhibitory']) {
    const text = (name: string) => readFile(join(cwd, `${name}-${population}.csv`), 'utf8');
    const [a, b, both] = await Promise.all([text('a'), text('b'), text('whole')]);
    t.is(a + b.slice(b.indexOf('\n') + 1), both);
  }
});

test('a checkpoint of another network, or one that is past the end, is refused', async (t) => {
  const cwd = await withNetwork(t);
  await simulate(t, cwd, 'net.toml', '--save', 'end.safetensors');
  const other = await run(cwd, 'simulate', 'net.toml', '--resume', 'end.safetensors', '--seed', '6');
  t.is(other.code, 2);
  t.regex(other.stderr, /ERR_SYNFIRE_CHECKPOINT\n +network\.seed is 6; expected 5/);
  const past = await run(cwd, 'simulate', 'net.toml', '--resume', 'end.safetensors');
  t.is(past.code, 2);
  t.regex(past.stderr, /--duration is 100; expected more than 100/);
});

test('Ctrl-C writes what was recorded, saves, prints the summary and exits with 130', async (t) => {
  const cwd = await withNetwork(t);
  const args = [
    '--duration',
    '1e8',
    '--spikes',
    'spikes.csv',
    '--save',
    'stopped.safetensors',
    '--out',
    'out',
  ];
  const { child, done } = start(cwd, 'simulate', 'net.toml', ...args);
  child.stderr?.once('data', () => setTimeout(() => child.kill('SIGINT'), 200));
  const { code, stdout, stderr } = await done;
  t.is(code, 130, stderr);
  t.regex(stdout, /^checkpoint +stopped\.safetensors$/m);
  const summary = JSON.parse(await readFile(join(cwd, 'out', 'summary.json'), 'utf8'));
  t.is(summary.event, 'interrupted');
  t.true(summary.timeMs > 0 && summary.timeMs < 1e8);
  const spikes = await readSpikeTrains(join(cwd, 'spikes-excitatory.csv'));
  t.is(spikes.timesMs.filter((timeMs) => timeMs > 20).length, summary.populations[0].spikes);
  const end = String(Math.ceil(summary.timeMs) + 10);
  const resumed = await simulate(t, cwd, 'net.toml', '--resume', 'stopped.safetensors', '--duration', end);
  t.is(resumed.timeMs, Number(end));
});

test('runaway activity is told with the population, and what was recorded is written', async (t) => {
  const cwd = await withNetwork(t, '[[recordings]]\nkind = "spikes"\npopulation = "excitatory"\n');
  const text = (await readFile(join(cwd, 'net.toml'), 'utf8')).replace(
    'size = 80',
    'size = 80\nmax_spikes_per_ms = 20',
  );
  await writeFile(join(cwd, 'net.toml'), text.replace('weight = 3', 'weight = 3000'));
  const { code, stderr } = await run(cwd, 'simulate', 'net.toml', '--out', 'out');
  t.is(code, 1);
  t.regex(stderr, /ERR_SYNFIRE_NUMERIC/);
  t.regex(stderr, /excitatory/);
  t.true((await readNpy(join(cwd, 'out', 'spikes-excitatory.times.npy'))).data.length > 0);
});

const badInput: [what: string, args: string[], message: RegExp][] = [
  ['no file', [], /missing required argument 'network'/],
  ['a file that is not there', ['none.toml'], /cannot read none\.toml/],
  ['a file of another kind', ['net.txt'], /config is "net\.txt"; expected a \.toml or \.json file/],
  [
    'a duration of nothing',
    ['net.toml', '--duration', '0'],
    /--duration is "0"; expected a number of milliseconds above 0/,
  ],
  [
    'a duration between two steps',
    ['net.toml', '--duration', '10.05'],
    /durationMs is 10\.05; expected a multiple of dtMs/,
  ],
  [
    'a format of spikes that there is not',
    ['net.toml', '--spikes', 'a.txt'],
    /--spikes is "a\.txt"; expected a name that ends in/,
  ],
  [
    'a checkpoint that is not there',
    ['net.toml', '--resume', 'a.safetensors'],
    /cannot read the checkpoint a\.safetensors/,
  ],
  ['a training', ['small.toml'], /small\.toml:\d+: network is not a known key/],
];

for (const [what, args, message] of badInput) {
  test(`${what} is bad input`, async (t) => {
    const { code, stderr } = await run(await withNetwork(t), 'simulate', ...args);
    t.is(code, 2);
    t.regex(stderr, message);
  });
}

test('the example of a balanced network fires as published', async (t) => {
  const cwd = await workFolder(t);
  const { populations } = await simulate(t, cwd, example('balanced-network.toml'), '--duration', '2200');
  for (const { rateHz, cv } of populations) {
    t.true(rateHz > 5.2 && rateHz < 5.9, `${rateHz} Hz`);
    t.true(cv > 0.4, `${cv}`);
  }
});

test('the example of a pair protocol gives the window of the rule', async (t) => {
  const cwd = await workFolder(t);
  await simulate(t, cwd, example('stdp-pair.toml'), '--out', 'stdp');
  const { data, shape } = await readNpy(join(cwd, 'stdp', 'weights-pairs.npy'));
  t.deepEqual(shape, [2, 17]);
  for (let synapse = 0; synapse < 17; synapse++) {
    const differenceMs = 5 * synapse - 40;
    if (differenceMs === 0) continue;
    const change = (differenceMs > 0 ? 0.1 : -0.105) * Math.exp(-Math.abs(differenceMs) / 20);
    t.is(data[synapse], 0.5);
    t.true(Math.abs(Number(data[17 + synapse]) - 0.5 - change) < 1e-6, `${differenceMs} ms`);
  }
});
