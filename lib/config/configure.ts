// Completes a run's configuration: a preset underneath, defaults filled in, layers checked against each
// other.
import { invalid } from '../errors.ts';
import { type PresetName, presetRun } from '../networks/presets.ts';
import { inferShapes } from '../networks/shapes.ts';
import { check, type Locate, locating } from './check.ts';
import { isRecord } from './fields.ts';
import { merge } from './merge.ts';
import { type NetworkOptions, type RunConfig, type RunOptions, runSchema } from './schema.ts';

/** A run as it is written: `network.preset` may stand for everything that is left out. */
export type WrittenRun = Omit<RunOptions, 'network'> & {
  network: NetworkOptions | (Partial<NetworkOptions> & { preset: PresetName });
};

/**
 * The complete configuration of a run from what was written. A preset gives network, training and data, whose
 * keys the written ones replace (see `merge`). Throws ERR_SYNFIRE_CONFIG.
 */
export function configureRun(run: WrittenRun): RunConfig {
  return completeRun({ ...run });
}

/** As `configureRun`, for what a file says; `locate` tells errors where. */
export function completeRun(written: Record<string, unknown>, locate?: Locate): RunConfig {
  const options = locating(locate, () => withPreset(written));
  const config = check(runSchema, options, { root: '', ...(locate && { locate }) });
  locating(locate, () => inferShapes(config.network));
  return config;
}

function withPreset(written: Record<string, unknown>): unknown {
  if (written.network === undefined) {
    const remedy = written.populations === undefined ? '' : '; "synfire simulate" runs populations';
    throw invalid('ERR_SYNFIRE_CONFIG', 'network', undefined, `a network or a preset${remedy}`);
  }
  if (!isRecord(written.network) || written.network.preset === undefined) return written;
  const { preset, ...network } = written.network;
  return merge(presetRun(preset, 'network.preset'), { ...written, network });
}
