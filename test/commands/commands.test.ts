// The commands besides train: eval, predict, inspect, bench and info, on a network that the real program has
// trained.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { generateDigits } from '../../lib/data/digits.ts';
import { writeNpy } from '../../lib/data/npy.ts';
import { jsonLines, type Outcome, program, run, smallConfig, startCommand } from './program.ts';

let cwd = '';
let testAccuracy: unknown;

test.before(async (t) => {
  cwd = await mkdtemp(join(tmpdir(), 'synfire-commands-'));
  await writeFile(join(cwd, 'small.toml'), smallConfig);
  const { code, stdout, stderr } = await run(
    cwd,
    'train',
    'small.toml',
    '--epochs',
    '4',
    '--out',
    'run',
    '--json',
  );
  t.is(code, 0, stderr);
  testAccuracy = jsonLines(stdout).at(-1)?.testAccuracy;
});

test.after.always(() => rm(cwd, { recursive: true, force: true }));

test('eval measures the best model with the data of its training', async (t) => {
  const [report] = jsonLines((await succeed('eval', 'run', '--json')).stdout);
  t.like(report, { event: 'done', part: 'test', samples: 300, accuracy: testAccuracy });
  const confusion = report?.confusion as number[][];
  t.is(
    confusion.flat().reduce((sum, count) => sum + count),
    300,
  );
});

test('eval takes a checkpoint alone when the data are named, and other parts of them', async (t) => {
  const checkpoint = 'run/checkpoints/latest.safetensors';
  const [report] = jsonLines(
    (await succeed('eval', checkpoint, '--data', 'digits', '--limit', '50', '--part', 'train', '--json'))
      .stdout,
  );
  t.like(report, { checkpoint, part: 'train', samples: 50 });
});

test('eval prints accuracy and a line for each class', async (t) => {
  const { stdout } = await succeed('eval', 'run', '--quiet');
  t.regex(stdout, /accuracy +\d+\.\d\d %: \d+ of 300 test samples/);
  t.regex(stdout, /^ +9 +\d+ /m);
});

test('eval --ops reports spike rates, synaptic operations and an energy model that says what it is', async (t) => {
  const [report] = jsonLines((await succeed('eval', 'run', '--ops', '--json')).stdout);
  const operations = report?.operations as {
    layers: { name: string; spikeRate: number | null; synapticOperations: number; denseMacs: number }[];
    energy: { denseNanojoules: number; spikingNanojoules: number; picojoulesPerMac: number };
    denseMacs: number;
  };
  const [convolution, hidden, readout] = operations.layers;
  t.is(convolution?.denseMacs, 4 * 6 * 6 * 25);
  t.is(hidden?.denseMacs, 16 * 144);
  t.is(readout?.spikeRate, null);
  for (const { spikeRate } of [convolution!, hidden!]) t.true(spikeRate! > 0 && spikeRate! < 1);
  t.is(operations.denseMacs, 3600 + 2304 + 160);
  t.true(Math.abs(operations.energy.denseNanojoules - operations.denseMacs * 4.6e-3) < 1e-9);
  t.true(operations.energy.spikingNanojoules > 0);
  const { stdout } = await succeed('eval', 'run', '--ops', '--quiet');
  t.regex(stdout, /Energy model, not a measurement/);
  t.regex(stdout, /4\.6 pJ per MAC, 0\.9 pJ per addition/);
  t.regex(stdout, /1\.9/);
});

test('predict classifies the samples of an NPY file, all of them or those asked for', async (t) => {
  const digits = await generateDigits({ samples: 6 });
  await writeFile(join(cwd, 'six.npy'), writeNpy(digits.native.readSamples(0, 6), [6, 28, 28]));
  const all = jsonLines((await succeed('predict', 'run', 'six.npy', '--json')).stdout);
  t.deepEqual(
    all.map(({ index }) => index),
    [0, 1, 2, 3, 4, 5],
  );
  for (const { class: chosen, scores } of all) {
    t.is((scores as number[]).length, 10);
    t.is((scores as number[])[chosen as number], Math.max(...(scores as number[])));
  }
  const some = jsonLines((await succeed('predict', 'run', 'six.npy', '--index', '4,0', '--json')).stdout);
  t.deepEqual(
    some.map(({ index }) => index),
    [4, 0],
  );
  const { stdout } = await succeed('predict', 'run', 'six.npy');
  t.regex(stdout, /^sample +class +score$/m);
  t.is(stdout.trimEnd().split('\n').length, 7);
});

test('predict takes one sample as numbers from 0 to 1, and IDX files', async (t) => {
  const sample = (await generateDigits({ samples: 1 })).native.readSamples(0, 1);
  await writeFile(
    join(cwd, 'one.npy'),
    writeNpy(
      Float32Array.from(sample, (byte) => byte / 255),
      [28, 28],
    ),
  );
  await writeFile(
    join(cwd, 'one.idx'),
    Buffer.concat([Buffer.from([0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 28, 0, 0, 0, 28]), sample]),
  );
  const [npy] = jsonLines((await succeed('predict', 'run', 'one.npy', '--json')).stdout);
  const [idx] = jsonLines((await succeed('predict', 'run', 'one.idx', '--json')).stdout);
  t.deepEqual(npy, idx);
});

test('predict refuses files that do not fit', async (t) => {
  await writeFile(join(cwd, 'narrow.npy'), writeNpy(new Uint8Array(2 * 28 * 27), [2, 28, 27]));
  await writeFile(join(cwd, 'turned.npy'), writeNpy(new Uint8Array(784), [784]));
  await writeFile(join(cwd, 'large.npy'), writeNpy(new Float32Array(784).fill(7), [28, 28]));
  await writeFile(join(cwd, 'int.npy'), writeNpy(new Int32Array(784), [28, 28]));
  await writeFile(join(cwd, 'good.npy'), writeNpy(new Uint8Array(784), [1, 1, 28, 28]));
  const wrong: [string[], RegExp][] = [
    [['narrow.npy'], /narrow\.npy: shape is "2 x 28 x 27"; expected samples of 1 x 28 x 28/],
    [['turned.npy'], /turned\.npy: shape is "784"/],
    [['large.npy'], /is 7; expected a number from 0 to 1/],
    [['int.npy'], /int\.npy: type is "int32"/],
    [['small.toml'], /ERR_SYNFIRE_DATA_FORMAT/],
    [['missing.npy'], /missing\.npy/],
    [['good.npy', '--index', '1'], /--index is 1; expected samples from 0 to 0/],
    [['good.npy', '--index', 'x'], /--index is "x"/],
  ];
  for (const [args, message] of wrong) {
    const { code, stdout, stderr } = await run(cwd, 'predict', 'run', ...args);
    t.is(code, 2, stderr);
    t.is(stdout, '');
    t.regex(stderr, message);
  }
});

test('inspect shows presets, configurations, runs and checkpoints', async (t) => {
  const preset = await succeed('inspect', 'conv-snn', '--threads', '1');
  t.regex(preset.stdout, /layers\.1 +dense +1024 +2,360,320/);
  t.regex(preset.stdout, /parameters +2,370,986/);
  t.regex(preset.stdout, /MiB to train/);
  const [config] = jsonLines((await succeed('inspect', 'small.toml', '--json')).stdout);
  t.like(config, { parameters: 104 + 16 * 145 + 170, state: null, run: { training: { batchSize: 16 } } });
  for (const source of ['run', 'run/checkpoints', 'run/checkpoints/latest.safetensors']) {
    const [checkpoint] = jsonLines((await succeed('inspect', source, '--json')).stdout);
    t.like(checkpoint, { source, run: null, state: { step: 0 } });
  }
  t.regex((await succeed('inspect', 'run')).stdout, /best +epoch \d/);
});

test('info shows what the installation is', async (t) => {
  const [info] = jsonLines((await succeed('info', '--json')).stdout);
  t.deepEqual(Object.keys(info!), [
    'version',
    'instructionSet',
    'instructionSets',
    'devices',
    'threads',
    'node',
    'platform',
  ]);
  t.is(info?.node, process.versions.node);
  t.regex((await succeed('info')).stdout, /instruction set/);
});

test('bench measures training and prediction for each batch size and number of threads', async (t) => {
  const args = ['bench', 'small.toml', '--batch-size', '4,8', '--threads', '1', '--steps', '3'];
  const rows = jsonLines((await succeed(...args, '--json')).stdout);
  t.deepEqual(
    rows.map(({ batchSize }) => batchSize),
    [4, 8],
  );
  for (const name of [
    'trainStepMs',
    'trainSamplesPerSecond',
    'predictSamplesPerSecond',
    'singleP50Ms',
    'singleP99Ms',
  ]) {
    t.true(
      rows.every((row) => (row[name] as number) > 0),
      name,
    );
  }
  t.regex((await succeed(...args)).stdout, /training step/);
});

test('help says what there is, with examples, and is no error', async (t) => {
  for (const command of ['train', 'eval', 'predict', 'inspect', 'bench']) {
    const { stdout } = await succeed(command, '--help');
    t.regex(stdout, new RegExp(`Examples:[\\s\\S]*\\$ synfire ${command}`), command);
  }
  t.regex((await succeed('--help')).stdout, /Exit codes/);
  t.regex((await succeed('--version')).stdout, /^\d+\.\d+\.\d+\n$/);
  t.is((await run(cwd)).code, 2);
});

test('a reader that goes away ends the program quietly', async (t) => {
  const script = `"${process.execPath}" "${program}" predict run many.npy --json | head -1`;
  await writeFile(join(cwd, 'many.npy'), writeNpy(new Uint8Array(5000 * 784), [5000, 28, 28]));
  const { code, stdout, stderr } = await startCommand(cwd, 'bash', ['-o', 'pipefail', '-c', script]).done;
  t.is(code, 0, stderr);
  t.is(stderr, '');
  t.is(jsonLines(stdout).length, 1);
});

/** Runs `synfire`, which has to succeed. */
async function succeed(...args: string[]): Promise<Outcome> {
  const outcome = await run(cwd, ...args);
  if (outcome.code !== 0) throw new Error(`exit code ${outcome.code}: ${outcome.stderr}`);
  return outcome;
}
