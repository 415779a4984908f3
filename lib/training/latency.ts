// Turns samples into spikes whose times tell their values: the larger, the earlier.
import type { LatencyProtocol } from '../config/event-training.ts';

export interface SpikeTrain {
  /** Ascending. */
  timesMs: Float64Array;
  /** The value that each spike stands for. */
  neurons: Uint32Array;
}

/** One spike for each value of at least `threshold`, at (1 - value) * windowMs; value = byte / 255. */
export function latencySpikes(
  sample: Uint8Array,
  { windowMs, threshold }: Pick<LatencyProtocol, 'windowMs' | 'threshold'>,
): SpikeTrain {
  const neurons = Uint32Array.from(sample.keys())
    .filter((index) => sample[index]! > 0 && sample[index]! >= 255 * threshold)
    .sort((a, b) => sample[b]! - sample[a]! || a - b);
  return { neurons, timesMs: Float64Array.from(neurons, (index) => (1 - sample[index]! / 255) * windowMs) };
}
