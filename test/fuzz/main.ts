// Feeds damaged files to the readers: npm run fuzz -- [--count 100000] [--seed 1] [--target idx] …
//
// Every input must be read or refused with a SynfireError, within the time limit and without taking more
// memory than the limit. Inputs run in child processes, so that crashes and hangs are found too. A find
// leaves its input in the output folder; the exit code is 1 when there is any.

import { fork } from 'node:child_process';
import { closeSync, openSync, readSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { makeInput } from './mutate.ts';
import type { FuzzTarget } from './target.ts';
import type { WorkerMessage } from './worker.ts';

interface Settings {
  list: string;
  count: number;
  seed: number;
  timeLimitMs: number;
  memoryLimit: number;
  out: string;
  positionFile: string;
}

interface Find {
  index: number;
  kind: 'error' | 'memory' | 'crash' | 'hang';
  text: string;
}

/** How one child process ended: where to go on, and what it found. */
interface Round {
  next: number;
  refused: number;
  finds: Find[];
}

interface Watch {
  /** Ends the watching; tells whether the child hung. */
  stop(): boolean;
}

const mostFinds = 20;

process.exitCode = await main();

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      count: { type: 'string', default: '100000' },
      seed: { type: 'string', default: '1' },
      target: { type: 'string', multiple: true },
      'time-limit-ms': { type: 'string', default: '5000' },
      'memory-mib': { type: 'string', default: '512' },
      out: { type: 'string', default: join('runs', 'fuzz') },
      targets: { type: 'string', default: fileURLToPath(new URL('./targets/index.js', import.meta.url)) },
    },
  });
  const folder = await mkdtemp(join(tmpdir(), 'synfire-fuzz-'));
  try {
    const settings = {
      list: values.targets,
      count: wholeNumber('count', values.count),
      seed: wholeNumber('seed', values.seed),
      timeLimitMs: wholeNumber('time-limit-ms', values['time-limit-ms']),
      memoryLimit: wholeNumber('memory-mib', values['memory-mib']) * 2 ** 20,
      out: values.out,
      positionFile: join(folder, 'position'),
    };
    const all = ((await import(pathToFileURL(settings.list).href)) as { targets: FuzzTarget[] }).targets;
    return await fuzzAll(chosen(all, values.target), settings);
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function fuzzAll(targets: FuzzTarget[], settings: Settings): Promise<number> {
  let finds = 0;
  for (const [i, target] of targets.entries()) {
    const share =
      Math.floor((settings.count * (i + 1)) / targets.length) -
      Math.floor((settings.count * i) / targets.length);
    finds += await fuzz(target, share, settings);
  }
  console.log(`${settings.count} inputs, ${finds} finds`);
  return finds === 0 ? 0 : 1;
}

async function fuzz(target: FuzzTarget, count: number, settings: Settings): Promise<number> {
  const start = performance.now();
  const finds: Find[] = [];
  let refused = 0;
  for (let next = 0; next < count && finds.length < mostFinds; ) {
    const round = await runChild(target, next, count - next, settings);
    for (const find of round.finds) await report(target, find, settings);
    finds.push(...round.finds);
    refused += round.refused;
    next = round.next;
  }
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  console.log(`${target.name}: ${count} inputs, ${refused} refused, ${finds.length} finds, ${seconds} s`);
  return finds.length;
}

/** Runs inputs from `first` on in a new process until all are done or one of them ends it. */
async function runChild(
  target: FuzzTarget,
  first: number,
  count: number,
  settings: Settings,
): Promise<Round> {
  const { list, seed, memoryLimit, positionFile, timeLimitMs } = settings;
  await writeFile(positionFile, new Float64Array([first]));
  const args = [list, target.name, seed, first, count, positionFile, memoryLimit].map(String);
  const child = fork(new URL('./worker.js', import.meta.url), args, {
    stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
  });
  const finds: Find[] = [];
  let refused = 0;
  let done = false;
  let errors = '';
  let watch: Watch | undefined;
  child.stderr!.on('data', (chunk) => {
    errors = (errors + chunk).slice(-2000);
  });
  child.on('message', (message: WorkerMessage) => {
    if (message.kind === 'ready') {
      watch = watchPosition(positionFile, timeLimitMs, () => child.kill('SIGKILL'));
    } else if (message.kind === 'done') {
      refused += message.refused;
      done = true;
    } else {
      finds.push(message);
      if (finds.length >= mostFinds) child.kill('SIGKILL');
    }
  });
  const [code, signal] = await new Promise<[number | null, string | null]>((resolve) => {
    child.on('close', (code, signal) => resolve([code, signal]));
  });
  const hung = watch?.stop() ?? false;
  const last = readPosition(positionFile);
  const tooMuch = finds.some(({ kind }) => kind === 'memory');
  if (done) return { next: tooMuch ? last + 1 : first + count, refused, finds };
  if (hung) finds.push({ index: last, kind: 'hang', text: `not done after ${timeLimitMs} ms` });
  else if (finds.length < mostFinds) {
    finds.push({ index: last, kind: 'crash', text: `${signal ?? `exit code ${code}`}\n${errors}` });
  }
  return { next: last + 1, refused, finds };
}

/** Calls `onHang` when the position stays the same for too long. */
function watchPosition(file: string, timeLimitMs: number, onHang: () => void): Watch {
  let seen = readPosition(file);
  let since = performance.now();
  let hung = false;
  const timer = setInterval(
    () => {
      const position = readPosition(file);
      if (position !== seen) {
        seen = position;
        since = performance.now();
      } else if (performance.now() - since > timeLimitMs && !hung) {
        hung = true;
        onHang();
      }
    },
    Math.min(100, timeLimitMs),
  );
  return {
    stop() {
      clearInterval(timer);
      return hung;
    },
  };
}

function readPosition(file: string): number {
  const word = new Float64Array(1);
  const descriptor = openSync(file, 'r');
  readSync(descriptor, word, 0, 8, 0);
  closeSync(descriptor);
  return word[0]!;
}

async function report(
  target: FuzzTarget,
  { index, kind, text }: Find,
  { seed, out }: Settings,
): Promise<void> {
  await mkdir(out, { recursive: true });
  const path = join(out, `${target.name}-${seed}-${index}.bin`);
  await writeFile(path, makeInput(await target.seeds(), seed, target.name, index));
  console.error(
    `${target.name}: ${kind} at input ${index}, kept in ${path}\n  ${text.trim().replaceAll('\n', '\n  ')}`,
  );
}

function chosen(all: FuzzTarget[], names: string[] | undefined): FuzzTarget[] {
  const unknown = names?.find((name) => !all.some((target) => target.name === name));
  if (unknown === undefined) return all.filter((target) => names?.includes(target.name) ?? true);
  throw new Error(`--target is ${unknown}; expected one of ${all.map((target) => target.name).join(', ')}`);
}

function wholeNumber(option: string, text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new Error(`--${option} is ${text}; expected a whole number below 10^9`);
}
