// Spikes in AER: the address events of an event camera, as the files of N-MNIST hold them.

import { overflowRow, type SpikeGatherer, type SpikeParser } from './spikes.ts';

export const eventBytes = 5;
/** What an overflow event adds to the clock of all events from it on, in microseconds. */
const overflowUs = 2 ** 13;

/**
 * Reads events of 40 bits, big-endian: x 8, y 8, polarity 1, time in microseconds 23. An event with y = 240 is
 * none of a pixel: it moves the clock on by 8192 µs. Neurons are numbered (polarity·height + y)·width + x.
 * The format: Orchard et al. 2015, doi:10.3389/fnins.2015.00437, and the authors' reader.
 */
export class AerSpikes implements SpikeParser {
  readonly #spikes: SpikeGatherer;
  #byte = 0;
  #clockUs = 0;
  #previousMs = 0;

  constructor(spikes: SpikeGatherer) {
    this.#spikes = spikes;
    spikes.position = () => `byte ${this.#byte}`;
  }

  /** All but the last bytes of a file come in whole events. */
  write(bytes: Buffer): void {
    for (let at = 0; at < bytes.length; at += eventBytes) {
      const event = bytes.subarray(at, at + eventBytes);
      if (event.length < eventBytes) {
        throw this.#spikes.refusal('event', `cut off after ${event.length} bytes`, `${eventBytes} bytes`);
      }
      this.#readEvent(event);
      this.#byte += eventBytes;
    }
  }

  end(): void {}

  #readEvent(event: Buffer): void {
    const [x, y] = [event[0]!, event[1]!];
    if (y === overflowRow) {
      this.#clockUs += overflowUs;
      return;
    }
    const { width, height } = this.#spikes.settings.sensor;
    if (x >= width) throw this.#spikes.refusal('x', x, `below ${width}, the width of the sensor`);
    if (y >= height) throw this.#spikes.refusal('y', y, `below ${height}, the height of the sensor`);
    const word = event.readUIntBE(2, 3);
    const polarity = word >> 23;
    const timeMs = (this.#clockUs + (word & 0x7fffff)) / 1000;
    this.#previousMs = this.#spikes.checkTime('time', timeMs, this.#previousMs);
    this.#spikes.add(this.#spikes.checkNeuron('neuron', (polarity * height + y) * width + x), timeMs);
  }
}
