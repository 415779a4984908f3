// Tells whether an epoch is the best one so far.
import { isImprovement, type Monitor, type MonitorMode } from './early-stopping.ts';
import type { BestEpoch } from './reports.ts';

/** The figures of an epoch that can be monitored; null where they were not measured. */
export type Monitored = Record<Monitor, number | null>;

/** Better by the monitored value, or equal in that and better by the loss. */
export function isBestEpoch(
  report: Monitored,
  { monitor, mode }: { monitor: Monitor; mode: MonitorMode },
  { best, history }: { best: BestEpoch | null; history: readonly Monitored[] },
): boolean {
  const value = report[monitor] ?? Number.NaN;
  if (value !== best?.value) return isImprovement(value, best?.value ?? null, mode);
  const earlier = history[best.epoch - 1]!;
  return lossOf(report) < lossOf(earlier);
}

function lossOf({ validationLoss, trainLoss }: Monitored): number {
  return validationLoss ?? trainLoss ?? Number.NaN;
}
