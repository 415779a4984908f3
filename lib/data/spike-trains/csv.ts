// Spikes in CSV: a neuron and a time in milliseconds on every line.

import type { SpikeGatherer, SpikeParser } from './spikes.ts';

const longestLine = 256;
const decimal = /^\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?\s*$/i;
/** Titles of columns, without spaces and brackets. Other units than milliseconds are refused. */
const titles = new Map<string, 'neuron' | 'time'>([
  ['neuron', 'neuron'],
  ['neuron_id', 'neuron'],
  ['time', 'time'],
  ['time_ms', 'time'],
  ['timems', 'time'],
]);

/**
 * Reads lines `neuron,time`; a first line with titles may turn the columns round. Empty lines and lines that
 * start with # are passed over.
 */
export class CsvSpikes implements SpikeParser {
  readonly #spikes: SpikeGatherer;
  #rest = '';
  #line = 0;
  #neuronFirst: boolean | undefined;
  #previousMs = 0;

  constructor(spikes: SpikeGatherer) {
    this.#spikes = spikes;
    spikes.position = () => `line ${this.#line}`;
  }

  write(bytes: Buffer): void {
    const text = this.#rest + bytes.toString('latin1');
    let from = 0;
    for (let to = text.indexOf('\n'); to !== -1; to = text.indexOf('\n', from)) {
      this.#readLine(text.slice(from, to));
      from = to + 1;
    }
    this.#rest = text.slice(from);
    if (this.#rest.length > longestLine) this.#readLine(this.#rest);
  }

  end(): void {
    if (this.#rest !== '') this.#readLine(this.#rest);
  }

  #readLine(text: string): void {
    this.#line++;
    if (text.length > longestLine) {
      throw this.#spikes.refusal('line', text, `at most ${longestLine} characters`);
    }
    const line = (this.#line === 1 ? text.replace(/^\xef\xbb\xbf/, '') : text).trim();
    if (line === '' || line.startsWith('#')) return;
    const columns = line.split(',');
    if (columns.length !== 2) throw this.#spikes.refusal('columns', line, 'two of them: neuron,time');
    if (this.#neuronFirst === undefined) {
      const titled = !columns.every((column) => decimal.test(column));
      this.#neuronFirst = titled ? this.#readTitles(columns) : true;
      if (titled) return;
    }
    const [neuron, time] = this.#neuronFirst ? [columns[0]!, columns[1]!] : [columns[1]!, columns[0]!];
    const timeMs = this.#spikes.checkTime('time', numberOf(time), this.#previousMs, time);
    const index = this.#spikes.checkNeuron('neuron', numberOf(neuron) ?? neuron);
    this.#previousMs = timeMs;
    this.#spikes.add(index, timeMs);
  }

  #readTitles(columns: string[]): boolean {
    const [first, second] = columns.map((column) =>
      titles.get(column.toLowerCase().replace(/[\s"()[\]]/g, '')),
    );
    if (first !== undefined && second !== undefined && first !== second) return first === 'neuron';
    throw this.#spikes.refusal('header', columns.join(','), 'neuron,time_ms, or numbers');
  }
}

function numberOf(text: string): number | undefined {
  return decimal.test(text) ? Number(text) : undefined;
}
