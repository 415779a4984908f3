// What the benchmarks of event networks have in common: their options, and turns of all sides.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { integer } from '../lib/commands/arguments.ts';
import { invalid } from '../lib/errors.ts';
import { type Brian2, type Brian2Program, findBrian2 } from './brian2.ts';
import {
  type Contender,
  type EventsReport,
  type Measurement,
  renderEvents,
  type Turn,
} from './events-report.ts';
import { describeMachine } from './machine.ts';
import { addOutputOptions, type OutputOptions, printReport, say } from './options.ts';
import { digits } from './table.ts';

export interface EventOptions extends OutputOptions {
  rounds: number;
  het?: boolean;
  bare: boolean;
  /** Undefined: where it is found. */
  brian2?: boolean;
}

export function addEventOptions(command: Command): void {
  command
    .option('--rounds <n>', 'turns of each side; figures are medians', integer('--rounds', 1, 1000), 5)
    .option('--no-bare', 'leave out the bare C++ loops')
    .option('--brian2', 'fail where Brian2 is missing (default: measure it where it is found)')
    .option('--no-brian2', 'leave out Brian2');
  addOutputOptions(command, { threads: [1, 2] });
}

export type TakeTurn = (threads: number) => Promise<Turn>;
export type Sides = { [Name in Contender]?: TakeTurn };

export interface Comparison extends Pick<EventsReport, 'title' | 'unit' | 'remarks'> {
  synfire: TakeTurn;
  /** Compiles the bare loops into `folder`. */
  bare(folder: string): Promise<Sides>;
  /** Builds a program for Brian2, within `folder`. */
  brian2(peer: Brian2, folder: string, threads: number): Promise<Brian2Program>;
  /** What a run of that program does. */
  brian2Turn(program: Brian2Program): Omit<Turn, 'wallMs'>;
}

/** Measures all sides in turns and prints a report, with a line of JSON below the tables. */
export async function compare(options: EventOptions, comparison: Comparison): Promise<void> {
  const peer = await chooseBrian2(options.brian2);
  const folder = await mkdtemp(join(tmpdir(), 'synfire-events-'));
  try {
    const sides: Sides = {
      synfire: comparison.synfire,
      ...(options.bare ? await prepareBare(comparison, folder) : {}),
      ...(peer === null ? {} : { brian2: await prepareBrian2(comparison, peer, folder, options.threads) }),
    };
    const { title, unit, remarks } = comparison;
    const report: EventsReport = {
      ...{ machine: describeMachine(), title, unit, remarks, rounds: options.rounds },
      ...{ brian2: peer?.version ?? null, measurements: await takeTurns(sides, options) },
    };
    printReport(options, report, renderEvents(report));
    if (!options.json) process.stdout.write(`\n${JSON.stringify(report)}\n`);
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function chooseBrian2(wanted: boolean | undefined): Promise<Brian2 | null> {
  if (wanted === false) return null;
  const peer = await findBrian2();
  if (typeof peer !== 'string') return peer;
  if (wanted) throw invalid('ERR_SYNFIRE_INVALID_ARGUMENT', '--brian2', wanted, `Brian2, but ${peer}`);
  say(`without Brian2: ${peer}`);
  return null;
}

async function prepareBare({ bare }: Comparison, folder: string): Promise<Sides> {
  say('compiling the bare loop');
  return bare(folder).catch((error: Error) => {
    say(`without the bare loop (needs g++ and zlib1g-dev): ${error.message}`);
    return {};
  });
}

/** Brian2 compiles a program for each number of threads, before the first turn. */
async function prepareBrian2(
  { brian2, brian2Turn }: Comparison,
  peer: Brian2,
  folder: string,
  threads: readonly number[],
): Promise<TakeTurn> {
  const programs = new Map<number, Brian2Program>();
  for (const count of threads) {
    say(`Brian2 compiles for threads ${count}`);
    programs.set(count, await brian2(peer, folder, count));
  }
  return async (count) => {
    const program = programs.get(count)!;
    return { wallMs: await program.wallMs(), ...brian2Turn(program) };
  };
}

/** Sides and numbers of threads take turns, so that a machine that slows down does so for all alike. */
async function takeTurns(sides: Sides, { rounds, threads }: EventOptions): Promise<Measurement[]> {
  const measurements = threads.map((count): Measurement => ({ threads: count, sides: {} }));
  for (let round = 1; round <= rounds; round += 1) {
    for (const measurement of measurements) {
      for (const [name, takeTurn] of Object.entries(sides) as [Contender, TakeTurn][]) {
        const turn = await takeTurn(measurement.threads);
        say(`threads ${measurement.threads}, round ${round}: ${name} ${digits(turn.wallMs)} ms`);
        measurement.sides[name] = [...(measurement.sides[name] ?? []), turn];
      }
    }
  }
  return measurements;
}
