// Finds the configuration of a run by a preset's name or the path of a TOML or JSON file.
import { readFile, stat } from 'node:fs/promises';
import { extname } from 'node:path';
import { invalid, SynfireError } from '../errors.ts';
import { presetNames } from '../networks/presets.ts';
import { configureRun } from './configure.ts';
import type { RunConfig } from './schema.ts';
import { closest } from './suggest.ts';
import { mostCharacters, parseJson, parseToml } from './toml.ts';

const parsers: Record<string, (text: string, file: string) => RunConfig> = {
  '.toml': parseToml,
  '.json': parseJson,
};

/**
 * The run that `source` names: a preset, or a path that ends in .toml or .json. Throws ERR_SYNFIRE_CONFIG.
 */
export async function loadRun(source: string): Promise<RunConfig> {
  const preset = presetNames.find((name) => name === source);
  if (preset !== undefined) return configureRun({ network: { preset } });
  const parse = parsers[extname(source).toLowerCase()];
  if (parse === undefined) throw unknownSource(source);
  return parse(await readConfig(source), source);
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

function unknownSource(source: string): SynfireError {
  const hint = closest(source, presetNames);
  const expected = `a .toml or .json file or one of the presets ${presetNames.join(', ')}`;
  return invalid(
    'ERR_SYNFIRE_CONFIG',
    'config',
    source,
    hint === undefined ? expected : `${expected} (did you mean ${hint}?)`,
  );
}
