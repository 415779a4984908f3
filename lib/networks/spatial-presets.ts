// Spatial networks that are ready to train, each with the training and the data that suit it.
import { merge } from '../config/merge.ts';
import type { GridSize, SpatialNetworkOptions } from '../config/spatial-network.ts';
import type { SpatialPresetName, SpatialTrainingOptions } from '../config/spatial-training.ts';

/** What a preset stands for; keys that are written lie over it. */
export interface SpatialPreset {
  network: SpatialNetworkOptions & { grids: readonly GridSize[] };
  training: SpatialTrainingOptions;
  data: { name: string };
}

/** What `new SpatialNetwork(...)` takes. */
export type SpatialDescription = [sizes: readonly GridSize[], options: SpatialNetworkOptions];

export const spatialRuns: Record<SpatialPresetName, SpatialPreset> = {
  'spatial-identity': {
    network: {
      grids: [4, 16, 4],
      ...{ capacity: 20, patternBits: 2, rounding: 'residual', learningRate: { initial: 0.05, min: 0.05 } },
      growth: { everyBatches: 250 },
    },
    training: { epochs: 4, batchSize: 16 },
    data: { name: 'identity' },
  },
  'spatial-digits': {
    network: {
      grids: [
        [28, 28, 1],
        [14, 14, 8],
        [7, 7, 8],
        [10, 1, 1],
      ],
      reach: [
        [2, 2, 0],
        [1, 1, 8],
        [4, 4, 8],
      ],
      ...{ capacity: 512, rounding: 'residual', learningRate: { initial: 0.1, min: 0.1, max: 0.2 } },
      growth: { everyBatches: 500 },
    },
    training: { epochs: 10, batchSize: 32 },
    data: { name: 'digits' },
  },
};

/** A small network that learns to repeat its input: `new SpatialNetwork(...presets.spatialIdentity())`. */
export function spatialIdentity(changes: SpatialNetworkOptions = {}): SpatialDescription {
  return descriptionOf('spatial-identity', changes);
}

/** A network that reads digits of 28 x 28: `new SpatialNetwork(...presets.spatialDigits())`. */
export function spatialDigits(changes: SpatialNetworkOptions = {}): SpatialDescription {
  return descriptionOf('spatial-digits', changes);
}

function descriptionOf(preset: SpatialPresetName, changes: SpatialNetworkOptions): SpatialDescription {
  const { grids, ...options } = spatialRuns[preset].network;
  return [grids, merge(options, changes) as SpatialNetworkOptions];
}
