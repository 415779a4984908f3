// Spatial networks as a user of the program meets them: training, resuming, measuring, predicting and inspecting.
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { loadSpatialCheckpoint } from '../../lib/checkpoints/spatial-checkpoint.ts';
import { generateDigits } from '../../lib/data/digits.ts';
import { writeNpy } from '../../lib/data/npy.ts';
import { stateDigest } from '../networks/small-spatial.ts';
import { jsonLines, run, start, succeed, workFolder } from './program.ts';

const small = `
[network]
preset = "spatial-digits"
grids = [[28, 28, 1], [7, 7, 2], [10, 1, 1]]
reach = [2, [3, 3, 1]]
capacity = 200
seed = 3

[network.growth]
threshold = 0.5
every_batches = 10

[training]
epochs = 2
batch_size = 16
prune = { threshold = 0.01 }

[data]
limit = 400
validation = 80
`;

const spatialFolder = (t: ExecutionContext) => workFolder(t, { 'grids.toml': small });

test('train, eval, predict and inspect work on what the one before left', async (t) => {
  const cwd = await spatialFolder(t);
  const { stdout, stderr } = await succeed(t, cwd, 'train', 'grids.toml', '--json', '--out', 'out');
  const lines = jsonLines(stdout);
  t.is(stderr, '');
  t.deepEqual(
    lines.map(({ event }) => event),
    ['epoch', 'epoch', 'done'],
  );
  for (const [index, epoch] of lines.slice(0, 2).entries()) {
    t.like(epoch, { epoch: index + 1, batches: 20 });
    for (const name of ['trainLoss', 'trainAccuracy', 'validationLoss', 'validationAccuracy', 'neurons']) {
      t.true((epoch[name] as number) > 0, name);
    }
    for (const name of ['grown', 'pruned']) t.true((epoch[name] as number) >= 0, name);
  }
  const done = lines[2]!;
  t.like(done, { end: 'completed', epochs: 2 });
  t.is((done.statistics as { layers: unknown[] }).layers.length, 2);
  t.is((done.confusion as number[][]).length, 10);
  for (const name of ['checkpoint', 'latestCheckpoint', 'metrics', 'config']) {
    t.true(existsSync(join(cwd, done[name] as string)), name);
  }
  t.deepEqual(jsonLines(await readFile(join(cwd, 'out/metrics.jsonl'), 'utf8')), lines.slice(0, 2));

  const [measured] = jsonLines((await succeed(t, cwd, 'eval', 'out', '--json')).stdout);
  t.like(measured, { part: 'test', samples: 400, accuracy: done.testAccuracy, loss: done.testLoss });
  t.deepEqual(measured?.confusion, done.confusion);
  const { stdout: text } = await succeed(t, cwd, 'eval', 'out', '--part', 'train', '--quiet');
  t.regex(text, /accuracy +\d+\.\d\d %: \d+ of 400 train samples\nloss +0\.\d+/);

  const images = await generateDigits({ samples: 3 });
  await writeFile(join(cwd, 'digits.npy'), writeNpy(images.native.readSamples(0, 3), [3, 28, 28]));
  const predicted = jsonLines((await succeed(t, cwd, 'predict', 'out', 'digits.npy', '--json')).stdout);
  t.deepEqual(
    predicted.map(({ index, scores }) => [index, (scores as number[]).length]),
    [0, 1, 2].map((index) => [index, 10]),
  );

  const inspected = await succeed(t, cwd, 'inspect', 'out');
  t.regex(inspected.stdout, /layer +grid +sees +neurons +active +saturation +sparsity/);
  t.regex(inspected.stdout, /0 +7 x 7 x 2 +5 x 5 x 1 +\d+/);
  t.regex(inspected.stdout, /trained +\d epochs on digits/);
  const [found] = jsonLines((await succeed(t, cwd, 'inspect', 'out', '--json')).stdout);
  const layersOf = ({ statistics }: Record<string, unknown>) => (statistics as { layers: unknown[] }).layers;
  t.deepEqual(layersOf(found!), layersOf(done));
});

test('the identity task is trained from its preset, with a line for each epoch', async (t) => {
  const cwd = await workFolder(t);
  const { stdout, stderr } = await succeed(t, cwd, 'train', 'spatial-identity', '--out', 'out');
  t.regex(stderr, /^network: 2 x 2 x 1 -> 4 x 2 x 2 -> 2 x 2 x 1, 20 neurons/m);
  t.regex(stderr, /^data: +identity, samples: 4,000 to train, 444 to validate, 1,000 to test/m);
  t.regex(stderr, /^epoch 1\/4 {2}loss 0\.\d+ {2}validation loss 0\.\d+ {2}\d+ neurons/m);
  t.regex(stdout, /layer +grid +sees +neurons[\s\S]*\nall +\d+/);
  const loss = Number(/test loss +([\d.e-]+)/.exec(stdout)?.[1]);
  t.true(loss < 0.01, stdout);
  const { stdout: measured } = await succeed(t, cwd, 'eval', 'out');
  t.regex(measured, /loss +0\.0\d+: 1,000 test samples/);
  await writeFile(join(cwd, 'vector.npy'), writeNpy(Float32Array.of(0.1, 0.4, 0.6, 0.9), [2, 2]));
  const [answer] = jsonLines((await succeed(t, cwd, 'predict', 'out', 'vector.npy', '--json')).stdout);
  t.is((answer!.outputs as number[]).length, 4);
  t.regex(
    (await succeed(t, cwd, 'predict', 'out', 'vector.npy')).stdout,
    /sample +outputs\n +0( +-?\d\.\d{3}){4}/,
  );
});

test('options replace what the configuration says', async (t) => {
  const cwd = await spatialFolder(t);
  const changes = ['--epochs', '1', '--batch-size', '8', '--threads', '1', '--seed', '9', '--limit', '100'];
  await succeed(t, cwd, 'train', 'spatial-identity', ...changes, '--out', 'out', '--quiet');
  const config = JSON.parse(await readFile(join(cwd, 'out/config.json'), 'utf8'));
  t.like(config, {
    network: { preset: 'spatial-identity', seed: 9 },
    training: { epochs: 1, batchSize: 8, threads: 1, seed: 9 },
    data: { name: 'identity', limit: 100 },
  });
});

test('an interrupted training goes on with --resume to the same bits', async (t) => {
  const cwd = await spatialFolder(t);
  const longer = ['--epochs', '8', '--limit', '4000'];
  await succeed(t, cwd, 'train', 'grids.toml', ...longer, '--out', 'straight');
  const { child, done } = start(cwd, 'train', 'grids.toml', ...longer, '--out', 'cut');
  child.stderr!.once('data', () => setTimeout(() => child.kill('SIGINT'), 100));
  const { code, stderr } = await done;
  t.is(code, 130, stderr);
  t.regex(stderr, /go on with: synfire train --resume/);
  await succeed(t, cwd, 'train', '--resume', 'cut');
  t.is(await digestOf(join(cwd, 'cut')), await digestOf(join(cwd, 'straight')));
});

test('a preset and a file are inspected without training', async (t) => {
  const cwd = await spatialFolder(t);
  for (const source of ['spatial-identity', 'spatial-digits', 'grids.toml']) {
    const { stdout } = await succeed(t, cwd, 'inspect', source);
    t.regex(stdout, /layer +grid +sees/, source);
    t.regex(stdout, /training +\d+ epochs, batches of \d+/, source);
  }
});

const badInput: [string, string[], RegExp][] = [
  ['a misspelt preset', ['train', 'spatial-digit'], /did you mean spatial-digits/],
  [
    'a grid of nothing',
    ['train', 'wrong.toml'],
    /wrong\.toml:3: network\.grids\[1\]\[2\] is 0; expected an integer/,
  ],
  ['three bits', ['inspect', 'bits.toml'], /network\.bits is 3; expected 1, 2 or 4/],
  [
    'windows beyond the capacity',
    ['train', 'reach.toml'],
    /network\.reach is \[9,9,0\]; expected windows of at most 200 weights/,
  ],
  [
    'an option of event networks',
    ['train', 'grids.toml', '--neurons', '5'],
    /--neurons is 5; expected nothing/,
  ],
  [
    'data of another size',
    ['train', 'spatial-identity', '--data', 'digits', '--limit', '10'],
    /dataset\.shape is \[1,28,28\]; expected 4 values/,
  ],
  [
    'vectors for a network of layers',
    ['train', 'small.toml', '--data', 'identity'],
    /--data is "identity"; expected a data set of images/,
  ],
];

for (const [name, args, message] of badInput) {
  test(`${name} is bad input`, async (t) => {
    const cwd = await spatialFolder(t);
    const network = '[network]\npreset = "spatial-digits"\n';
    await writeFile(join(cwd, 'wrong.toml'), `${network}grids = [[28, 28, 1], [7, 7, 0], 10]\n`);
    await writeFile(join(cwd, 'bits.toml'), `${network}bits = 3\n`);
    await writeFile(join(cwd, 'reach.toml'), small.replace('reach = [2,', 'reach = [[9, 9, 0],'));
    const { code, stderr } = await run(cwd, ...args);
    t.is(code, 2, stderr);
    t.regex(stderr, message);
    t.false(existsSync(join(cwd, 'runs')));
  });
}

async function digestOf(folder: string): Promise<string> {
  const { network } = await loadSpatialCheckpoint(join(folder, 'checkpoints/latest.safetensors'));
  return stateDigest(network);
}
