// spatial: a layer of neurons on a grid, forward, learning and growing, with more or less threads, beside a plain
// JavaScript loop.
import type { Command } from 'commander';
import { integer, integers } from '../lib/commands/arguments.ts';
import { runScript } from './child.ts';
import { describeMachine, type Machine, machineLine } from './machine.ts';
import { median, ratios, spreadOf } from './measure.ts';
import { addOutputOptions, type OutputOptions, printReport, say } from './options.ts';
import type { SpatialRequest, SpatialTurn } from './spatial-process.ts';
import { absent, digits, spread, type Table } from './table.ts';

interface SpatialOptions extends OutputOptions {
  neurons: number[];
  rounds: number;
  plain: boolean;
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
    .action(spatial);
  addOutputOptions(command, { threads: [1, 2] });
}

interface Row {
  neurons: number;
  /** Turns by number of threads. */
  synfire: Map<number, SpatialTurn[]>;
  plain: SpatialTurn[];
}

async function spatial(options: SpatialOptions): Promise<void> {
  const rows = [...grids]
    .filter(([neurons]) => options.neurons.includes(neurons))
    .map(([neurons]): Row => ({ neurons, synfire: new Map(), plain: [] }));
  for (let round = 1; round <= options.rounds; round += 1) {
    for (const row of rows) {
      say(`round ${round}: ${row.neurons} neurons`);
      await takeTurns(row, options);
    }
  }
  const machine = describeMachine();
  const measured = rows.map(({ synfire, ...row }) => ({ ...row, synfire: Object.fromEntries(synfire) }));
  printReport(options, { machine, rounds: options.rounds, rows: measured }, render(machine, rows, options));
}

/** Sides and numbers of threads take turns, each in a process of its own. */
async function takeTurns(row: Row, { threads, plain }: SpatialOptions): Promise<void> {
  const grid = grids.get(row.neurons)!;
  for (const count of threads) {
    const turn = await measure({ side: 'synfire', grid, threads: count });
    row.synfire.set(count, [...(row.synfire.get(count) ?? []), turn]);
  }
  if (plain) row.plain.push(await measure({ side: 'plain', grid, threads: 1 }));
}

function measure(request: SpatialRequest): Promise<SpatialTurn> {
  return runScript<SpatialTurn>('spatial-process', request);
}

function render(machine: Machine, rows: readonly Row[], { rounds }: SpatialOptions) {
  const first =
    rows[0]?.synfire
      .values()
      .next()
      .value?.map(({ mortonNs }) => mortonNs!) ?? [];
  const notes = [
    machineLine(machine),
    `medians (lowest–highest) of turns, ${rounds} of each; 4-bit weights, windows of 3 x 3 x 3, full memories`,
    `Morton codes: ${digits(median(first))} ns each`,
  ];
  return { tables: [timesTable(rows), memoryTable(rows)], notes };
}

function timesTable(rows: readonly Row[]): Table {
  return {
    title: 'One sample, and growth of all neurons',
    head: [
      ...['neurons', 'threads', 'forward', 'learn', 'grow', 'batches of 32'],
      ...['speed-up forward', 'learn', 'plain JavaScript / forward'],
    ],
    rows: rows.flatMap(({ neurons, synfire, plain }) =>
      [...synfire].map(([threads, turns]) => {
        const single = threads === 1 ? undefined : synfire.get(1);
        const rate = turns[0]!.batchSamplesPerSecond;
        return [
          ...[String(neurons), String(threads), timeCell(turns, 'forwardMs'), timeCell(turns, 'learnMs')],
          timeCell(turns, 'growMs'),
          rate === null ? absent : `${digits(median(turns.map((turn) => turn.batchSamplesPerSecond!)))}/s`,
          ...[ratioCell(single, turns, 'forwardMs'), ratioCell(single, turns, 'learnMs')],
          ratioCell(plain, turns, 'forwardMs'),
        ];
      }),
    ),
  };
}

type Time = 'forwardMs' | 'learnMs' | 'growMs';

function timeCell(turns: readonly SpatialTurn[], name: Time): string {
  return spread(spreadOf(turns.map((turn) => turn[name] ?? Number.NaN)), ' ms');
}

function ratioCell(slower: readonly SpatialTurn[] | undefined, faster: readonly SpatialTurn[], name: Time) {
  if (slower === undefined || slower.length === 0) return absent;
  const [above, below] = [slower, faster].map((turns) => turns.map((turn) => turn[name] ?? Number.NaN));
  return spread(spreadOf(ratios(above!, below!)), '×');
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
