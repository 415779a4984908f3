// Reads a run's configuration from the text of a TOML or JSON file; errors name file, line, key, value and
// what is valid.
import { completeRun } from './configure.ts';
import { moveAliases } from './document.ts';
import { completeEventRun, eventPresetOf } from './event-run.ts';
import type { EventRunConfig } from './event-training.ts';
import type { RunConfig } from './schema.ts';
import { readDocument, type Source } from './source.ts';

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

/** A training: of a network of layers, or of an event network. */
export type AnyRun = { kind: 'layers'; config: RunConfig } | { kind: 'events'; config: EventRunConfig };

/** The training of either kind that a text describes: the preset of the network tells. Throws ERR_SYNFIRE_CONFIG. */
export function parseAnyRun(source: Source): AnyRun {
  const { table, locate } = readDocument(source, { rearrange: moveAliases });
  const preset = eventPresetOf(table);
  if (preset === undefined) return { kind: 'layers', config: completeRun(table, locate) };
  return { kind: 'events', config: completeEventRun(table, preset, locate) };
}
