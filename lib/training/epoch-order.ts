// The order in which training visits its samples, epoch by epoch.
import { native } from '../native/index.ts';

export class EpochOrder {
  readonly #samples: Uint32Array;
  readonly #seed: number;
  #drawn: { epoch: number; indices: Uint32Array } | null = null;

  /** `samples` are those of an epoch. */
  constructor(samples: Uint32Array, seed: number) {
    this.#samples = samples;
    this.#seed = seed;
  }

  /** The samples at positions `first` to `end` since the start of training, all in one epoch. */
  between(first: number, end: number): Uint32Array {
    const count = this.#samples.length;
    const epoch = Math.floor(first / count);
    return this.#orderOf(epoch).subarray(first - epoch * count, end - epoch * count);
  }

  #orderOf(epoch: number): Uint32Array {
    if (this.#drawn?.epoch !== epoch) {
      const order = native().permutation({ seed: this.#seed, epoch, count: this.#samples.length });
      this.#drawn = { epoch, indices: order.map((position) => this.#samples[position]!) };
    }
    return this.#drawn.indices;
  }
}
