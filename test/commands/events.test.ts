// Event networks as a user of the program meets them: training, resuming, measuring, classifying and inspecting.
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { loadEventCheckpoint } from '../../lib/checkpoints/event-checkpoint.ts';
import { generateDigits } from '../../lib/data/digits.ts';
import { readNpy, writeNpy } from '../../lib/data/npy.ts';
import { jsonLines, run, start, succeed, workFolder } from './program.ts';

const small = `
[network]
preset = "diehl-cook"
neurons = 20
seed = 3

[training]
images = 60
batch_size = 2
evaluate_every = 30

[labels]
images = 40

[data]
limit = 150
validation = 20
`;

const eventFolder = (t: ExecutionContext) => workFolder(t, { 'stdp.toml': small });

test('train, eval, predict and inspect work on what the one before left', async (t) => {
  const cwd = await eventFolder(t);
  const { stdout, stderr } = await succeed(t, cwd, 'train', 'stdp.toml', '--json', '--out', 'out');
  const lines = jsonLines(stdout);
  t.is(stderr, '');
  t.deepEqual(
    lines.map(({ event }) => event),
    ['round', 'round', 'done'],
  );
  const done = lines[2]!;
  t.like(done, { end: 'completed', images: 60, rounds: 2 });
  for (const name of ['checkpoint', 'latestCheckpoint', 'metrics', 'config']) {
    t.true(existsSync(join(cwd, done[name] as string)), name);
  }
  t.deepEqual(jsonLines(await readFile(join(cwd, 'out/metrics.jsonl'), 'utf8')), lines.slice(0, 2));
  const fields = await readNpy(join(cwd, 'out/receptive-fields.npy'));
  t.deepEqual(fields.shape, [20, 28, 28]);
  t.is((await readFile(join(cwd, 'out/receptive-fields.png'))).toString('latin1', 1, 4), 'PNG');

  const [measured] = jsonLines((await succeed(t, cwd, 'eval', 'out', '--json')).stdout);
  t.like(measured, { part: 'test', samples: 150, accuracy: done.testAccuracy });
  t.deepEqual(measured?.confusion, done.confusion);
  const { stdout: text } = await succeed(t, cwd, 'eval', 'out', '--label-images', '30', '--quiet');
  t.regex(text, /accuracy +\d+\.\d\d %: \d+ of 150 test samples/);

  const images = await generateDigits({ samples: 3 });
  await writeFile(join(cwd, 'digits.npy'), writeNpy(images.native.readSamples(0, 3), [3, 28, 28]));
  const predicted = jsonLines((await succeed(t, cwd, 'predict', 'out', 'digits.npy', '--json')).stdout);
  t.deepEqual(
    predicted.map(({ index, scores }) => [index, (scores as number[]).length]),
    [0, 1, 2].map((index) => [index, 10]),
  );

  const inspected = await succeed(t, cwd, 'inspect', 'out');
  t.regex(inspected.stdout, /excitatory +20 +conductance-lif/);
  t.regex(inspected.stdout, /input +excitatory +all-to-all +diehl-cook/);
});

test('options replace what the configuration says, and the batch size is kept for a resume', async (t) => {
  const cwd = await eventFolder(t);
  const changes = [
    '--neurons',
    '10',
    '--images',
    '20',
    '--label-images',
    '15',
    '--merge',
    'sum',
    '--seed',
    '8',
  ];
  await succeed(t, cwd, 'train', 'diehl-cook', '--limit', '60', ...changes, '--out', 'out', '--quiet');
  const config = JSON.parse(await readFile(join(cwd, 'out/config.json'), 'utf8'));
  t.like(config, {
    network: { preset: 'diehl-cook', neurons: 10, seed: 8 },
    training: { images: 20, merge: 'sum', seed: 8 },
    labels: { images: 15 },
    data: { limit: 60 },
  });
  t.true(config.training.batchSize >= 1);
});

test('an interrupted training goes on with --resume to the same weights', async (t) => {
  const cwd = await eventFolder(t);
  await succeed(t, cwd, 'train', 'stdp.toml', '--images', '400', '--limit', '500', '--out', 'straight');
  const { child, done } = start(
    cwd,
    'train',
    'stdp.toml',
    '--images',
    '400',
    '--limit',
    '500',
    '--out',
    'cut',
  );
  child.stderr!.once('data', () => setTimeout(() => child.kill('SIGINT'), 300));
  const { code, stderr } = await done;
  t.is(code, 130, stderr);
  t.regex(stderr, /go on with: synfire train --resume/);
  await succeed(t, cwd, 'train', '--resume', 'cut');
  t.deepEqual(await weights(join(cwd, 'cut')), await weights(join(cwd, 'straight')));
});

test('teaching is trained from its preset', async (t) => {
  const cwd = await eventFolder(t);
  const { stdout } = await succeed(
    t,
    cwd,
    'train',
    'teaching',
    '--limit',
    '400',
    '--batch-size',
    '2',
    '--out',
    'out',
    '--json',
  );
  const done = jsonLines(stdout).at(-1)!;
  t.true((done.testAccuracy as number) > 0.4);
  t.is((done.confusion as number[][]).length, 3);
});

const badInput: [string, string[], RegExp][] = [
  ['a misspelt preset', ['train', 'diehl-cok'], /did you mean diehl-cook/],
  ['a misspelt key', ['train', 'wrong.toml'], /wrong\.toml:3[\s\S]*did you mean neurons/],
  [
    'an unknown way of merging',
    ['train', 'stdp.toml', '--merge', 'average'],
    /--merge is "average"; expected one of "mean"/,
  ],
  [
    'an option of event networks for layers',
    ['train', 'small.toml', '--neurons', '5'],
    /--neurons is 5; expected nothing/,
  ],
  [
    'an option that the preset has not',
    ['train', 'teaching', '--label-images', '5'],
    /--label-images is 5; expected nothing/,
  ],
];

for (const [name, args, message] of badInput) {
  test(`${name} is bad input`, async (t) => {
    const cwd = await eventFolder(t);
    await writeFile(join(cwd, 'wrong.toml'), '[network]\npreset = "diehl-cook"\nneuron = 5\n');
    const { code, stderr } = await run(cwd, ...args);
    t.is(code, 2, stderr);
    t.regex(stderr, message);
    t.false(existsSync(join(cwd, 'runs')));
  });
}

async function weights(folder: string): Promise<Float64Array> {
  const { network } = await loadEventCheckpoint(join(folder, 'checkpoints/latest.safetensors'));
  return network.weights('input->excitatory');
}
