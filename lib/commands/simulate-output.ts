// What `synfire simulate` prints: one JSON object for programs, tables for people.
import { peakMemoryBytes } from '../monitoring/memory.ts';
import { native } from '../native/index.ts';
import type { EventNetwork, MemoryReport, ProjectionInfo } from '../networks/event-network.ts';
import type { Simulation, SimulationTotals } from '../simulation/simulation.ts';
import type { FiringStatistics } from '../simulation/statistics.ts';
import { bytes, figure, pairs, table } from './text.ts';

export interface SimulationSummary extends SimulationTotals {
  event: 'done' | 'interrupted';
  /** Time that the network has reached. */
  timeMs: number;
  /** Computing time over biological time. */
  realTimeFactor: number | null;
  synapticEventsPerSecond: number | null;
  threads: number;
  populations: FiringStatistics[];
  projections: ProjectionSummary[];
  memory: MemoryReport;
  peakMemoryBytes: number;
  checkpoint: string | null;
}

interface ProjectionSummary extends ProjectionInfo {
  /** Of projections with a rule. */
  weights?: { mean: number; min: number; max: number };
}

type End = Pick<SimulationSummary, 'event' | 'checkpoint'>;

export function summarise(simulation: Simulation, { event, checkpoint }: End): SimulationSummary {
  const { network, totals } = simulation;
  const { simulatedMs, wallMs, synapticEvents } = totals;
  return {
    event,
    timeMs: network.timeMs,
    ...totals,
    realTimeFactor: simulatedMs > 0 ? wallMs / simulatedMs : null,
    synapticEventsPerSecond: wallMs > 0 ? (1000 * synapticEvents) / wallMs : null,
    threads: threadsOf(network),
    populations: simulation.statistics(),
    projections: network.projections.map((projection) => {
      return {
        ...projection,
        ...(projection.plastic && { weights: spread(network.weights(projection.name)) }),
      };
    }),
    memory: network.memory(),
    peakMemoryBytes: peakMemoryBytes(),
    checkpoint,
  };
}

/** What is about to run, in a line. */
export function describeNetwork(network: EventNetwork): string {
  const neurons = network.populations.reduce((sum, { size }) => sum + size, 0);
  const { synapses, totalBytes } = network.memory();
  return `network: ${figure(neurons)} neurons and sources, ${figure(synapses)} synapses, ${bytes(totalBytes)}; ${threadsOf(network)} threads`;
}

/** A summary for people. */
export function describeSimulation(summary: SimulationSummary & { files: readonly string[] }): string {
  const { populations, projections, simulatedMs, wallMs, realTimeFactor, synapticEventsPerSecond } = summary;
  const firing = populations.map(({ population, neurons, rateHz, cv, active, spikes }) => {
    return [population, figure(neurons), decimals(rateHz), decimals(cv), figure(active), figure(spikes)];
  });
  const rows: [string, string][] = [
    [
      'time',
      `${simulatedMs / 1000} s simulated in ${(wallMs / 1000).toFixed(2)} s, ${decimals(realTimeFactor, 3)} of real time`,
    ],
    ['spikes', figure(summary.spikes)],
    [
      'events',
      `${figure(summary.synapticEvents)} at synapses, ${figure(synapticEventsPerSecond ?? 0)} a second`,
    ],
    [
      'memory',
      `${bytes(summary.memory.totalBytes)} for the network, ${bytes(summary.peakMemoryBytes)} in all`,
    ],
    ...(summary.checkpoint === null ? [] : [['checkpoint', summary.checkpoint] as [string, string]]),
    ...summary.files.map((file, index): [string, string] => [index === 0 ? 'files' : '', file]),
  ];
  return [
    table(['population', 'neurons', 'rate in Hz', 'CV', 'active', 'spikes'], firing),
    ...(projections.length > 0 ? [projectionTable(projections)] : []),
    pairs(rows),
  ].join('\n\n');
}

function projectionTable(projections: readonly ProjectionSummary[]): string {
  const rows = projections.map(({ name, synapses, weights }) => {
    const range =
      weights && `${decimals(weights.mean, 4)} (${decimals(weights.min, 4)} to ${decimals(weights.max, 4)})`;
    return [name, figure(synapses), range ?? 'fixed'];
  });
  return table(['projection', 'synapses', 'weights'], rows);
}

function threadsOf({ options }: EventNetwork): number {
  return options.threads ?? native().cpu().hardwareThreads;
}

function spread(weights: Float64Array): { mean: number; min: number; max: number } {
  let [sum, min, max] = [0, Infinity, -Infinity];
  for (const weight of weights) {
    sum += weight;
    min = Math.min(min, weight);
    max = Math.max(max, weight);
  }
  return { mean: sum / weights.length, min, max };
}

function decimals(value: number | null, digits = 2): string {
  return value === null ? '-' : value.toFixed(digits);
}
