// The one error type that users of synfire meet: a code to branch on, and the field, value and expectation to
// read.

export type ErrorCode =
  | 'ERR_SYNFIRE_INVALID_ARGUMENT'
  | 'ERR_SYNFIRE_CONFIG'
  | 'ERR_SYNFIRE_DATA_FORMAT'
  | 'ERR_SYNFIRE_DATA_MISSING'
  | 'ERR_SYNFIRE_DOWNLOAD'
  | 'ERR_SYNFIRE_CHECKPOINT'
  | 'ERR_SYNFIRE_NUMERIC'
  | 'ERR_SYNFIRE_BUSY'
  | 'ERR_SYNFIRE_OUT_OF_MEMORY'
  | 'ERR_SYNFIRE_CANCELLED'
  | 'ERR_SYNFIRE_NATIVE_MISSING'
  | 'ERR_SYNFIRE_IO'
  | 'ERR_SYNFIRE_INTERNAL';

export interface ErrorDetails {
  /** The option, key or file part that is at fault, e.g. `training.optimizer.learningRate`. */
  field?: string;
  /** The offending value. */
  value?: unknown;
  /** What would have been valid, in words. */
  expected?: string;
  /** The error underneath, when there is one. */
  cause?: unknown;
}

/** Every error that synfire throws or rejects with, except the reason of a caller's own AbortSignal. */
export class SynfireError extends Error {
  readonly code: ErrorCode;
  declare readonly field?: string;
  declare readonly value?: unknown;
  declare readonly expected?: string;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, 'cause' in details ? { cause: details.cause } : undefined);
    this.code = code;
    if (details.field !== undefined) this.field = details.field;
    if ('value' in details) this.value = details.value;
    if (details.expected !== undefined) this.expected = details.expected;
  }

  override get name(): string {
    return 'SynfireError';
  }
}

/** The error for a value that cannot be accepted, in the one sentence form used everywhere. */
export function invalid(code: ErrorCode, field: string, value: unknown, expected: string): SynfireError {
  return new SynfireError(code, `${field} is ${show(value)}; expected ${expected}`, {
    field,
    value,
    expected,
  });
}

/** A value as it appears in an error message: short, on one line, and safe for any input. */
export function show(value: unknown): string {
  if (value === undefined) return 'missing';
  if (typeof value === 'string') return JSON.stringify(shorten(value));
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'function') return 'a function';
  if (value instanceof Date) return showDate(value);
  if (ArrayBuffer.isView(value)) return `a ${value.constructor.name} of ${value.byteLength} bytes`;
  if (typeof value !== 'object' || value === null) return String(value);
  return showObject(value);
}

const longest = 80;

function showDate(date: Date): string {
  return Number.isNaN(date.getTime()) ? 'an invalid date' : `the date ${date.toISOString()}`;
}

function showObject(value: object): string {
  try {
    return shorten(JSON.stringify(value) ?? 'an object');
  } catch {
    return 'an object';
  }
}

function shorten(text: string): string {
  return text.length > longest ? `${text.slice(0, longest - 1)}…` : text;
}
