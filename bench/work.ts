// How much arithmetic and memory traffic a step stands for, to compare with what a machine can do at most.
import type { NetworkConfig } from '../lib/config/schema.ts';
import type { LayerDescription } from '../lib/networks/layer-network.ts';

export type Task = 'train' | 'infer';

export interface WorkPerStep {
  /**
   * Multiplications and additions, counted separately, that a dense network of this shape does: dense-equivalent,
   * because an engine for spikes may do fewer.
   */
  operations: number;
  /** Bytes of parameters and optimiser state that a step reads and writes; 0 when nothing is trained. */
  optimizerBytes: number;
}

/** Adam reads and writes a parameter and its two moments, 4 bytes each. */
const adamBytesPerParameter = 2 * 3 * 4;

/**
 * The work of one step on `batchSize` samples, with the gradients that the mode of learning needs: of every step with
 * `bptt`, of the mean over all steps with `rate`.
 */
export function workPerStep(
  config: NetworkConfig,
  layers: readonly LayerDescription[],
  { task, batchSize }: { task: Task; batchSize: number },
): WorkPerStep {
  const macs = layers.map((layer, index) => {
    const forward = updates(config, index, layers.length);
    const backward = config.learning.mode === 'bptt' ? forward : 1;
    const gradients = index === 0 ? 1 : 2; // of the weights, and of the inputs unless they are samples
    return layer.macs * (forward + (task === 'train' ? backward * gradients : 0));
  });
  const parameters = sum(layers.map((layer) => layer.parameters));
  return {
    operations: 2 * batchSize * sum(macs),
    optimizerBytes: task === 'train' ? adamBytesPerParameter * parameters : 0,
  };
}

/** How often a layer computes for one sample; the readout does once, on mean counts. */
function updates({ layers, timesteps }: NetworkConfig, index: number, count: number): number {
  if (index === count - 1) return 1;
  const layer = layers[index]!;
  return Math.ceil(timesteps / ('updateEvery' in layer ? layer.updateEvery : 1));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
