// What the benchmarks have in common on the command line, and how they print.
import { type Command, Option } from 'commander';
import { integers, largest } from '../lib/commands/arguments.ts';
import { oneOf } from '../lib/config/suggest.ts';
import { invalid } from '../lib/errors.ts';
import { renderTable, type Table } from './table.ts';
import { type Mode, modes } from './workload.ts';

/** How many threads, and how results are printed. */
export interface OutputOptions {
  threads: number[];
  markdown?: boolean;
  json?: boolean;
}

export interface CommonOptions extends OutputOptions {
  mode: Mode[];
  data?: string;
}

export function addCommonOptions(command: Command, defaults: { threads: number[] }): Command {
  command
    .addOption(
      new Option('--mode <list>', 'ways of learning').argParser(readModes).default([...modes], modes.join()),
    )
    .option('--data <digits|folder>', dataHelp);
  return addOutputOptions(command, defaults);
}

export const dataHelp = 'built-in digits, or a folder with MNIST (default: MNIST where it is found)';

export function addOutputOptions(command: Command, defaults: { threads: number[] }): Command {
  const threads = new Option('--threads <list>', 'numbers of threads').argParser(
    integers('--threads', 1, largest.threads),
  );
  return command
    .addOption(threads.default(defaults.threads, defaults.threads.join()))
    .option('--markdown', 'print tables in Markdown')
    .option('--json', 'print one JSON object');
}

/** A line for whoever watches; results alone go to standard output. */
export function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** Prints a report as JSON, or as tables with notes below. */
export function printReport(
  { json = false, markdown = false }: Pick<OutputOptions, 'json' | 'markdown'>,
  report: object,
  { tables, notes }: { tables: readonly Table[]; notes: readonly string[] },
): void {
  const blocks = tables.map((table) => renderTable(table, markdown ? 'markdown' : 'plain'));
  const text = [...blocks, notes.map((note) => `${markdown ? '- ' : ''}${note}\n`).join('')].join('\n');
  process.stdout.write(json ? `${JSON.stringify(report, null, 2)}\n` : text);
}

function readModes(text: string): Mode[] {
  return text.split(',').map((part) => {
    const mode = modes.find((candidate) => candidate === part.trim());
    if (mode !== undefined) return mode;
    throw invalid('ERR_SYNFIRE_INVALID_ARGUMENT', '--mode', text, oneOf([...modes], part.trim()));
  });
}
