// Spike trains in JSON, one document or one object per line: read token by token, a train at a time in memory.

import Tokenizer, { TokenizerError } from '@streamparser/json/tokenizer.js';
import TokenType from '@streamparser/json/utils/types/tokenType.js';
import { SynfireError } from '../../errors.ts';
import { Growing, mostSpikes, type SpikeGatherer, type SpikeParser } from './spikes.ts';

/** A token of JSON, or the end of the file. */
interface Token {
  type: TokenType | undefined;
  value: unknown;
}

/** A part of the grammar: takes tokens until the part is complete. */
type Parsing<Result = void> = Generator<void, Result, Token>;

/** Members of a train's object that have a meaning; others are skipped. */
interface Train {
  neuron_id?: number;
  layer?: string;
  duration?: number;
  spike_times?: true;
}

/** Most bytes from a token's start to the next one's: bounds what a string or number takes. */
const longestGap = 2 ** 17;
const deepest = 64;
const end: Token = { type: undefined, value: 'the end of the file' };

/**
 * Reads {"spike_trains": [{"neuron_id", "layer", "spike_times" (ms), "duration" (ms)}, ...]}, or with
 * `linewise` such a train on every line. Layer and duration may be left out.
 */
export class JsonSpikes implements SpikeParser {
  readonly #spikes: SpikeGatherer;
  readonly #linewise: boolean;
  readonly #tokenizer = new Tokenizer({ separator: '\n' });
  readonly #document: Parsing;
  readonly #timesMs = new Growing(Float64Array);
  #trains = 0;
  #named: boolean | undefined;
  #line = 1;
  /** Of the token at hand, from the start of the file. */
  #byte = 0;
  #received = 0;

  constructor(spikes: SpikeGatherer, linewise: boolean) {
    this.#spikes = spikes;
    this.#linewise = linewise;
    spikes.position = () => `line ${this.#line}, byte ${this.#byte}`;
    this.#tokenizer.onToken = ({ token, value, offset }) => {
      this.#byte = offset;
      if (token === TokenType.SEPARATOR) this.#endLine(value);
      else this.#document.next({ type: token, value });
    };
    this.#document = linewise ? this.#parseLines() : this.#parseDocument();
    this.#document.next(end); // up to where it takes the first token
  }

  write(bytes: Buffer): void {
    this.#received += bytes.length;
    this.#tokenize(() => this.#tokenizer.write(bytes));
    if (this.#received - this.#byte > longestGap) {
      throw this.#spikes.refusal('JSON', 'too long after this', `a token within ${longestGap} bytes`);
    }
  }

  end(): void {
    this.#tokenize(() => this.#tokenizer.end());
    this.#byte = this.#received;
    this.#document.next(end);
  }

  #tokenize(run: () => void): void {
    try {
      run();
    } catch (error) {
      if (error instanceof SynfireError) throw error;
      if (!(error instanceof TokenizerError || isBadText(error))) throw error;
      throw this.#spikes.refusal('JSON', error.message, 'valid and complete JSON in UTF-8', error);
    }
  }

  #endLine(value: unknown): void {
    if (this.#linewise) this.#document.next({ type: TokenType.SEPARATOR, value });
    this.#line++;
  }

  *#parseDocument(): Parsing {
    this.#expect(yield, TokenType.LEFT_BRACE, '{');
    let found = false;
    for (let key = yield* this.#firstKey(); key !== undefined; key = yield* this.#nextKey()) {
      if (key !== 'spike_trains') {
        yield* this.#skip(yield, 1);
      } else if (found) {
        throw this.#spikes.refusal('spike_trains', 'given twice', 'it once');
      } else {
        found = true;
        yield* this.#parseTrains();
      }
    }
    if (!found) throw this.#spikes.refusal('spike_trains', undefined, 'an array of spike trains');
    this.#expect(yield, undefined, 'nothing more');
  }

  *#parseTrains(): Parsing {
    this.#expect(yield, TokenType.LEFT_BRACKET, 'an array', 'spike_trains');
    let token: Token | undefined = yield* this.#firstElement();
    for (; token !== undefined; token = yield* this.#nextElement()) {
      const name = `spike_trains[${this.#trains++}]`;
      this.#expect(token, TokenType.LEFT_BRACE, 'an object', name);
      yield* this.#parseTrain(name);
    }
  }

  *#parseLines(): Parsing {
    for (let token = yield; token.type !== undefined; token = yield) {
      if (token.type === TokenType.SEPARATOR) continue;
      this.#expect(token, TokenType.LEFT_BRACE, 'an object', 'the line');
      yield* this.#parseTrain('');
      const after = yield;
      if (after.type === undefined) return;
      this.#expect(after, TokenType.SEPARATOR, 'the end of the line');
    }
  }

  /** The rest of an object whose { is read. */
  *#parseTrain(name: string): Parsing {
    const train: Train = {};
    const prefix = name === '' ? '' : `${name}.`;
    for (let key = yield* this.#firstKey(); key !== undefined; key = yield* this.#nextKey()) {
      const field = `${prefix}${key}`;
      if (Object.hasOwn(train, key)) throw this.#spikes.refusal(field, 'given twice', 'it once');
      if (key === 'neuron_id') train.neuron_id = this.#spikes.checkNeuron(field, this.#plain(yield));
      else if (key === 'layer') train.layer = this.#text(field, yield);
      else if (key === 'duration') train.duration = this.#spikes.checkTime(field, this.#plain(yield), 0);
      else if (key === 'spike_times') train.spike_times = yield* this.#parseTimes(field);
      else yield* this.#skip(yield, 1);
    }
    this.#finish(train, prefix);
  }

  *#parseTimes(field: string): Parsing<true> {
    this.#expect(yield, TokenType.LEFT_BRACKET, 'an array', field);
    let previousMs = 0;
    let token = yield;
    if (token.type === TokenType.RIGHT_BRACKET) return true;
    for (;;) {
      const index = this.#timesMs.length;
      previousMs = this.#spikes.checkTime(`${field}[${index}]`, this.#plain(token), previousMs);
      if (index === mostSpikes) throw this.#spikes.refusal(field, 'longer', `at most ${mostSpikes} times`);
      this.#timesMs.push(previousMs);
      token = yield;
      if (token.type === TokenType.RIGHT_BRACKET) return true;
      this.#expect(token, TokenType.COMMA, ', or ]');
      token = yield;
    }
  }

  /** Hands on a train that has been read. */
  #finish({ neuron_id, layer, duration, spike_times }: Train, prefix: string): void {
    const spikes = this.#spikes;
    if (neuron_id === undefined) {
      throw spikes.refusal(`${prefix}neuron_id`, undefined, 'the number of the neuron');
    }
    if (!spike_times) throw spikes.refusal(`${prefix}spike_times`, undefined, 'an array of times in ms');
    const timesMs = this.#timesMs.take();
    const lastMs = timesMs.reduce((last, timeMs) => Math.max(last, timeMs), 0);
    if (duration !== undefined && duration < lastMs) {
      throw spikes.refusal(`${prefix}duration`, duration, `at least ${lastMs}, the time of the last spike`);
    }
    this.#named ??= layer !== undefined;
    if (this.#named !== (layer !== undefined)) {
      const expected = `${this.#named ? 'a' : 'no'} layer, as in the first train`;
      throw spikes.refusal(`${prefix}layer`, layer, expected);
    }
    const index = layer === undefined ? 0 : spikes.layerIndex(`${prefix}layer`, layer);
    if (spikes.settings.layer !== undefined && spikes.settings.layer !== layer) return;
    if (duration !== undefined) spikes.stateDuration(duration);
    for (const timeMs of timesMs) spikes.add(neuron_id, timeMs, index);
  }

  /** The first key of an object whose { is read; undefined when it has none. */
  *#firstKey(): Parsing<string | undefined> {
    const token = yield;
    return token.type === TokenType.RIGHT_BRACE ? undefined : yield* this.#key(token);
  }

  /** The key after a value; undefined at the end of the object. */
  *#nextKey(): Parsing<string | undefined> {
    const token = yield;
    if (token.type === TokenType.RIGHT_BRACE) return undefined;
    this.#expect(token, TokenType.COMMA, ', or }');
    return yield* this.#key(yield);
  }

  *#key(token: Token): Parsing<string> {
    this.#expect(token, TokenType.STRING, 'a key');
    this.#expect(yield, TokenType.COLON, ':');
    return token.value as string;
  }

  /** The first token of the first element of an array whose [ is read; undefined when it has none. */
  *#firstElement(): Parsing<Token | undefined> {
    const token = yield;
    return token.type === TokenType.RIGHT_BRACKET ? undefined : token;
  }

  /** The first token of the element after another; undefined at the end of the array. */
  *#nextElement(): Parsing<Token | undefined> {
    const token = yield;
    if (token.type === TokenType.RIGHT_BRACKET) return undefined;
    this.#expect(token, TokenType.COMMA, ', or ]');
    return yield;
  }

  /** Passes over a value that starts with `token`. */
  *#skip(token: Token, depth: number): Parsing {
    if (depth > deepest) throw this.#spikes.refusal('JSON', `nested ${depth} deep`, `at most ${deepest}`);
    if (token.type === TokenType.LEFT_BRACE) {
      for (let key = yield* this.#firstKey(); key !== undefined; key = yield* this.#nextKey()) {
        yield* this.#skip(yield, depth + 1);
      }
    } else if (token.type === TokenType.LEFT_BRACKET) {
      let element: Token | undefined = yield* this.#firstElement();
      for (; element !== undefined; element = yield* this.#nextElement()) {
        yield* this.#skip(element, depth + 1);
      }
    } else {
      this.#plain(token);
    }
  }

  /** The value of a token that is a value by itself; brackets are shown as values of another kind. */
  #plain({ type, value }: Token): unknown {
    if (type === TokenType.LEFT_BRACE) return {};
    if (type === TokenType.LEFT_BRACKET) return [];
    if (type === undefined || punctuation.has(type)) throw this.#spikes.refusal('JSON', value, 'a value');
    return value;
  }

  #text(field: string, token: Token): string {
    if (token.type === TokenType.STRING) return token.value as string;
    throw this.#spikes.refusal(field, this.#plain(token), 'a name');
  }

  #expect({ type, value }: Token, expected: TokenType | undefined, words: string, field = 'JSON'): void {
    if (type !== expected) throw this.#spikes.refusal(field, value, words);
  }
}

const punctuation = new Set([
  TokenType.RIGHT_BRACE,
  TokenType.RIGHT_BRACKET,
  TokenType.COLON,
  TokenType.COMMA,
  TokenType.SEPARATOR,
]);

function isBadText(error: unknown): error is Error {
  return error instanceof TypeError && 'code' in error && error.code === 'ERR_ENCODING_INVALID_ENCODED_DATA';
}
