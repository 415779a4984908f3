// Text for people: tables, sizes and errors.
import { type ErrorCode, SynfireError, show } from '../errors.ts';

/** A head and rows in columns; columns of figures are set to the right. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const isFigure = head.map((_, column) => rows.every((row) => /^[-\d]|^$/.test(row[column] ?? '')));
  return inColumns([head, ...rows], (cell, width, column) =>
    isFigure[column] ? cell.padStart(width) : cell.padEnd(width),
  );
}

/** Names and what stands for them, one pair a line. */
export function pairs(rows: readonly (readonly [string, string])[]): string {
  return inColumns(rows, (cell, width) => cell.padEnd(width));
}

type Align = (cell: string, width: number, column: number) => string;

function inColumns(rows: readonly (readonly string[])[], align: Align): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => align(cell, widths[column]!, column))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** Prints an object as a line of JSON. */
export function printLine(value: object): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

/** A number of bytes in a unit that suits it. */
export function bytes(count: number): string {
  const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'];
  const unit = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log2(Math.max(1, count)) / 10)));
  return `${(count / 1024 ** unit).toFixed(unit === 0 ? 0 : 1)} ${units[unit]}`;
}

/** A whole number with thousands set apart. */
export function figure(value: number): string {
  return Math.round(value).toLocaleString('en');
}

/** An error as one block of lines, with advice for the command; with `stack` also where it came from. */
export function errorBlock(error: unknown, { stack = false, command = '' } = {}): string {
  const lines =
    error instanceof SynfireError
      ? synfireLines(error, command)
      : [`error: ${error instanceof Error ? error.message : error}`];
  if (stack && error instanceof Error && error.stack !== undefined) lines.push('', error.stack);
  return `${lines.join('\n')}\n`;
}

function synfireLines(error: SynfireError, command: string): string[] {
  const { code, message, field, expected } = error;
  const lines = [`error ${code}`, ...message.split('\n').map((line) => `  ${line}`)];
  if (field !== undefined) lines.push(`  field:    ${field}`, `  value:    ${show(error.value)}`);
  if (expected !== undefined) lines.push(`  expected: ${expected}`);
  const hint = (command === 'simulate' ? simulationHints[code] : undefined) ?? hints[code];
  if (hint !== undefined) lines.push(`  hint:     ${hint}`);
  return lines;
}

const hints: Partial<Record<ErrorCode, string>> = {
  ERR_SYNFIRE_INVALID_ARGUMENT: 'synfire <command> --help lists what each option takes',
  ERR_SYNFIRE_CONFIG: 'synfire inspect <config> checks a configuration without training',
  ERR_SYNFIRE_DATA_MISSING: '--data digits needs no files; --data <folder> reads your own',
  ERR_SYNFIRE_DOWNLOAD: '--data digits needs no network; --data <folder> reads files that are here',
  ERR_SYNFIRE_CHECKPOINT: 'synfire inspect <checkpoint> shows what a checkpoint holds',
  ERR_SYNFIRE_NUMERIC: 'try a lower learning rate, or training.clipNorm = 1',
  ERR_SYNFIRE_OUT_OF_MEMORY: 'a smaller --batch-size needs less memory',
  ERR_SYNFIRE_IO: 'free space on the disk or choose another folder with --out',
  ERR_SYNFIRE_INTERNAL: 'this is a fault in synfire: please report it with the output of SYNFIRE_DEBUG=1',
};

const simulationHints: Partial<Record<ErrorCode, string>> = {
  ERR_SYNFIRE_CONFIG: 'synfire simulate --help says what a network file holds',
  ERR_SYNFIRE_NUMERIC: 'smaller weights, more inhibition or a smaller dtMs may help',
  ERR_SYNFIRE_OUT_OF_MEMORY: 'fewer synapses need less memory',
};
