// Finds the configuration of a run by a preset's name or the path of a TOML or JSON file.
import { readFile, stat } from 'node:fs/promises';
import { extname } from 'node:path';
import { invalid, SynfireError } from '../errors.ts';
import { presetNames } from '../networks/presets.ts';
import { configureRun } from './configure.ts';
import type { RunConfig } from './schema.ts';
import { type Language, mostCharacters, type Source } from './source.ts';
import { closest } from './suggest.ts';
import { type AnyRun, allPresetNames, completeAnyRun, parseAnyRun, parseRun } from './toml.ts';

const languages: Record<string, Language> = { '.toml': 'toml', '.json': 'json' };

/**
 * The run that `source` names: a preset, or a path that ends in .toml or .json. Throws ERR_SYNFIRE_CONFIG.
 */
export async function loadRun(source: string): Promise<RunConfig> {
  const preset = presetNames.find((name) => name === source);
  if (preset !== undefined) return configureRun({ network: { preset } });
  if (languageOf(source) === undefined) throw unknownSource(source, presetNames);
  return parseRun(await readSource(source));
}

/** The training of any kind that `source` names, as for `loadRun`. Throws ERR_SYNFIRE_CONFIG. */
export async function loadAnyRun(source: string): Promise<AnyRun> {
  if (languageOf(source) !== undefined) return parseAnyRun(await readSource(source));
  if (allPresetNames.includes(source)) return completeAnyRun({ network: { preset: source } });
  throw unknownSource(source, allPresetNames);
}

/** The text of a .toml or .json file. Throws ERR_SYNFIRE_CONFIG. */
export async function readSource(path: string): Promise<Source> {
  const language = languageOf(path);
  if (language === undefined) {
    throw invalid('ERR_SYNFIRE_CONFIG', 'config', path, 'a .toml or .json file');
  }
  return { text: await readConfig(path), file: path, language };
}

function languageOf(path: string): Language | undefined {
  return languages[extname(path).toLowerCase()];
}

async function readConfig(path: string): Promise<string> {
  try {
    const { size } = await stat(path);
    if (size > mostCharacters * 4)
      throw invalid('ERR_SYNFIRE_CONFIG', path, size, `at most ${mostCharacters} characters`);
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof SynfireError) throw error;
    const expected = 'a readable file';
    const reason = error instanceof Error ? error.message : String(error);
    throw new SynfireError('ERR_SYNFIRE_CONFIG', `cannot read ${path}: ${reason}`, {
      field: 'config',
      value: path,
      expected,
      cause: error,
    });
  }
}

function unknownSource(source: string, names: readonly string[]): SynfireError {
  const hint = closest(source, names);
  const expected = `a .toml or .json file or one of the presets ${names.join(', ')}`;
  return invalid(
    'ERR_SYNFIRE_CONFIG',
    'config',
    source,
    hint === undefined ? expected : `${expected} (did you mean ${hint}?)`,
  );
}
