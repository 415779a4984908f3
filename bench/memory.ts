// memory: the largest memory of a whole `synfire train`, as the program reports it and as the kernel counts it.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { integer, largest } from '../lib/commands/arguments.ts';
import { type BenchData, chooseData, describeData } from './data.ts';
import { describeMachine, machineLine } from './machine.ts';
import { addCommonOptions, type CommonOptions, printReport, say } from './options.ts';
import { absent, mebibytes, type Table } from './table.ts';
import { type Mode, presetOf } from './workload.ts';

export interface MemoryOptions extends CommonOptions {
  epochs: number;
  batch: number;
}

export function addMemory(program: Command): void {
  const command = program
    .command('memory')
    .description('peak memory of a whole training process')
    .option('--epochs <n>', 'epochs of each training', integer('--epochs', 1, largest.epochs), 1)
    .option('--batch <n>', 'samples in a batch', integer('--batch', 1, largest.batchSize), 64)
    .action(memory);
  addCommonOptions(command, { threads: [2] });
}

interface Row {
  /** `node` is a process of Node that does nothing. */
  what: Mode | 'node';
  threads: number;
  /** What the program says of itself; null of Node alone. */
  reportedBytes: number | null;
  /** The high-water mark of the resident set, read until the process ended. */
  countedBytes: number;
}

async function memory(options: MemoryOptions): Promise<void> {
  const data = chooseData(options.data);
  say(`data: ${describeData(data)}`);
  const idle = await watchProcess(['-e', 'setTimeout(() => {}, 300)']);
  const rows: Row[] = [{ what: 'node', threads: 0, reportedBytes: null, countedBytes: idle.countedBytes }];
  for (const mode of options.mode) {
    for (const threads of options.threads) {
      say(`${mode}, threads ${threads}: training`);
      rows.push(await train({ mode, threads, data, options }));
    }
  }
  const machine = describeMachine();
  const notes = [
    `${machineLine(machine)}; data ${data.name}, batches of ${options.batch}, epochs ${options.epochs}`,
  ];
  printReport(options, { machine, data: data.name, rows }, { tables: [tableOf(rows)], notes });
}

interface Job {
  mode: Mode;
  threads: number;
  data: BenchData;
  options: MemoryOptions;
}

async function train({ mode, threads, data, options }: Job): Promise<Row> {
  const program = fileURLToPath(new URL('../lib/commands/main.js', import.meta.url));
  const out = await mkdtemp(join(tmpdir(), 'synfire-memory-'));
  const values = {
    data: data.folder ?? data.name,
    epochs: options.epochs,
    'batch-size': options.batch,
    threads,
    out,
  };
  const written = Object.entries(values).flatMap(([name, value]) => [`--${name}`, String(value)]);
  try {
    const { countedBytes, output } = await watchProcess([
      program,
      'train',
      presetOf[mode],
      '--json',
      ...written,
    ]);
    const { peakMemoryBytes } = JSON.parse(output.trim().split('\n').at(-1)!) as { peakMemoryBytes: number };
    return { what: mode, threads, reportedBytes: peakMemoryBytes, countedBytes };
  } finally {
    await rm(out, { recursive: true });
  }
}

/** Runs Node to the end, reading its high-water mark, which never falls, all the while. */
async function watchProcess(args: string[]): Promise<{ countedBytes: number; output: string }> {
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let countedBytes = 0;
  const timer = setInterval(async () => {
    countedBytes = Math.max(countedBytes, await highWaterMark(child.pid!));
  }, 20);
  const ended = once(child, 'close') as Promise<[number | null]>;
  try {
    const output = await text(child.stdout);
    const [code] = await ended;
    if (code !== 0) throw new Error(`node ${args.join(' ')} ended with ${code}`);
    return { countedBytes, output };
  } finally {
    clearInterval(timer);
  }
}

/** Of a process, in bytes; 0 when it has ended. */
async function highWaterMark(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  const [, kibibytes = '0'] = /^VmHWM:\s+(\d+) kB$/m.exec(status) ?? [];
  return Number(kibibytes) * 1024;
}

function tableOf(rows: readonly Row[]): Table {
  return {
    title: 'Peak memory of the process',
    head: ['what', 'threads', 'reported', 'counted'],
    rows: rows.map(({ what, threads, reportedBytes, countedBytes }) => {
      const reported = reportedBytes === null ? absent : mebibytes(reportedBytes);
      return [what, String(threads), reported, mebibytes(countedBytes)];
    }),
  };
}
