// Runs native jobs as ordinary promises: with an AbortSignal, a progress callback and typed errors.

import { AsyncResource } from 'node:async_hooks';
import { fromNative } from './errors.ts';
import type { NativeJob, NativeProgress } from './types.ts';

export interface RunJobOptions<P> {
  /** Stops the job; the promise then rejects with the signal's reason unless the job ends by itself. */
  signal?: AbortSignal | undefined;
  /** At most 20 times a second; what it throws stops the job and rejects the promise. */
  onProgress?: NativeProgress<P> | undefined;
}

/**
 * Starts a job and waits for it. A job that rejects because of the signal rejects with `signal.reason`; one that
 * resolves early with a consistent state (such as trainEpoch) resolves. Throws SynfireError.
 */
export async function runJob<T, P = never>(
  start: (onProgress?: NativeProgress<P>) => NativeJob<T>,
  options: RunJobOptions<P> = {},
): Promise<T> {
  const { signal, onProgress } = options;
  signal?.throwIfAborted();
  let cancel: (() => void) | undefined;
  try {
    // Bound, so that the callback sees the caller's AsyncLocalStorage.
    const job = start(onProgress && AsyncResource.bind(onProgress));
    cancel = () => job.cancel();
    signal?.addEventListener('abort', cancel, { once: true });
    return await job.promise;
  } catch (error) {
    throw signal?.aborted && isCancellation(error) ? signal.reason : fromNative(error);
  } finally {
    if (cancel) signal?.removeEventListener('abort', cancel);
  }
}

function isCancellation(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_SYNFIRE_CANCELLED';
}
