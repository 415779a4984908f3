// Turns what the addon throws into SynfireError.

import { type ErrorCode, SynfireError } from '../errors.ts';

/** Properties that native/addon/errors.h sets on an Error. */
interface NativeErrorFields {
  code?: unknown;
  field?: string;
  value?: unknown;
  expected?: string;
}

/** The SynfireError for an error of the addon; anything else comes back as it is. */
export function fromNative(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof SynfireError) return error;
  const { code, field, value, expected } = error as NativeErrorFields;
  if (typeof code !== 'string' || !code.startsWith('ERR_SYNFIRE_')) return error;
  return new SynfireError(code as ErrorCode, error.message, {
    ...(field !== undefined && { field }),
    ...('value' in error && { value }),
    ...(expected !== undefined && { expected }),
  });
}

/** Calls a synchronous native function; its errors come out as SynfireError. */
export function callNative<T>(call: () => T): T {
  try {
    return call();
  } catch (error) {
    throw fromNative(error);
  }
}
