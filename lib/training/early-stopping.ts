// Decides when training has stopped getting better: a pure state machine over one monitored value per epoch.

/** Quantities of an epoch that can be monitored. */
export type Monitor = 'trainLoss' | 'trainAccuracy' | 'validationLoss' | 'validationAccuracy';
/** Whether smaller (`min`) or larger (`max`) values are better. */
export type MonitorMode = 'min' | 'max';

export interface EarlyStoppingRule {
  /** Epochs without an improvement after which training stops, at least 1. */
  patience: number;
  /** An improvement smaller than or equal to this does not count. */
  minDelta: number;
  mode: MonitorMode;
}

/** Plain data, so that a checkpoint can carry it. */
export interface EarlyStoppingState {
  /** The value that the next one has to improve on; null before the first epoch. */
  reference: number | null;
  epochsWithoutImprovement: number;
}

export const initialEarlyStopping: EarlyStoppingState = { reference: null, epochsWithoutImprovement: 0 };

/**
 * The state after an epoch whose monitored value is `value`. A value that is not finite is never an
 * improvement.
 */
export function advanceEarlyStopping(
  state: EarlyStoppingState,
  value: number,
  rule: EarlyStoppingRule,
): EarlyStoppingState {
  if (isImprovement(value, state.reference, rule.mode, rule.minDelta)) {
    return { reference: value, epochsWithoutImprovement: 0 };
  }
  return { reference: state.reference, epochsWithoutImprovement: state.epochsWithoutImprovement + 1 };
}

/** Whether training ends in this state. */
export function shouldStop(state: EarlyStoppingState, rule: EarlyStoppingRule): boolean {
  return state.epochsWithoutImprovement >= rule.patience;
}

/**
 * Whether `value` is better than `reference` by more than `minDelta`; anything is better than no reference.
 */
export function isImprovement(
  value: number,
  reference: number | null,
  mode: MonitorMode,
  minDelta = 0,
): boolean {
  if (!Number.isFinite(value)) return false;
  if (reference === null) return true;
  return mode === 'min' ? value < reference - minDelta : value > reference + minDelta;
}

/** Losses are better small, accuracies large. */
export function naturalMode(monitor: Monitor): MonitorMode {
  return monitor.endsWith('Loss') ? 'min' : 'max';
}
