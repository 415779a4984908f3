import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { configureRun } from '../../lib/config/configure.ts';
import { loadAnyRun, loadRun } from '../../lib/config/load.ts';
import { SynfireError } from '../../lib/errors.ts';
import { presetNames } from '../../lib/networks/presets.ts';
import { loadSimulation } from '../../lib/simulation/load.ts';

async function withFile(name: string, text: string, use: (path: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'synfire-'));
  try {
    await writeFile(join(folder, name), text);
    await use(join(folder, name));
  } finally {
    await rm(folder, { recursive: true });
  }
}

test('every preset is a complete run', async (t) => {
  for (const name of presetNames) {
    t.deepEqual(await loadRun(name), configureRun({ network: { preset: name } }));
  }
});

test('the ending of a file tells its format', async (t) => {
  await withFile('run.toml', 'preset = "conv-snn"', async (path) => {
    t.deepEqual(await loadRun(path), await loadRun('conv-snn'));
  });
  await withFile('run.json', '{"preset": "conv-snn"}', async (path) => {
    t.deepEqual(await loadRun(path), await loadRun('conv-snn'));
  });
});

test('errors begin with the path of the file', async (t) => {
  await withFile('run.toml', 'preset = "conv-snn"\ntraining.epochs = 0', async (path) => {
    const error = await t.throwsAsync(loadRun(path), { instanceOf: SynfireError });
    t.true(error?.message.startsWith(`${path}:2: training.epochs is 0`));
  });
});

test('an unknown preset is answered with the nearest one', async (t) => {
  const error = await t.throwsAsync(loadRun('conv-snm'), { instanceOf: SynfireError });
  t.is(error?.code, 'ERR_SYNFIRE_CONFIG');
  t.regex(error?.message ?? '', /did you mean conv-snn\?/);
});

test('a file that cannot be read says why', async (t) => {
  const error = await t.throwsAsync(loadRun('no/such/file.toml'), { instanceOf: SynfireError });
  t.regex(error?.message ?? '', /cannot read no\/such\/file\.toml: ENOENT/);
  await t.throwsAsync(loadRun(tmpdir()), { instanceOf: SynfireError });
});

test('the examples are valid', async (t) => {
  const folder = new URL('../../../examples/', import.meta.url);
  const names = (await readdir(folder)).filter((name) => name.endsWith('.toml'));
  const paths = names.map((name) => new URL(name, folder).pathname);
  const isSimulation = async (path: string) => /^\[populations\./m.test(await readFile(path, 'utf8'));
  const simulations = await Promise.all(paths.map(isSimulation));
  t.true(simulations.filter(Boolean).length >= 3);
  t.true(simulations.filter((is) => !is).length >= 3);
  for (const [index, path] of paths.entries()) {
    const load: Promise<unknown> = simulations[index] ? loadSimulation(path) : loadAnyRun(path);
    await t.notThrowsAsync(load, path);
  }
});
