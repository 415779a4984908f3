// synfire train as a user meets it: output, files, bad input, interruption, resuming and a full disk.
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { copyFile, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { loadCheckpoint } from '../../lib/checkpoints/checkpoint.ts';
import { withTensorFile } from '../../lib/checkpoints/tensor-file.ts';
import { jsonLines, program, run, start, startCommand, succeed, workFolder } from './program.ts';

test('--json prints an object for each epoch, a last one with the results, and nothing else', async (t) => {
  const cwd = await workFolder(t);
  const { stdout, stderr } = await succeed(t, cwd, 'train', 'small.toml', '--json', '--out', 'out');
  const lines = jsonLines(stdout);
  t.deepEqual(
    lines.map(({ event }) => event),
    ['epoch', 'epoch', 'done'],
  );
  t.is(stderr, '');
  for (const [index, epoch] of lines.slice(0, 2).entries()) {
    t.is(epoch.epoch, index + 1);
    for (const name of ['trainLoss', 'validationLoss', 'learningRate', 'seconds', 'samplesPerSecond']) {
      t.true((epoch[name] as number) > 0, name);
    }
    for (const name of ['trainAccuracy', 'validationAccuracy']) t.true(isFraction(epoch[name]), name);
  }
  const done = lines[2]!;
  for (const name of ['testAccuracy', 'validationAccuracy']) t.true(isFraction(done[name]), name);
  for (const name of ['samplesPerSecond', 'epochSeconds']) t.true((done[name] as number) > 0, name);
  t.true((done.peakMemoryBytes as number) > 2 ** 20);
  for (const name of ['checkpoint', 'latestCheckpoint', 'metrics', 'config']) {
    t.true(existsSync(join(cwd, done[name] as string)), name);
  }
  t.deepEqual(jsonLines(await readFile(join(cwd, done.metrics as string), 'utf8')), lines.slice(0, 2));
  const { network, metadata } = await loadCheckpoint(join(cwd, done.checkpoint as string));
  t.is(network.classes, 10);
  t.is(metadata.training?.epoch, done.bestEpoch as number);
});

test('without --json the results and their places go to standard output, epochs to standard error', async (t) => {
  const cwd = await workFolder(t);
  const { stdout, stderr } = await succeed(t, cwd, 'train', 'small.toml', '--epochs', '1');
  const folder = /runs\/small-\d{8}-\d{6}(-\d+)?/.exec(stdout)?.[0];
  t.truthy(folder, stdout);
  for (const file of [
    'checkpoints/best.safetensors',
    'checkpoints/latest.safetensors',
    'metrics.jsonl',
    'config.json',
  ]) {
    t.true(stdout.includes(`${folder}/${file}`), file);
    t.true(existsSync(join(cwd, folder!, file)), file);
  }
  t.regex(stdout, /test accuracy +\d+\.\d\d %/);
  t.regex(stderr, /^epoch 1\/1 {2}loss/m);
  for (const control of ['\u001b', '\r']) t.false((stdout + stderr).includes(control));
});

test('--quiet shows no progress', async (t) => {
  const cwd = await workFolder(t);
  const { stdout, stderr } = await succeed(t, cwd, 'train', 'small.toml', '--epochs', '1', '--quiet');
  t.is(stderr, '');
  t.regex(stdout, /test accuracy/);
});

test('options replace what the configuration says', async (t) => {
  const cwd = await workFolder(t);
  const options = [
    '--epochs',
    '1',
    '--batch-size',
    '8',
    '--threads',
    '2',
    '--seed',
    '5',
    '--limit',
    '100',
    '--out',
    'out',
  ];
  await succeed(t, cwd, 'train', 'small.toml', ...options);
  const config = JSON.parse(await readFile(join(cwd, 'out/config.json'), 'utf8'));
  t.like(config, {
    network: { seed: 5 },
    training: { epochs: 1, batchSize: 8, threads: 2, seed: 5 },
    data: { limit: 100 },
  });
  const again = await succeed(t, cwd, 'train', 'out/config.json', '--json', '--out', 'again');
  t.is(again.stderr, '');
  t.is(await tensorHash(join(cwd, 'out')), await tensorHash(join(cwd, 'again')));
});

const badInput: [string, string[], RegExp][] = [
  ['no configuration', ['train'], /ERR_SYNFIRE_INVALID_ARGUMENT[\s\S]*config/],
  ['an unknown preset', ['train', 'conv-snm'], /did you mean conv-snn/],
  ['a configuration that is not there', ['train', 'missing.toml'], /ERR_SYNFIRE_CONFIG[\s\S]*missing\.toml/],
  [
    'a configuration with a wrong value',
    ['train', 'wrong.toml'],
    /wrong\.toml:\d+[\s\S]*batchSize[\s\S]*expected/,
  ],
  ['a configuration that is not TOML', ['train', 'broken.toml'], /broken\.toml:1/],
  [
    'a word for a number',
    ['train', 'small.toml', '--epochs', 'many'],
    /--epochs is "many"; expected a whole number/,
  ],
  [
    'a number out of range',
    ['train', 'small.toml', '--threads', '0'],
    /--threads is "0"; expected a whole number from 1/,
  ],
  ['an unknown option', ['train', 'small.toml', '--epoch', '2'], /unknown option '--epoch'[\s\S]*--epochs/],
  ['an unknown command', ['trian'], /unknown command 'trian'[\s\S]*train/],
  ['a device that is not there', ['train', 'small.toml', '--device', 'cuda'], /no CUDA engine/],
  [
    'data that are not there',
    ['train', 'small.toml', '--data', 'nowhere'],
    /ERR_SYNFIRE_DATA_MISSING[\s\S]*nowhere/,
  ],
  ['a wrong number of data files', ['train', 'small.toml', '--data', 'a,b,c'], /--data[\s\S]*samples,labels/],
  [
    'a run to resume that is not there',
    ['train', 'small.toml', '--resume', 'nowhere'],
    /ERR_SYNFIRE_CHECKPOINT[\s\S]*nowhere/,
  ],
  [
    'a resumed run without a configuration',
    ['train', '--resume', 'nowhere'],
    /ERR_SYNFIRE_INVALID_ARGUMENT[\s\S]*config\.json/,
  ],
  ['a checkpoint that is none', ['eval', 'small.toml'], /ERR_SYNFIRE_CHECKPOINT[\s\S]*header length/],
];

for (const [name, args, message] of badInput) {
  test(`${name} is bad input: exit code 2 and a readable error`, async (t) => {
    const cwd = await workFolder(t);
    await writeFile(join(cwd, 'wrong.toml'), 'preset = "conv-snn"\n[training]\nbatch_size = -3\n');
    await writeFile(join(cwd, 'broken.toml'), '[training\n');
    const { code, stdout, stderr } = await run(cwd, ...args);
    t.is(code, 2, stderr);
    t.is(stdout, '');
    t.regex(stderr, message);
    t.notRegex(stderr, /^ +at /m);
    t.false(existsSync(join(cwd, 'runs')));
  });
}

test('SYNFIRE_DEBUG adds where an error came from', async (t) => {
  const cwd = await workFolder(t);
  const { stderr } = await startCommand(cwd, 'env', [
    'SYNFIRE_DEBUG=1',
    process.execPath,
    program,
    'train',
    'x.toml',
  ]).done;
  t.regex(stderr, /^ +at /m);
});

test('a run that is killed at any moment and resumed ends with the same bits as one that never stopped', async (t) => {
  const cwd = await workFolder(t);
  const config = await savingConfig(cwd);
  await succeed(t, cwd, 'train', config, '--out', 'whole', '--json');
  const args = ['train', config, '--out', 'killed', '--json'];
  let kills = 0;
  for (;;) {
    const resume = existsSync(join(cwd, 'killed/checkpoints/latest.safetensors'))
      ? ['--resume', 'killed']
      : [];
    const { child, done } = start(cwd, ...args, ...resume);
    if (kills < 5) {
      await Promise.race([changed(cwd, 'killed/checkpoints/latest.safetensors'), done]);
      await sleep(Math.random() * 60);
      if (child.exitCode === null) kills += Number(child.kill('SIGKILL'));
    }
    const outcome = await done;
    if (outcome.signal !== 'SIGKILL') {
      t.is(outcome.code, 0, outcome.stderr);
      break;
    }
  }
  t.true(kills > 0);
  await sameResults(t, cwd, 'whole', 'killed');
  t.deepEqual(
    (await readdir(join(cwd, 'killed/checkpoints'))).sort(),
    (await readdir(join(cwd, 'whole/checkpoints'))).sort(),
  );
});

test('a resumed run reports epochs that a killed one saved but did not report, and no others', async (t) => {
  const cwd = await workFolder(t);
  await succeed(t, cwd, 'train', 'small.toml', '--out', 'whole');
  await succeed(t, cwd, 'train', 'small.toml', '--epochs', '1', '--out', 'killed');
  for (const left of ['', '{"event":"epo', '{"event":"epoch","epoch":2}\n']) {
    await writeFile(join(cwd, 'killed/metrics.jsonl'), left);
    await succeed(t, cwd, 'train', '--resume', 'killed', '--epochs', '2', '--out', 'other');
    t.deepEqual(await figures(join(cwd, 'other')), await figures(join(cwd, 'whole')), 'in another folder');
    await rm(join(cwd, 'other'), { recursive: true });
    await succeed(t, cwd, 'train', '--resume', 'killed', '--epochs', '2');
    t.deepEqual(await figures(join(cwd, 'killed')), await figures(join(cwd, 'whole')), left);
  }
});

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  test(`${signal} saves, exits with 130 and can be resumed`, async (t) => {
    const cwd = await workFolder(t);
    const config = await savingConfig(cwd);
    await succeed(t, cwd, 'train', config, '--out', 'whole', '--json');
    const { child, done } = start(cwd, 'train', config, '--out', 'stopped');
    await Promise.race([changed(cwd, 'stopped/checkpoints/latest.safetensors'), done]);
    child.kill(signal);
    const { code, stdout, stderr } = await done;
    t.is(code, 130, stderr);
    t.is(stdout, '');
    t.regex(stderr, /stopping after this step/);
    t.regex(stderr, /synfire train --resume stopped\/checkpoints\/latest\.safetensors/);
    const { metadata } = await loadCheckpoint(join(cwd, 'stopped/checkpoints/latest.safetensors'));
    t.truthy(metadata.training);
    await succeed(t, cwd, 'train', '--resume', 'stopped/checkpoints/latest.safetensors', '--json');
    await sameResults(t, cwd, 'whole', 'stopped');
  });
}

test('an interrupted --json run ends with an object that names its checkpoint', async (t) => {
  const cwd = await workFolder(t);
  const { child, done } = start(cwd, 'train', await savingConfig(cwd), '--out', 'out', '--json');
  await Promise.race([changed(cwd, 'out/checkpoints/latest.safetensors'), done]);
  child.kill('SIGINT');
  const { code, stdout } = await done;
  t.is(code, 130);
  t.deepEqual(jsonLines(stdout).at(-1), {
    event: 'interrupted',
    checkpoint: 'out/checkpoints/latest.safetensors',
  });
});

test('a full disk keeps the previous checkpoint, names the file and leaves nothing behind', async (t) => {
  const cwd = await workFolder(t);
  await succeed(t, cwd, 'train', 'small.toml', '--epochs', '1', '--out', 'out');
  const before = await readFile(join(cwd, 'out/checkpoints/latest.safetensors'));
  const limited = 'ulimit -f 16; exec "$@"';
  const args = ['train', '--resume', 'out', '--epochs', '2'];
  const { code, stderr } = await startCommand(cwd, 'bash', [
    '-c',
    limited,
    'bash',
    process.execPath,
    program,
    ...args,
  ]).done;
  t.is(code, 1, stderr);
  t.regex(stderr, /ERR_SYNFIRE_IO[\s\S]*latest\.safetensors[\s\S]*EFBIG/);
  t.deepEqual(await readFile(join(cwd, 'out/checkpoints/latest.safetensors')), before);
  t.deepEqual(
    (await readdir(join(cwd, 'out/checkpoints'))).filter((name) => name.endsWith('.tmp')),
    [],
  );
  await succeed(t, cwd, 'train', ...args.slice(1));
});

test('resuming with another configuration is refused by name, with more epochs it is not', async (t) => {
  const cwd = await workFolder(t);
  await succeed(t, cwd, 'train', 'small.toml', '--epochs', '1', '--out', 'out');
  const refused = await run(cwd, 'train', '--resume', 'out', '--batch-size', '8', '--seed', '1');
  t.is(refused.code, 2);
  for (const name of [
    'training.batchSize is 8; expected 16',
    'training.seed is 1; expected 42',
    'network.seed',
  ]) {
    t.true(refused.stderr.includes(name), refused.stderr);
  }
  const longer = await succeed(
    t,
    cwd,
    'train',
    '--resume',
    'out',
    '--epochs',
    '2',
    '--threads',
    '2',
    '--out',
    'other',
    '--json',
  );
  t.deepEqual(
    jsonLines(longer.stdout).map(({ event, epoch }) => epoch ?? event),
    [2, 'done'],
  );
});

test('a new run does not replace the checkpoints of another', async (t) => {
  const cwd = await workFolder(t);
  await succeed(t, cwd, 'train', 'small.toml', '--epochs', '1', '--out', 'out');
  const { code, stderr } = await run(cwd, 'train', 'small.toml', '--out', 'out');
  t.is(code, 2);
  t.regex(stderr, /a folder without checkpoints/);
});

test('a truncated checkpoint is refused', async (t) => {
  const cwd = await workFolder(t);
  await succeed(t, cwd, 'train', 'small.toml', '--epochs', '1', '--out', 'out');
  const cut = join(cwd, 'cut.safetensors');
  await copyFile(join(cwd, 'out/checkpoints/latest.safetensors'), cut);
  await truncate(cut, 20_000);
  for (const args of [
    ['eval', cut],
    ['inspect', cut],
    ['train', 'small.toml', '--resume', cut, '--out', 'new'],
  ]) {
    const { code, stderr } = await run(cwd, ...args);
    t.is(code, 2, stderr);
    t.regex(stderr, /ERR_SYNFIRE_CHECKPOINT/);
  }
});

function isFraction(value: unknown): boolean {
  return typeof value === 'number' && value >= 0 && value <= 1;
}

/** The small configuration, but with more samples and a checkpoint every few steps. */
async function savingConfig(cwd: string): Promise<string> {
  const text = await readFile(join(cwd, 'small.toml'), 'utf8');
  const saving = `${text.replace('limit = 300', 'limit = 2000').replace('epochs = 2', 'epochs = 3')}
[checkpoint]
save_every_steps = 7
keep = 2
`;
  await writeFile(join(cwd, 'saving.toml'), saving);
  return 'saving.toml';
}

/** Waits until a file appears or is replaced. */
async function changed(cwd: string, file: string): Promise<void> {
  const path = join(cwd, file);
  const look = async () =>
    existsSync(path)
      ? createHash('sha1')
          .update(await readFile(path))
          .digest('hex')
      : '';
  const before = await look();
  while ((await look()) === before) await sleep(5);
}

/** Both runs left the same tensors in all their checkpoints and reported the same figures. */
async function sameResults(t: ExecutionContext, cwd: string, one: string, other: string): Promise<void> {
  for (const file of ['latest.safetensors', 'best.safetensors']) {
    t.is(await tensorHash(join(cwd, one), file), await tensorHash(join(cwd, other), file), file);
  }
  t.deepEqual(await figures(join(cwd, other)), await figures(join(cwd, one)));
}

async function tensorHash(folder: string, file = 'latest.safetensors'): Promise<string> {
  const path = join(folder, 'checkpoints', file);
  return withTensorFile(path, async ({ tensors }) => {
    const start = Math.min(...[...tensors.values()].map(({ offset }) => offset));
    return createHash('sha256')
      .update((await readFile(path)).subarray(start))
      .digest('hex');
  });
}

/** The epochs of a metrics file without what depends on the clock. */
async function figures(folder: string): Promise<unknown[]> {
  const lines = jsonLines(await readFile(join(folder, 'metrics.jsonl'), 'utf8'));
  return lines.map(({ seconds: _s, validationSeconds: _v, samplesPerSecond: _r, ...rest }) => rest);
}
