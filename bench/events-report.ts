// What the benchmarks of event networks found, as tables: times, synaptic events, and ratios of sides that took turns.
import type { Machine } from './machine.ts';
import { machineLine } from './machine.ts';
import { median, ratios, spreadOf } from './measure.ts';
import { absent, digits, spread, type Table } from './table.ts';

/** The bare loops learn by columns or late, row by row; without learning there is one. */
export const contenders = ['synfire', 'bare', 'bareDeferred', 'brian2'] as const;
export type Contender = (typeof contenders)[number];

/** One measurement of one side. */
export interface Turn {
  /** Of the part that is measured: without construction and warm-up. */
  wallMs: number;
  /** What was done in that time: biological milliseconds, or images. */
  work: number;
  /** Synaptic events: spikes times the synapses that they reach; with Diehl & Cook also weights that a spike changes. */
  events: number;
  /** Mean rate of all neurons in Hz, or spikes of excitatory neurons per image. */
  activity: number;
  bytesPerSynapse: number | null;
  bytesPerPlasticSynapse?: number | null;
  constructionMs?: number;
}

export interface Measurement {
  threads: number;
  sides: { [Name in Contender]?: Turn[] };
}

export interface EventsReport {
  machine: Machine;
  title: string;
  unit: 'biological time' | 'images';
  rounds: number;
  /** Brian2's version; null when it was not measured. */
  brian2: string | null;
  /** What else a reader of the figures must know. */
  remarks: string[];
  measurements: Measurement[];
}

const names: Record<Contender, string> = {
  synfire: 'synfire',
  bare: 'bare loop',
  bareDeferred: 'bare loop, deferred',
  brian2: 'Brian2',
};

export function renderEvents(report: EventsReport): { tables: Table[]; notes: string[] } {
  const tables = [timesTable(report), ratiosTable(report)];
  const { machine, brian2, rounds, remarks } = report;
  const notes = [
    `${machineLine(machine)}; Brian2 ${brian2 ?? 'not measured'}`,
    `medians (lowest–highest) of turns, ${rounds} of each side`,
    ...remarks,
  ];
  return { tables: tables.filter(({ rows }) => rows.length > 0), notes };
}

function timesTable({ title, unit, measurements }: EventsReport): Table {
  const [speed, activity] = unit === 'images' ? ['images/s', 'spikes/image'] : ['wall/biological', 'rate'];
  const bytes = ['bytes/synapse', 'plastic', 'construction'];
  const rows = measurements.flatMap(({ threads, sides }) =>
    contenders.flatMap((name) => {
      const turns = sides[name];
      return turns === undefined ? [] : [[String(threads), names[name], ...figures(turns, unit)]];
    }),
  );
  return { title, head: ['threads', 'side', speed, 'events/s', activity, ...bytes], rows };
}

function figures(turns: readonly Turn[], unit: EventsReport['unit']): string[] {
  const perWork = turns.map(({ wallMs, work }) => wallMs / work);
  const speed = unit === 'images' ? perWork.map((milliseconds) => 1000 / milliseconds) : perWork;
  const eventsPerSecond = median(turns.map(({ wallMs, events }) => events / (wallMs / 1000)));
  const construction = turns.flatMap(({ constructionMs }) => constructionMs ?? []);
  const { bytesPerSynapse, bytesPerPlasticSynapse = null } = turns[0]!;
  return [
    spread(spreadOf(speed)),
    `${digits(eventsPerSecond / 1e6)} M`,
    digits(median(turns.map(({ activity }) => activity))) + (unit === 'images' ? '' : ' Hz'),
    bytesPerSynapse === null ? absent : digits(bytesPerSynapse),
    bytesPerPlasticSynapse === null ? absent : digits(bytesPerPlasticSynapse),
    construction.length === 0 ? absent : `${digits(median(construction))} ms`,
  ];
}

/** Quotients of times for the same work, of turns of the same round. */
function ratiosTable({ measurements }: EventsReport): Table {
  const single = measurements.find(({ threads }) => threads === 1)?.sides.synfire;
  const rows = measurements.map(({ threads, sides }) => {
    const { synfire, bare, bareDeferred, brian2 } = sides;
    return [
      String(threads),
      ...[ratioCell(synfire, bare), ratioCell(synfire, bareDeferred), ratioCell(brian2, synfire)],
      threads === 1 ? absent : ratioCell(single, synfire),
    ];
  });
  const head = ['synfire / bare loop', 'synfire / deferred', 'Brian2 / synfire', 'speed-up over one thread'];
  return { title: 'Ratios of times', head: ['threads', ...head], rows };
}

function ratioCell(slower: readonly Turn[] | undefined, faster: readonly Turn[] | undefined): string {
  if (slower === undefined || faster === undefined) return absent;
  const times = [slower, faster].map((turns) => turns.map(({ wallMs, work }) => wallMs / work));
  return spread(spreadOf(ratios(times[0]!, times[1]!)), '×');
}
