// event-loop: how long the event loop is held up while a network trains in the same process.
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout } from 'node:timers/promises';
import type { Command } from 'commander';
import { integer, largest } from '../lib/commands/arguments.ts';
import type { DataSource } from '../lib/data/index.ts';
import { LayerNetwork } from '../lib/networks/layer-network.ts';
import { fit } from '../lib/training/fit.ts';
import { chooseData, describeData, loadData } from './data.ts';
import { describeMachine, machineLine } from './machine.ts';
import type { Waits } from './measure.ts';
import { addCommonOptions, type CommonOptions, printReport, say } from './options.ts';
import { digits, type Table, waitCells, waitHead } from './table.ts';
import { configOf, type Mode } from './workload.ts';

export interface EventLoopOptions extends CommonOptions {
  epochs: number;
}

export function addEventLoop(program: Command): void {
  const command = program
    .command('event-loop')
    .description('delay of the event loop while training')
    .option('--epochs <n>', 'epochs of each training', integer('--epochs', 1, largest.epochs), 1)
    .action(eventLoop);
  addCommonOptions(command, { threads: [2] });
}

interface Row {
  /** `idle` is the machine's own share: a second in which nothing is done. */
  mode: Mode | 'idle';
  threads: number;
  seconds: number;
  waits: Waits;
}

/** How often the monitor looks; a delay is what goes beyond. */
const resolutionMs = 1;

async function eventLoop(options: EventLoopOptions): Promise<void> {
  const chosen = chooseData(options.data);
  say(`data: ${describeData(chosen)}`);
  const data = await loadData(chosen);
  const rows: Row[] = [{ mode: 'idle', threads: 0, ...(await watch(() => setTimeout(1000))) }];
  for (const mode of options.mode) {
    for (const threads of options.threads) {
      say(`${mode}, threads ${threads}: training`);
      const job = { mode, threads, epochs: options.epochs };
      rows.push({ mode, threads, ...(await watch(() => train(data, job))) });
    }
  }
  const machine = describeMachine();
  const notes = [
    `${machineLine(machine)}; data ${chosen.name}`,
    `delays beyond the ${resolutionMs} ms at which the loop is looked at, while fit trains, validates and tests`,
  ];
  printReport(options, { machine, data: chosen.name, rows }, { tables: [tableOf(rows)], notes });
}

async function train(data: DataSource, job: { mode: Mode; threads: number; epochs: number }): Promise<void> {
  const { network, training } = configOf({ mode: job.mode, precision: 'mixed' });
  const { stdp: _unused, ...options } = training;
  const { threads, epochs } = job;
  await fit(new LayerNetwork(network), data, { ...options, threads, epochs, onProgress: () => {} });
}

async function watch(work: () => Promise<void>): Promise<Pick<Row, 'seconds' | 'waits'>> {
  const histogram = monitorEventLoopDelay({ resolution: resolutionMs });
  const began = performance.now();
  histogram.enable();
  await work();
  histogram.disable();
  const delayMs = (nanoseconds: number) => Math.max(0, nanoseconds / 1e6 - resolutionMs);
  const p50Ms = delayMs(histogram.percentile(50));
  const waits = { p50Ms, p99Ms: delayMs(histogram.percentile(99)), maxMs: delayMs(histogram.max) };
  return { seconds: (performance.now() - began) / 1000, waits };
}

function tableOf(rows: readonly Row[]): Table {
  return {
    title: 'Event-loop delay',
    head: ['learning', 'threads', 'for', ...waitHead],
    rows: rows.map(({ mode, threads, seconds, waits }) => {
      return [mode, String(threads), `${digits(seconds)} s`, ...waitCells(waits)];
    }),
  };
}
