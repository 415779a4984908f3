// Metrics files: lines in order, and a clean start after an interruption.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { SynfireError } from '../../lib/errors.ts';
import { MetricsFile } from '../../lib/monitoring/metrics.ts';

test('every object becomes a line', async (t) => {
  const path = join(await folder(t), 'below', 'metrics.jsonl');
  const file = await MetricsFile.open(path);
  await file.append({ epoch: 1, loss: 0.5 });
  await file.append({ epoch: 2, loss: 0.25 });
  await file.close();
  t.is(await readFile(path, 'utf8'), '{"epoch":1,"loss":0.5}\n{"epoch":2,"loss":0.25}\n');
});

test('opening puts the given lines in place of what the file held', async (t) => {
  const path = join(await folder(t), 'metrics.jsonl');
  await writeFile(path, '{"epoch":1}\n{"epoch":3}\n{"epo');
  const file = await MetricsFile.open(path, [{ epoch: 1 }, { epoch: 2 }]);
  t.is(await readFile(path, 'utf8'), '{"epoch":1}\n{"epoch":2}\n');
  await file.append({ epoch: 3 });
  await file.close();
  t.is(await readFile(path, 'utf8'), '{"epoch":1}\n{"epoch":2}\n{"epoch":3}\n');
});

test('a place that cannot be written to is an error that names it', async (t) => {
  const at = await folder(t);
  await writeFile(join(at, 'file'), '');
  const error = await t.throwsAsync(MetricsFile.open(join(at, 'file', 'metrics.jsonl')), {
    instanceOf: SynfireError,
  });
  t.is(error?.code, 'ERR_SYNFIRE_IO');
});

async function folder(t: ExecutionContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'synfire-metrics-'));
  t.teardown(() => rm(path, { recursive: true, force: true }));
  return path;
}
