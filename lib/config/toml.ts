// Reads a run's configuration from the text of a TOML or JSON file; errors name file, line, key, value and
// what is valid.
import { invalid } from '../errors.ts';
import { presetNames } from '../networks/presets.ts';
import { type Locate, locating } from './check.ts';
import { completeRun } from './configure.ts';
import { moveAliases } from './document.ts';
import { completeEventRun, eventPresetOf } from './event-run.ts';
import { type EventRunConfig, eventPresetNames } from './event-training.ts';
import { isRecord } from './fields.ts';
import type { RunConfig } from './schema.ts';
import { readDocument, type Source } from './source.ts';
import { completeSpatialRun, spatialPresetOf } from './spatial-run.ts';
import { type SpatialRunConfig, spatialPresetNames } from './spatial-training.ts';
import { oneOf } from './suggest.ts';

/** The run that TOML text describes. `file` is the name that errors begin with. Throws ERR_SYNFIRE_CONFIG. */
export function parseToml(text: string, file = 'config.toml'): RunConfig {
  return parseRun({ text, file, language: 'toml' });
}

/** The run that JSON text describes. `file` is the name that errors begin with. Throws ERR_SYNFIRE_CONFIG. */
export function parseJson(text: string, file = 'config.json'): RunConfig {
  return parseRun({ text, file, language: 'json' });
}

/** The run that a text describes. Throws ERR_SYNFIRE_CONFIG. */
export function parseRun(source: Source): RunConfig {
  const { table, locate } = readDocument(source, { rearrange: moveAliases });
  return completeRun(table, locate);
}

/** A training: of a network of layers, of an event network or of a spatial network. */
export type AnyRun =
  | { kind: 'layers'; config: RunConfig }
  | { kind: 'events'; config: EventRunConfig }
  | { kind: 'spatial'; config: SpatialRunConfig };

/** The names of all presets, whatever they train. */
export const allPresetNames: readonly string[] = [...presetNames, ...eventPresetNames, ...spatialPresetNames];

/** The training of any kind that a text describes: the preset of the network tells. Throws ERR_SYNFIRE_CONFIG. */
export function parseAnyRun(source: Source): AnyRun {
  const { table, locate } = readDocument(source, { rearrange: moveAliases });
  return completeAnyRun(table, locate);
}

/** The training of any kind that was written; `locate` tells errors where. Throws ERR_SYNFIRE_CONFIG. */
export function completeAnyRun(table: Record<string, unknown>, locate?: Locate): AnyRun {
  const event = eventPresetOf(table);
  if (event !== undefined) return { kind: 'events', config: completeEventRun(table, event, locate) };
  const spatial = spatialPresetOf(table);
  if (spatial !== undefined) return { kind: 'spatial', config: completeSpatialRun(table, spatial, locate) };
  locating(locate, () => checkPreset(table));
  return { kind: 'layers', config: completeRun(table, locate) };
}

/** A slip in a preset's name may mean one of any kind. */
function checkPreset({ network }: Record<string, unknown>): void {
  if (!isRecord(network) || network.preset === undefined) return;
  const names: readonly unknown[] = allPresetNames;
  if (names.includes(network.preset)) return;
  const expected = oneOf(allPresetNames, network.preset);
  throw invalid('ERR_SYNFIRE_CONFIG', 'network.preset', network.preset, expected);
}
