// Completes the configuration of a spatial network's training: the preset that it names beneath what is written, with
// defaults filled in.
import { spatialRuns } from '../networks/spatial-presets.ts';
import { check, type Locate, locating } from './check.ts';
import { isRecord } from './fields.ts';
import { merge } from './merge.ts';
import { completeSpatial } from './spatial-grids.ts';
import {
  type SpatialPresetName,
  type SpatialRunConfig,
  spatialPresetNames,
  spatialRunSchemas,
} from './spatial-training.ts';

/** The complete configuration of a training from what was written; `locate` tells errors where. */
export function completeSpatialRun(
  written: unknown,
  preset: SpatialPresetName,
  locate?: Locate,
): SpatialRunConfig {
  const merged = merge(spatialRuns[preset], written);
  const { network, ...run } = check(spatialRunSchemas[preset], merged, {
    root: '',
    ...(locate && { locate }),
  });
  const { preset: name, grids: sizes, ...rest } = network;
  const { grids, options } = locating(locate, () => completeSpatial(sizes, rest, 'network'));
  return { ...run, network: { preset: name, grids, ...options } };
}

/** The preset of a spatial network that a document names, if it names one. */
export function spatialPresetOf(written: Record<string, unknown>): SpatialPresetName | undefined {
  const { network } = written;
  return isRecord(network) ? spatialPresetNames.find((name) => name === network.preset) : undefined;
}
