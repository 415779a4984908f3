// What the benchmarks print: tables for the terminal or for Markdown, and figures with their spread.
import { table } from '../lib/commands/text.ts';
import type { Spread, Waits } from './measure.ts';

export interface Table {
  title: string;
  head: readonly string[];
  rows: readonly (readonly string[])[];
}

export type TableFormat = 'plain' | 'markdown';

export function renderTable({ title, head, rows }: Table, format: TableFormat): string {
  if (format === 'plain') return `${title}\n${table(head, rows)}\n`;
  const lines = [head, head.map(() => '---'), ...rows].map(
    (cells) => `| ${cells.map(escapeBars).join(' | ')} |`,
  );
  return `**${title}**\n\n${lines.join('\n')}\n`;
}

/** Stands for what was not measured. */
export const absent = '-';

/** Three significant digits, such as 0.0412, 3.61 and 639. */
export function digits(value: number): string {
  if (value === 0) return '0';
  const decimals = Math.min(4, Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value)))));
  return value.toFixed(decimals);
}

/** Median, and in brackets the lowest and the highest of several rounds. */
export function spread({ median, low, high }: Spread, unit = ''): string {
  const middle = `${digits(median)}${unit}`;
  return low === high ? middle : `${middle} (${digits(low)}–${digits(high)})`;
}

export const waitHead = ['p50', 'p99', 'longest'];

export function waitCells({ p50Ms, p99Ms, maxMs }: Waits): string[] {
  return [p50Ms, p99Ms, maxMs].map((time) => `${digits(time)} ms`);
}

export function percent(share: number): string {
  return `${digits(100 * share)} %`;
}

export function mebibytes(bytes: number): string {
  return `${Math.round(bytes / 2 ** 20)} MiB`;
}

function escapeBars(cell: string): string {
  return cell.replaceAll('|', '\\|');
}
