// fit: trains a network, one epoch after another, for those who wait and for those who watch.
import { SynfireError } from '../errors.ts';
import type { LayerNetwork } from '../networks/layer-network.ts';
import type { EpochReport, FitResult } from './reports.ts';
import { TrainingRun } from './run.ts';
import { type FitData, type FitOptions, type Setup, setUp } from './setup.ts';

/**
 * Trains `network`. The training begins when the returned object is first awaited or iterated:
 *
 *     const result = await fit(network, data, { epochs: 3 });
 *     for await (const epoch of fit(network, data)) console.log(epoch.validationAccuracy);
 *
 * Awaiting runs to the end. While it is iterated only, the next epoch begins when it is asked for, so that
 * the loop's body may use the network. Throws ERR_SYNFIRE_INVALID_ARGUMENT at once; rejects with
 * ERR_SYNFIRE_NUMERIC when a layer's values are no longer finite, ERR_SYNFIRE_CHECKPOINT when it cannot
 * resume, ERR_SYNFIRE_IO when it cannot save, ERR_SYNFIRE_BUSY when the network is already training.
 */
export function fit(network: LayerNetwork, data: FitData, options: FitOptions = {}): Training {
  return new Training(setUp(network, data, options));
}

/**
 * A training: resolves with its result, iterates over its epochs, and does its work once however often either
 * is asked for. Leaving an iteration ends the training after the running step, with the best parameters so
 * far in the network.
 */
export class Training implements PromiseLike<FitResult>, AsyncIterable<EpochReport> {
  readonly #epochs: AsyncGenerator<EpochReport, FitResult>;
  readonly #reports: EpochReport[] = [];
  readonly #stop = new AbortController();
  /** The step being made, or, at the end, the last one. */
  #step: Promise<IteratorResult<EpochReport, FitResult>> | undefined;

  /** @internal Use `fit`. */
  constructor(setup: Setup) {
    this.#epochs = train(setup, this.#stop.signal);
  }

  // biome-ignore lint/suspicious/noThenProperty: a training is awaitable by design
  then<Result = FitResult, Failure = never>(
    onFulfilled?: ((result: FitResult) => Result | PromiseLike<Result>) | null,
    onRejected?: ((reason: unknown) => Failure | PromiseLike<Failure>) | null,
  ): Promise<Result | Failure> {
    return this.#finish().then(onFulfilled, onRejected);
  }

  [Symbol.asyncIterator](): AsyncIterator<EpochReport, undefined> {
    let position = 0;
    const done = { done: true, value: undefined } as const;
    return {
      next: async () => {
        while (position >= this.#reports.length) {
          if ((await this.#advance()).done) return done;
        }
        position += 1;
        return { done: false, value: this.#reports[position - 1]! };
      },
      return: async () => {
        this.#stop.abort(
          new SynfireError('ERR_SYNFIRE_CANCELLED', 'the iteration over the training was left'),
        );
        await this.#finish();
        return done;
      },
    };
  }

  async #finish(): Promise<FitResult> {
    for (;;) {
      const step = await this.#advance();
      if (step.done) return step.value;
    }
  }

  /** One more epoch for all who wait for one; after the end, the end again. */
  #advance(): Promise<IteratorResult<EpochReport, FitResult>> {
    this.#step ??= this.#epochs.next().then((step) => {
      if (!step.done) {
        this.#reports.push(step.value);
        this.#step = undefined;
      }
      return step;
    });
    return this.#step;
  }
}

/** Networks that are training. */
const busy = new WeakSet<LayerNetwork>();

async function* train(setup: Setup, left: AbortSignal): AsyncGenerator<EpochReport, FitResult> {
  const { network } = setup;
  setup.signal?.throwIfAborted();
  if (busy.has(network)) {
    throw new SynfireError('ERR_SYNFIRE_BUSY', 'the network is already training', { field: 'network' });
  }
  busy.add(network);
  try {
    return yield* epochs(setup, await TrainingRun.begin(setup), left);
  } finally {
    busy.delete(network);
  }
}

async function* epochs(
  setup: Setup,
  run: TrainingRun,
  left: AbortSignal,
): AsyncGenerator<EpochReport, FitResult> {
  const signal = setup.signal ? AbortSignal.any([setup.signal, left]) : left;
  try {
    while (!run.done && !left.aborted) yield await run.epoch(signal);
    if (!left.aborted) return await run.finish(signal);
  } catch (error) {
    if (!signal.aborted || error !== signal.reason) throw error;
    if (!left.aborted) {
      await run.save();
      throw error;
    }
  }
  return run.stop();
}
