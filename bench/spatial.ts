// spatial: a layer of neurons on a grid, forward, learning and growing, with more or less threads, beside PyTorch and a
// plain JavaScript loop.
import { join } from 'node:path';
import type { Command } from 'commander';
import { integer, integers } from '../lib/commands/arguments.ts';
import { runScript } from './child.ts';
import { describeMachine, type Machine, machineLine } from './machine.ts';
import { median, ratios, spreadOf } from './measure.ts';
import { addOutputOptions, type OutputOptions, printReport, say } from './options.ts';
import { findTorch, type Peer } from './peer.ts';
import { packageRoot, runTuned } from './shared.ts';
import type { SpatialRequest, SpatialTurn } from './spatial-process.ts';
import { absent, digits, spread, type Table } from './table.ts';

interface SpatialOptions extends OutputOptions {
  neurons: number[];
  rounds: number;
  plain: boolean;
  torch: boolean;
}

/** Grids by their number of neurons. */
const grids = new Map<number, SpatialRequest['grid']>([
  [64, [4, 4, 4]],
  [512, [8, 8, 8]],
  [4096, [16, 16, 16]],
  [1_000_000, [125, 125, 64]],
]);

export function addSpatial(program: Command): void {
  const sizes = [...grids.keys()];
  const command = program
    .command('spatial')
    .description('spatial layers: forward, learning, growth and memory')
    .option('--neurons <list>', `of ${sizes.join(', ')}`, integers('--neurons', 1, 1_000_000), sizes)
    .option('--rounds <n>', 'turns of each side; figures are medians', integer('--rounds', 1, 1000), 5)
    .option('--no-plain', 'leave out the plain JavaScript loop')
    .option('--no-torch', 'leave out PyTorch (default: measure it where it is found)')
    .action(spatial);
  addOutputOptions(command, { threads: [1, 2] });
}

interface Row {
  neurons: number;
  /** Turns by number of threads. */
  synfire: Map<number, SpatialTurn[]>;
  torch: Map<number, TorchTurn[]>;
  plain: SpatialTurn[];
}

/** What `torch_spatial.py` prints. */
type TorchTurn = Pick<SpatialTurn, 'forwardMs' | 'learnMs' | 'batchSamplesPerSecond'>;

async function spatial(options: SpatialOptions): Promise<void> {
  const peer = options.torch ? await findTorch(join(packageRoot, 'bench', 'torch_spatial.py')) : null;
  if (typeof peer === 'string') say(`without PyTorch: ${peer}`);
  const torch = typeof peer === 'string' ? null : peer;
  const rows = [...grids]
    .filter(([neurons]) => options.neurons.includes(neurons))
    .map(([neurons]): Row => ({ neurons, synfire: new Map(), torch: new Map(), plain: [] }));
  for (let round = 1; round <= options.rounds; round += 1) {
    for (const row of rows) {
      say(`round ${round}: ${row.neurons} neurons`);
      await takeTurns(row, options, torch);
    }
  }
  const machine = describeMachine();
  const measured = rows.map(({ neurons, synfire, torch, plain }) => {
    return { neurons, plain, synfire: Object.fromEntries(synfire), torch: Object.fromEntries(torch) };
  });
  const report = { machine, torch: torch?.version ?? null, rounds: options.rounds, rows: measured };
  printReport(options, report, render(machine, rows, options, torch));
}

/** Sides and numbers of threads take turns, each in a process of its own. */
async function takeTurns(row: Row, { threads, plain }: SpatialOptions, torch: Peer | null): Promise<void> {
  const grid = grids.get(row.neurons)!;
  for (const count of threads) {
    const turn = await measure({ side: 'synfire', grid, threads: count });
    row.synfire.set(count, [...(row.synfire.get(count) ?? []), turn]);
    if (torch === null) continue;
    row.torch.set(count, [...(row.torch.get(count) ?? []), await measureTorch(torch, grid, count)]);
  }
  if (plain) row.plain.push(await measure({ side: 'plain', grid, threads: 1 }));
}

function measure(request: SpatialRequest): Promise<SpatialTurn> {
  return runScript<SpatialTurn>('spatial-process', request);
}

async function measureTorch(
  { python, script }: Peer,
  grid: SpatialRequest['grid'],
  threads: number,
): Promise<TorchTurn> {
  const command = [python, script, '--grid', grid.join(), '--threads', String(threads)];
  return JSON.parse(await runTuned(threads, command)) as TorchTurn;
}

function render(machine: Machine, rows: readonly Row[], { rounds }: SpatialOptions, torch: Peer | null) {
  const first =
    rows[0]?.synfire
      .values()
      .next()
      .value?.map(({ mortonNs }) => mortonNs!) ?? [];
  const notes = [
    `${machineLine(machine)}; PyTorch ${torch?.version ?? 'not measured'}`,
    `medians (lowest–highest) of turns, ${rounds} of each; 4-bit weights, windows of 3 x 3 x 3, full memories`,
    `Morton codes: ${digits(median(first))} ns each`,
  ];
  return { tables: [timesTable(rows), ratiosTable(rows), memoryTable(rows)], notes };
}

function timesTable(rows: readonly Row[]): Table {
  return {
    title: 'One sample, and growth of all neurons',
    head: ['neurons', 'threads', 'forward', 'learn', 'grow', 'batches of 32'],
    rows: eachMeasurement(rows, ({ turns }) => [
      ...[timeCell(turns, 'forwardMs'), timeCell(turns, 'learnMs'), timeCell(turns, 'growMs')],
      rateCell(turns),
    ]),
  };
}

/** Quotients of times for the same work, of turns of the same round. */
function ratiosTable(rows: readonly Row[]): Table {
  const sides = [
    'speed-up forward',
    'learn',
    'PyTorch / forward',
    'learn',
    'batches',
    'JavaScript / forward',
  ];
  return {
    title: 'Ratios of times: one thread / more, and peers / synfire',
    head: ['neurons', 'threads', ...sides],
    rows: eachMeasurement(rows, ({ turns, single, torch, plain }) => [
      ...[ratioCell(single, turns, 'forwardMs'), ratioCell(single, turns, 'learnMs')],
      ...[ratioCell(torch, turns, 'forwardMs'), ratioCell(torch, turns, 'learnMs')],
      ...[ratioCell(turns, torch, 'batchSamplesPerSecond'), ratioCell(plain, turns, 'forwardMs')],
    ]),
  };
}

interface Measured {
  turns: readonly SpatialTurn[];
  /** The same with one thread, when this is with more. */
  single: readonly SpatialTurn[] | undefined;
  torch: readonly TorchTurn[] | undefined;
  plain: readonly SpatialTurn[];
}

function eachMeasurement(rows: readonly Row[], cells: (measured: Measured) => string[]): string[][] {
  return rows.flatMap(({ neurons, synfire, torch, plain }) =>
    [...synfire].map(([threads, turns]) => {
      const single = threads === 1 ? undefined : synfire.get(1);
      return [
        String(neurons),
        String(threads),
        ...cells({ turns, single, torch: torch.get(threads), plain }),
      ];
    }),
  );
}

type Figure = 'forwardMs' | 'learnMs' | 'growMs' | 'batchSamplesPerSecond';
type Turns = readonly { [Name in Figure]?: number | null }[] | undefined;

function valuesOf(turns: Turns, name: Figure): number[] {
  return (turns ?? []).flatMap((turn) => turn[name] ?? []);
}

function timeCell(turns: Turns, name: Figure): string {
  return spread(spreadOf(valuesOf(turns, name)), ' ms');
}

function rateCell(turns: Turns): string {
  const rates = valuesOf(turns, 'batchSamplesPerSecond');
  return rates.length === 0 ? absent : `${digits(median(rates))}/s`;
}

function ratioCell(above: Turns, below: Turns, name: Figure): string {
  const [over, under] = [valuesOf(above, name), valuesOf(below, name)];
  return over.length === 0 || under.length === 0 ? absent : spread(spreadOf(ratios(over, under)), '×');
}

function memoryTable(rows: readonly Row[]): Table {
  const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;
  return {
    title: 'Memory before growth',
    head: ['neurons', 'layer', 'bytes a neuron', 'growth of the resident set, learning included'],
    rows: rows.map(({ neurons, synfire }) => {
      const turns = [...synfire.values()].flat();
      const layer = turns[0]!.layerBytes!;
      const resident = median(turns.map(({ residentBytes }) => residentBytes!));
      return [String(neurons), megabytes(layer), digits(layer / neurons), megabytes(resident)];
    }),
  };
}
