// Reads a run's configuration from the text of a TOML or JSON file; errors name file, line, key, value and
// what is valid.
import { parse, TomlError } from 'smol-toml';
import { SynfireError } from '../errors.ts';
import { type Locate, locating } from './check.ts';
import { completeRun } from './configure.ts';
import { mostNested, moveAliases, type PlainTable, plainTable } from './document.ts';
import { jsonKeyLines, type KeyLines, lineOf, tomlKeyLines } from './key-lines.ts';
import type { RunConfig } from './schema.ts';

/** Longest text that is read, in characters. */
export const mostCharacters = 1 << 20;

/** The run that TOML text describes. `file` is the name that errors begin with. Throws ERR_SYNFIRE_CONFIG. */
export function parseToml(text: string, file = 'config.toml'): RunConfig {
  return parseRun(text, file, { parse: parseTomlText, keyLines: tomlKeyLines });
}

/** The run that JSON text describes. `file` is the name that errors begin with. Throws ERR_SYNFIRE_CONFIG. */
export function parseJson(text: string, file = 'config.json'): RunConfig {
  return parseRun(text, file, { parse: parseJsonText, keyLines: jsonKeyLines });
}

interface Format {
  parse(text: string, file: string): unknown;
  keyLines(text: string): KeyLines;
}

function parseRun(text: string, file: string, format: Format): RunConfig {
  if (text.length > mostCharacters)
    throw syntaxError(file, `${text.length} characters long`, `at most ${mostCharacters}`);
  const document = format.parse(text, file);
  const moves = new Map<string, string>();
  const locate = locator(file, () => moved(format.keyLines(text), moves));
  const table = locating(locate, () => normalise(document, moves));
  return completeRun(table, locate);
}

function normalise(document: unknown, moves: Map<string, string>): PlainTable {
  const table = plainTable(document);
  moveAliases(table, moves);
  return table;
}

function parseTomlText(text: string, file: string): unknown {
  try {
    return parse(text, { maxDepth: mostNested });
  } catch (error) {
    if (!(error instanceof TomlError)) throw syntaxError(file, 'unreadable', 'a TOML document', error);
    const reason = error.message.split('\n', 1)[0]!.replace('Invalid TOML document: ', '');
    throw syntaxError(`${file}:${error.line}:${error.column}`, reason, undefined, error);
  }
}

function parseJsonText(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const offset = /at position (\d+)/.exec(reason)?.[1];
    const before = text.slice(0, Number(offset ?? text.length)).split('\n');
    throw syntaxError(`${file}:${before.length}:${before.at(-1)!.length + 1}`, reason, undefined, error);
  }
}

function syntaxError(place: string, problem: string, expected?: string, cause?: unknown): SynfireError {
  const message =
    expected === undefined ? `${place}: ${problem}` : `${place} is ${problem}; expected ${expected}`;
  return new SynfireError('ERR_SYNFIRE_CONFIG', message, {
    ...(expected === undefined ? {} : { expected }),
    cause,
  });
}

/** Tells where a field stands; the file is searched only when that is asked for. */
function locator(file: string, keyLines: () => KeyLines): Locate {
  let lines: KeyLines | undefined;
  return (field) => {
    lines ??= keyLines();
    const line = lineOf(lines, field);
    return line === undefined ? file : `${file}:${line}`;
  };
}

/** The lines of keys that have another place in the configuration than in the file. */
function moved(lines: KeyLines, moves: ReadonlyMap<string, string>): KeyLines {
  for (const [field, line] of [...lines]) {
    for (const [from, to] of moves) {
      if (field === from || field.startsWith(`${from}.`)) lines.set(to + field.slice(from.length), line);
    }
  }
  return lines;
}
