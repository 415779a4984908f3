// All fuzz targets.

import type { FuzzTarget } from '../target.ts';
import { connections } from './connections.ts';
import { eventCheckpoint } from './event-checkpoint.ts';
import { idx } from './idx.ts';
import { npy } from './npy.ts';
import { safetensors } from './safetensors.ts';
import { simulation } from './simulation.ts';
import { spatialCheckpoint } from './spatial-checkpoint.ts';
import { spikeTrains } from './spike-trains.ts';
import { toml } from './toml.ts';

export const targets: FuzzTarget[] = [
  connections,
  eventCheckpoint,
  idx,
  npy,
  safetensors,
  simulation,
  spatialCheckpoint,
  ...spikeTrains,
  toml,
];
