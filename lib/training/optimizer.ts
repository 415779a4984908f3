// The native engine's description of an optimiser.
import type { TrainingConfig } from '../config/schema.ts';
import type { NativeOptimizer } from '../native/index.ts';

/** Learning rates are not part of it: they are given for every step. */
export function nativeOptimizer({
  optimizer,
  clipNorm,
}: Pick<TrainingConfig, 'optimizer' | 'clipNorm'>): NativeOptimizer {
  const { learningRate: _scheduled, ...own } = optimizer;
  return { momentum: 0, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, ...own, clipNorm };
}
