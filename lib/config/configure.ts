// Completes a run's configuration: a preset underneath, defaults filled in, layers checked against each
// other.
import { invalid } from '../errors.ts';
import { presetRun } from '../networks/presets.ts';
import { inferShapes } from '../networks/shapes.ts';
import { check, type Locate, locating } from './check.ts';
import { isRecord } from './fields.ts';
import { merge } from './merge.ts';
import { type RunConfig, runSchema } from './schema.ts';

/**
 * The complete configuration of a run from what was written. `network.preset` names a preset of network,
 * training and data whose keys the written ones replace. Throws ERR_SYNFIRE_CONFIG.
 */
export function configureRun(written: Record<string, unknown>, locate?: Locate): RunConfig {
  const options = locating(locate, () => withPreset(written));
  const config = check(runSchema, options, { root: '', ...(locate && { locate }) });
  locating(locate, () => inferShapes(config.network));
  return config;
}

function withPreset(written: Record<string, unknown>): unknown {
  if (written.network === undefined) {
    throw invalid('ERR_SYNFIRE_CONFIG', 'network', undefined, 'a network or a preset');
  }
  if (!isRecord(written.network) || written.network.preset === undefined) return written;
  const { preset, ...network } = written.network;
  return merge(presetRun(preset, 'network.preset'), { ...written, network });
}
