// A training as those see it who wait for it and those who watch: a promise of its result and an iteration
// over its reports.
import { SynfireError } from '../errors.ts';
import type { EpochReport, FitResult } from './reports.ts';

/**
 * A training: resolves with its result, iterates over its reports, and does its work once however often either
 * is asked for. Leaving an iteration ends the training after the running step, with the best parameters so
 * far in the network.
 */
export class Training<Report = EpochReport, Result = FitResult>
  implements PromiseLike<Result>, AsyncIterable<Report>
{
  readonly #work: AsyncGenerator<Report, Result>;
  readonly #reports: Report[] = [];
  readonly #stop = new AbortController();
  /** The step being made, or, at the end, the last one. */
  #step: Promise<IteratorResult<Report, Result>> | undefined;

  /** @internal Use `fit` and its like. */
  constructor(work: Work<Report, Result>) {
    this.#work = train(work, this.#stop.signal);
  }

  // biome-ignore lint/suspicious/noThenProperty: a training is awaitable by design
  then<Value = Result, Failure = never>(
    onFulfilled?: ((result: Result) => Value | PromiseLike<Value>) | null,
    onRejected?: ((reason: unknown) => Failure | PromiseLike<Failure>) | null,
  ): Promise<Value | Failure> {
    return this.#finish().then(onFulfilled, onRejected);
  }

  [Symbol.asyncIterator](): AsyncIterator<Report, undefined> {
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

  async #finish(): Promise<Result> {
    for (;;) {
      const step = await this.#advance();
      if (step.done) return step.value;
    }
  }

  /** One more report for all who wait for one; after the end, the end again. */
  #advance(): Promise<IteratorResult<Report, Result>> {
    this.#step ??= this.#work.next().then((step) => {
      if (!step.done) {
        this.#reports.push(step.value);
        this.#step = undefined;
      }
      return step;
    });
    return this.#step;
  }
}

/** What a training does, once it begins. */
export interface Work<Report, Result> {
  /** Trained by one training at a time. */
  network: object;
  signal: AbortSignal | null;
  begin(): Promise<Run<Report, Result>>;
}

/**
 * A training whose state is consistent between its operations. Those that take a signal stop at it after the
 * step that is running and reject with the signal's reason.
 */
export interface Run<Report, Result> {
  readonly done: boolean;
  /** Trains up to the next report. */
  next(signal: AbortSignal): Promise<Report>;
  /** After the last report. */
  finish(signal: AbortSignal): Promise<Result>;
  /** Ends before that: saves where the training stands. */
  stop(): Promise<Result>;
  save(): Promise<void>;
}

/** Networks that are training. */
const busy = new WeakSet<object>();

async function* train<Report, Result>(
  { network, signal, begin }: Work<Report, Result>,
  left: AbortSignal,
): AsyncGenerator<Report, Result> {
  signal?.throwIfAborted();
  if (busy.has(network)) {
    throw new SynfireError('ERR_SYNFIRE_BUSY', 'the network is already training', { field: 'network' });
  }
  busy.add(network);
  try {
    return yield* reports(await begin(), signal, left);
  } finally {
    busy.delete(network);
  }
}

async function* reports<Report, Result>(
  run: Run<Report, Result>,
  given: AbortSignal | null,
  left: AbortSignal,
): AsyncGenerator<Report, Result> {
  const signal = given ? AbortSignal.any([given, left]) : left;
  try {
    while (!run.done && !left.aborted) yield await run.next(signal);
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
