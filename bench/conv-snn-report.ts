// What conv-snn found, as tables: times and ratios, shares of the machine's limits, and what more threads bring.
import type { SurrogateConfig } from '../lib/config/network.ts';
import type { Limits } from './limits.ts';
import { type Machine, machineLine } from './machine.ts';
import { median, ratios, spreadOf } from './measure.ts';
import type { PeerSurrogate } from './peer.ts';
import { absent, digits, mebibytes, percent, spread, type Table } from './table.ts';
import type { Task, WorkPerStep } from './work.ts';
import type { Mode, Precision } from './workload.ts';

export interface Report {
  machine: Machine;
  task: Task;
  precision: Precision;
  rounds: number;
  data: string;
  /** PyTorch's version; null when only synfire was measured. */
  pytorch: string | null;
  settings: Setting[];
  measurements: Measurement[];
}

/** How the two sides' surrogates correspond. */
export interface Setting {
  mode: Mode;
  surrogate: SurrogateConfig;
  peerSurrogate: PeerSurrogate;
}

export type Contender = 'synfire' | 'pytorch' | 'pytorchBf16';

export interface Measurement {
  mode: Mode;
  batchSize: number;
  threads: number;
  steps: number;
  work: WorkPerStep;
  limits: Limits | null;
  sides: { [Name in Contender]?: Side };
}

export interface Side {
  /** Milliseconds of a step, one figure for every round. */
  stepMs: number[];
  /** Of the whole process, the largest of all rounds. */
  peakMemoryBytes: number;
}

export function renderReport(report: Report): { tables: Table[]; notes: string[] } {
  const { measurements, task } = report;
  const tables = [timesTable(measurements, task), limitsTable(measurements), threadsTable(measurements)];
  return { tables: tables.filter(({ rows }) => rows.length > 0), notes: notesOf(report) };
}

const labels = ['learning', 'batch', 'threads'];

function timesTable(measurements: readonly Measurement[], task: Task): Table {
  const head = ['synfire', 'samples/s', 'PyTorch fp32', 'ratio', 'PyTorch bf16', 'ratio'];
  const memory = ['synfire memory', 'PyTorch memory'];
  const rows = measurements.map((measurement) => {
    const { synfire, pytorch, pytorchBf16 } = measurement.sides;
    return [
      ...labelsOf(measurement),
      ...[stepCell(synfire), synfire ? samplesPerSecond(measurement, synfire) : absent],
      ...[
        stepCell(pytorch),
        ratioCell(pytorch, synfire),
        stepCell(pytorchBf16),
        ratioCell(pytorchBf16, synfire),
      ],
      ...(task === 'train' ? [memoryCell(synfire), memoryCell(pytorch)] : []),
    ];
  });
  const title = task === 'train' ? 'Training step' : 'Inference on a batch';
  return { title, head: [...labels, ...head, ...(task === 'train' ? memory : [])], rows };
}

function limitsTable(measurements: readonly Measurement[]): Table {
  const head = [
    'operations',
    'rate',
    'of fp32 peak',
    'of int8 peak',
    'of sgemm',
    'optimiser',
    'of bandwidth',
  ];
  const rows = measurements.flatMap((measurement) => {
    const { limits, work, sides } = measurement;
    if (limits === null || sides.synfire === undefined) return [];
    const seconds = median(sides.synfire.stepMs) / 1000;
    const rate = work.operations / seconds;
    const traffic = work.optimizerBytes / seconds;
    return [
      [
        ...labelsOf(measurement),
        ...[`${digits(work.operations / 1e9)} G`, `${digits(rate / 1e9)} G/s`],
        ...[shareCell(rate, limits.fp32), shareCell(rate, limits.int8), shareCell(rate, limits.sgemm)],
        ...[`${digits(work.optimizerBytes / 1e6)} MB`, shareCell(traffic, limits.memory)],
      ],
    ];
  });
  return { title: "synfire beside the machine's limits", head: [...labels, ...head], rows };
}

/** Measurements with more threads beside those of the same case with one. */
function threadsTable(measurements: readonly Measurement[]): Table {
  const rows = measurements.flatMap((measurement) => {
    const { mode, batchSize, threads, sides } = measurement;
    const single = measurements.find((other) => {
      return other.threads === 1 && other.mode === mode && other.batchSize === batchSize;
    });
    if (single === undefined || threads === 1) return [];
    const contenders: Contender[] = ['synfire', 'pytorch', 'pytorchBf16'];
    return [
      [...labelsOf(measurement), ...contenders.map((name) => ratioCell(single.sides[name], sides[name]))],
    ];
  });
  const head = [...labels, 'synfire', 'PyTorch fp32', 'PyTorch bf16'];
  return { title: 'Speed-up over one thread', head, rows };
}

function notesOf({ machine, data, rounds, precision, pytorch, settings, task }: Report): string[] {
  const surrogates = settings.map(({ mode, surrogate, peerSurrogate }) => {
    const { kind, ...parameters } = surrogate;
    const own = [kind, ...Object.entries(parameters).map(([name, value]) => `${name} ${value}`)].join(' ');
    return `${mode}: ${own} = PyTorch's ${peerSurrogate.name} with alpha ${peerSurrogate.alpha}`;
  });
  return [
    `${machineLine(machine)}; PyTorch ${pytorch ?? 'not measured'}`,
    `data ${data}; medians (lowest–highest) of turns, ${rounds} of each side; precision ${precision}`,
    ...(task === 'train' ? [`surrogates up to a constant factor: ${surrogates.join('; ')}`] : []),
    'operations are dense-equivalent: multiplications and additions that a dense network of this shape does',
  ];
}

function labelsOf({ mode, batchSize, threads }: Measurement): string[] {
  return [mode, String(batchSize), String(threads)];
}

function stepCell(side: Side | undefined): string {
  return side === undefined ? absent : spread(spreadOf(side.stepMs), ' ms');
}

/** How many times as long the first side takes as the second. */
function ratioCell(slower: Side | undefined, faster: Side | undefined): string {
  if (slower === undefined || faster === undefined) return absent;
  return spread(spreadOf(ratios(slower.stepMs, faster.stepMs)), '×');
}

function samplesPerSecond({ batchSize }: Measurement, { stepMs }: Side): string {
  return Math.round((1000 * batchSize) / median(stepMs)).toLocaleString('en');
}

function memoryCell(side: Side | undefined): string {
  return side === undefined ? absent : mebibytes(side.peakMemoryBytes);
}

function shareCell(rate: number, limit: number | null): string {
  return limit === null ? absent : percent(rate / limit);
}
