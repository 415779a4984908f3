// Native jobs: results, cancellation, progress, and ending in the middle of the work.

import { AsyncLocalStorage } from 'node:async_hooks';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import test from 'ava';
import { native } from '../../lib/native/index.ts';
import { drawDigits, emptyDigits, longJobSamples } from './long-job.ts';

const script = new URL('./job-process.js', import.meta.url);

interface Exit {
  code: number | null;
  signal: string | null;
  output: string;
  milliseconds: number;
}

/** Runs the script in a process of its own. */
async function runProcess(ending: string): Promise<Exit> {
  const start = performance.now();
  const child = spawn(process.execPath, [fileURLToPath(script), ending], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.on('data', (chunk) => {
    output += chunk;
  });
  const [code, signal] = await once(child, 'close');
  return { code, signal, output, milliseconds: performance.now() - start };
}

test.serial('a job does its work and leaves the event loop free', async (t) => {
  const dataset = emptyDigits(10_000);
  let ticks = 0;
  const timer = setInterval(() => ++ticks, 1);
  await drawDigits(dataset);
  clearInterval(timer);
  t.true(dataset.readSamples(9_999, 1).some((byte) => byte > 0));
  t.true(ticks >= 5, `only ${ticks} timer ticks during the job`);
});

test.serial('progress arrives at most 20 times a second and never after the end', async (t) => {
  const counts: number[] = [];
  const start = performance.now();
  await drawDigits(emptyDigits(longJobSamples), { onProgress: ({ samples }) => counts.push(samples) });
  const seconds = (performance.now() - start) / 1000;
  const reports = counts.length;
  t.true(reports >= 2, `${reports} reports`);
  t.true(reports <= Math.ceil(20 * seconds) + 1, `${reports} reports in ${seconds.toFixed(2)} s`);
  t.deepEqual(
    counts,
    counts.toSorted((a, b) => a - b),
  );
  await sleep(100);
  t.is(counts.length, reports);
});

test.serial('an abort signal stops a job soon, with its reason', async (t) => {
  const reason = new Error('the user went home');
  const controller = new AbortController();
  let abortedAt = 0;
  const job = drawDigits(emptyDigits(longJobSamples), {
    signal: controller.signal,
    onProgress: () => {
      abortedAt ||= performance.now();
      controller.abort(reason);
    },
  });
  t.is(await t.throwsAsync(job), reason);
  const late = performance.now() - abortedAt;
  t.true(late < (process.env.SYNFIRE_SANITIZED ? 5000 : 500), `stopped after ${late.toFixed(0)} ms`);
});

test('an abort without a reason is an AbortError, and a signal aborted before starts nothing', async (t) => {
  const dataset = emptyDigits(1000);
  await t.throwsAsync(drawDigits(dataset, { signal: AbortSignal.abort() }), {
    any: true,
    name: 'AbortError',
  });
  t.true(dataset.readSamples(0, 1).every((byte) => byte === 0));
});

test('cancelling without a signal rejects with ERR_SYNFIRE_CANCELLED, and cancelling after the end does nothing', async (t) => {
  const dataset = emptyDigits(longJobSamples);
  const job = dataset.generateDigits({ firstIndex: 0, seed: 1, threads: 1 });
  job.cancel();
  await t.throwsAsync(job.promise, { code: 'ERR_SYNFIRE_CANCELLED' });
  t.notThrows(() => job.cancel());
});

test('a throwing callback stops the job and becomes its rejection', async (t) => {
  let calls = 0;
  const failure = new RangeError('not today');
  const job = drawDigits(emptyDigits(longJobSamples), {
    onProgress: () => {
      calls += 1;
      throw failure;
    },
  });
  t.is(await t.throwsAsync(job), failure);
  t.is(calls, 1);
});

test('the callback runs in the async context of its caller', async (t) => {
  const storage = new AsyncLocalStorage<string>();
  const seen = new Set<string | undefined>();
  await storage.run('request 42', () =>
    drawDigits(emptyDigits(5000), { onProgress: () => seen.add(storage.getStore()) }),
  );
  t.deepEqual([...seen], ['request 42']);
});

test('jobs run side by side', async (t) => {
  const datasets = [1, 2, 3].map(() => emptyDigits(2000));
  await Promise.all(datasets.map((dataset) => drawDigits(dataset)));
  const first = datasets[0]!.readSamples(0, 2000);
  t.true(first.some((byte) => byte > 0));
  for (const dataset of datasets) t.is(Buffer.compare(dataset.readSamples(0, 2000), first), 0);
});

test('a bad callback or option is refused before anything starts', (t) => {
  const dataset = emptyDigits(10);
  const options = { firstIndex: 0, seed: 1, threads: 1 };
  t.throws(() => dataset.generateDigits(options, 'loud' as never), {
    code: 'ERR_SYNFIRE_INVALID_ARGUMENT',
    message: 'onProgress is "loud"; expected a function',
  });
  t.throws(() => dataset.generateDigits({ ...options, threads: 1.5 }), {
    message: 'threads is 1.5; expected a whole number from 1 to 1024',
  });
  t.throws(() => dataset.generateDigits(undefined as never), {
    message: 'options is missing; expected an object',
  });
});

test.serial('ten workers in a row are terminated in the middle of a job', async (t) => {
  for (let i = 0; i < 10; ++i) {
    const worker = new Worker(script, { workerData: 'wait' });
    const [message] = await once(worker, 'message');
    t.is(message, 'running');
    t.is(await worker.terminate(), 1);
  }
  await drawDigits(emptyDigits(100));
});

test.serial('ten workers in a row exit in the middle of a job', async (t) => {
  for (let i = 0; i < 10; ++i) {
    const [code] = await once(new Worker(script, { workerData: 'exit' }), 'exit');
    t.is(code, 7);
  }
  await drawDigits(emptyDigits(100));
});

test.serial('process.exit in the middle of a job ends the process cleanly and soon', async (t) => {
  const natural = await runProcess('natural');
  t.like(natural, { code: 0, signal: null, output: 'job done\n' });
  const exit = await runProcess('exit');
  t.like(exit, { code: 7, signal: null, output: '' });
  const patience = process.env.SYNFIRE_SANITIZED ? 10_000 : 1000;
  t.true(exit.milliseconds < natural.milliseconds + patience, `took ${exit.milliseconds.toFixed(0)} ms`);
});

test('a native object of the wrong class is refused', (t) => {
  const dataset = emptyDigits(1);
  const prototype = native().Dataset.prototype;
  const samples = Object.getOwnPropertyDescriptor(prototype, 'samples')!.get!;
  t.is(samples.call(dataset), 1);
  t.throws(() => samples.call({}), { code: 'ERR_SYNFIRE_INVALID_ARGUMENT' });
  t.throws(() => samples.call(Object.create(dataset)), { code: 'ERR_SYNFIRE_INVALID_ARGUMENT' });
  t.throws(() => prototype.readSamples.call(new Map() as never, 0, 1), { instanceOf: TypeError });
  t.throws(() => native().Dataset.call({} as never, {} as never), { instanceOf: TypeError });
});
