// Learning rates: the rate of every training step of an epoch, worked out from its position alone.
import type { ScheduleConfig } from '../config/schema.ts';

export interface ScheduleSpan {
  /** The rate that the schedule's factors multiply. */
  learningRate: number;
  /** The epoch in question, counted from 0. */
  epoch: number;
  /** Epochs of the whole training. */
  epochs: number;
  /** Training steps in each epoch. */
  steps: number;
}

/** The learning rate of every step of one epoch. */
export function learningRates(schedule: ScheduleConfig, span: ScheduleSpan): Float64Array {
  const { learningRate, epoch, steps } = span;
  return Float64Array.from({ length: steps }, (_, index) => {
    const step = epoch * steps + index;
    return learningRate * warmup(schedule, step, steps) * decay(schedule, step, span);
  });
}

/** Rises in equal parts from just above 0 to 1 at the last step of the warm-up. */
function warmup(schedule: ScheduleConfig, step: number, steps: number): number {
  const last = warmupSteps(schedule, steps);
  return step < last ? (step + 1) / last : 1;
}

function decay(schedule: ScheduleConfig, step: number, { epoch, epochs, steps }: ScheduleSpan): number {
  switch (schedule.kind) {
    case 'constant':
      return 1;
    case 'step':
      return schedule.factor ** Math.floor(epoch / schedule.everyEpochs);
    case 'cosine': {
      const start = warmupSteps(schedule, steps);
      const length = Math.max(1, (schedule.epochs ?? epochs) * steps - start);
      const position = Math.min(1, Math.max(0, (step - start) / length));
      return schedule.finalFactor + (1 - schedule.finalFactor) * 0.5 * (1 + Math.cos(Math.PI * position));
    }
  }
}

function warmupSteps(schedule: ScheduleConfig, steps: number): number {
  return Math.round(schedule.warmupEpochs * steps);
}
