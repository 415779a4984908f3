// Finds the line on which every key of a TOML or JSON document stands, for error messages about values.
import { camelCase, mostNested } from './document.ts';

/** Dotted camelCase path of a key, with list positions as numbers → its line, counted from 1. */
export type KeyLines = Map<string, number>;

/** The lines of a TOML document that a parser has accepted. */
export function tomlKeyLines(text: string): KeyLines {
  return new Scanner(text).document();
}

/** The lines of a JSON document that a parser has accepted. */
export function jsonKeyLines(text: string): KeyLines {
  return new Scanner(text).value();
}

/** The line of `field`, in any spelling, or of the innermost section around it that is written down. */
export function lineOf(lines: KeyLines, field: string): number | undefined {
  const dotted = camelCase(field).replace(/\[(\d+)\]/g, '.$1');
  for (let path = dotted; path !== ''; path = path.slice(0, Math.max(0, path.lastIndexOf('.')))) {
    const line = lines.get(path);
    if (line !== undefined) return line;
  }
  return undefined;
}

/** Walks over a valid document once; only keys, brackets and strings matter to it. */
class Scanner {
  readonly #text: string;
  readonly #lines: KeyLines = new Map();
  /** How many tables each `[[list]]` has so far. */
  readonly #tables = new Map<string, number>();
  #position = 0;
  #line = 1;

  constructor(text: string) {
    this.#text = text;
  }

  document(): KeyLines {
    let section: string[] = [];
    for (this.#skipBlank(); this.#position < this.#text.length; this.#skipBlank()) {
      if (this.#next() === '[') section = this.#header();
      else this.#entry(section);
    }
    return this.#lines;
  }

  value(): KeyLines {
    this.#skipBlank();
    this.#value([]);
    return this.#lines;
  }

  /** `[a.b]` or `[[a.b]]`: the path of the section that begins here. */
  #header(): string[] {
    const line = this.#line;
    const isList = this.#text.startsWith('[[', this.#position);
    this.#advance(isList ? 2 : 1);
    const keys = this.#keys();
    this.#advance(isList ? 2 : 1);
    const path: string[] = [];
    keys.forEach((key, index) => {
      path.push(key);
      const list = path.join('.');
      if (isList && index === keys.length - 1) this.#tables.set(list, (this.#tables.get(list) ?? 0) + 1);
      const tables = this.#tables.get(list);
      if (tables !== undefined) path.push(String(tables - 1));
    });
    this.#record(path, line);
    return path;
  }

  /** `a.b = value` or `"a": value` */
  #entry(section: string[]): void {
    const line = this.#line;
    const path = [...section, ...this.#keys()];
    this.#record(path, line);
    this.#skipBlank();
    this.#advance(1);
    this.#skipBlank();
    this.#value(path);
  }

  /**
   * Bare and quoted keys, joined by dots, up to a separator or a closing bracket. What lies too deep is left
   * out.
   */
  #keys(): string[] {
    const keys: string[] = [];
    for (;;) {
      this.#skipBlank();
      const character = this.#next();
      if (character === '.') this.#advance(1);
      else if (character === '"' || character === "'") keys.push(camelCase(this.#string()));
      else if (/[\w-]/.test(character)) keys.push(camelCase(this.#take(/[\w-]+/y)));
      else return keys.slice(0, mostNested);
    }
  }

  #value(path: string[]): void {
    const character = this.#next();
    if (path.length > mostNested) this.#position = this.#text.length;
    else if (character === '"' || character === "'") this.#string();
    else if (character === '[') this.#list(path);
    else if (character === '{') this.#table(path);
    else if (this.#take(/[^,\]}#\n]+/y) === '') this.#advance(1);
  }

  #list(path: string[]): void {
    this.#advance(1);
    for (let index = 0; this.#more(']'); index++) {
      const item = [...path, String(index)];
      this.#record(item, this.#line);
      this.#value(item);
    }
  }

  #table(path: string[]): void {
    this.#advance(1);
    while (this.#more('}')) this.#entry(path);
  }

  /** Whether another item follows before the closing bracket, which is passed over. */
  #more(closing: string): boolean {
    this.#skipBlank();
    if (this.#next() === ',') {
      this.#advance(1);
      this.#skipBlank();
    }
    if (this.#position >= this.#text.length) return false;
    if (this.#next() !== closing) return true;
    this.#advance(1);
    return false;
  }

  /** A string of any sort, without its quotes. */
  #string(): string {
    const quote = this.#next();
    const quotes = this.#text.startsWith(quote.repeat(3), this.#position) ? quote.repeat(3) : quote;
    const escapes = quote === '"';
    this.#advance(quotes.length);
    const start = this.#position;
    while (this.#position < this.#text.length && !this.#text.startsWith(quotes, this.#position)) {
      this.#advance(escapes && this.#next() === '\\' ? 2 : 1);
    }
    const content = this.#text.slice(start, this.#position);
    this.#advance(quotes.length);
    while (quotes.length === 3 && this.#next() === quote) this.#advance(1);
    return content;
  }

  /** Passes over white space, line ends and comments. */
  #skipBlank(): void {
    while (this.#take(/\s+|#[^\n]*/y) !== '');
  }

  #take(pattern: RegExp): string {
    pattern.lastIndex = this.#position;
    const match = pattern.exec(this.#text)?.[0] ?? '';
    this.#advance(match.length);
    return match;
  }

  #advance(count: number): void {
    const end = Math.min(this.#position + count, this.#text.length);
    for (; this.#position < end; this.#position++) if (this.#next() === '\n') this.#line++;
  }

  #next(): string {
    return this.#text.charAt(this.#position);
  }

  #record(path: string[], line: number): void {
    const key = path.join('.');
    if (!this.#lines.has(key)) this.#lines.set(key, line);
  }
}
