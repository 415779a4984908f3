// The text of a TOML or JSON file as plain data, together with the places of its keys, which errors name.
import { parse, TomlError } from 'smol-toml';
import { SynfireError } from '../errors.ts';
import { type Locate, locating } from './check.ts';
import { mostNested, type PlainTable, type PlainTableOptions, plainTable } from './document.ts';
import { jsonKeyLines, type KeyLines, lineOf, tomlKeyLines } from './key-lines.ts';

/** Longest text that is read, in characters. */
export const mostCharacters = 1 << 20;

/** The languages that configurations are written in. */
export type Language = 'toml' | 'json';

export interface Source {
  text: string;
  /** The name that errors begin with. */
  file: string;
  language: Language;
}

export interface Document {
  /** With keys in camelCase. */
  table: PlainTable;
  locate: Locate;
}

export interface DocumentOptions extends PlainTableOptions {
  /** Moves keys to their places in the schema and notes what went where, by dotted path. */
  rearrange?(table: PlainTable, moves: Map<string, string>): void;
}

/** The document that a text holds. Throws ERR_SYNFIRE_CONFIG naming file, line and key. */
export function readDocument({ text, file, language }: Source, options: DocumentOptions = {}): Document {
  if (text.length > mostCharacters)
    throw syntaxError(file, `${text.length} characters long`, `at most ${mostCharacters}`);
  const { parse, keyLines } = readers[language];
  const document = parse(text, file);
  const moves = new Map<string, string>();
  const locate = locator(file, () => moved(keyLines(text), moves));
  const table = locating(locate, () => {
    const plain = plainTable(document, options);
    options.rearrange?.(plain, moves);
    return plain;
  });
  return { table, locate };
}

interface Reader {
  parse(text: string, file: string): unknown;
  keyLines(text: string): KeyLines;
}

const readers: Record<Language, Reader> = {
  toml: { parse: parseTomlText, keyLines: tomlKeyLines },
  json: { parse: parseJsonText, keyLines: jsonKeyLines },
};

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
