// Checks that errors are what users are promised: code, field, value and expectation.
import type { ExecutionContext } from 'ava';
import { type ErrorCode, SynfireError } from '../../lib/errors.ts';

export type Expected = Partial<Pick<SynfireError, 'field' | 'value'>> & {
  code?: ErrorCode;
  expected?: RegExp;
};

/** Checks an error that was thrown. */
export function checkError(t: ExecutionContext, error: unknown, wanted: Expected) {
  const { code = 'ERR_SYNFIRE_INVALID_ARGUMENT', expected, ...exact } = wanted;
  if (!(error instanceof SynfireError)) return t.fail(`no SynfireError but ${String(error)}`);
  t.is(error.code, code);
  if (Object.keys(exact).length > 0) t.like(error, exact);
  if (expected !== undefined) t.regex(error.expected ?? '', expected);
  if (error.field !== undefined) t.true(error.message.includes(error.field), error.message);
}

export function throwsError(t: ExecutionContext, call: () => unknown, wanted: Expected) {
  checkError(t, t.throws(call), wanted);
}

export async function rejectsWith(t: ExecutionContext, promise: PromiseLike<unknown>, wanted: Expected) {
  checkError(t, await t.throwsAsync(Promise.resolve(promise)), wanted);
}
