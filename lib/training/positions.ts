// The positions of a training at which something happens: all of them lie between whole batches, so that a batch never
// depends on when the training was interrupted, saved or measured.

export interface PositionOptions {
  /** Images of an epoch, whose last batch may be smaller than the others. */
  perEpoch: number;
  batchSize: number;
  epochs: number;
  /** Images after which the training ends earlier. */
  images?: number | undefined;
  /** Images of a round. Default: an epoch. */
  evaluateEvery?: number | undefined;
}

export class Positions {
  readonly #options: PositionOptions;

  constructor(options: PositionOptions) {
    this.#options = options;
  }

  /** Where the training ends. */
  get last(): number {
    const { epochs, perEpoch, images = Infinity } = this.#options;
    return this.#boundary(Math.min(images, epochs * perEpoch));
  }

  /** Where the round that begins at `start` ends. */
  roundEnd(start: number): number {
    const { evaluateEvery, perEpoch } = this.#options;
    return Math.min(this.last, this.nextMultiple(start, evaluateEvery ?? perEpoch));
  }

  /** The first boundary at or after the next multiple of `every`. */
  nextMultiple(position: number, every: number): number {
    return this.#boundary((Math.floor(position / every) + 1) * every);
  }

  epochEnd(position: number): number {
    return (Math.floor(position / this.#options.perEpoch) + 1) * this.#options.perEpoch;
  }

  isBoundary(position: number): boolean {
    return this.#boundary(position) === position;
  }

  /** The first position at or after `position` that no batch crosses. */
  #boundary(position: number): number {
    const { perEpoch, batchSize } = this.#options;
    const epochStart = Math.floor(position / perEpoch) * perEpoch;
    const within = Math.ceil((position - epochStart) / batchSize) * batchSize;
    return epochStart + Math.min(perEpoch, within);
  }
}
