// Checks values against a schema and turns what is wrong into one SynfireError that names fields, values and
// expectations.
import type { z } from 'zod';
import { type ErrorCode, SynfireError, show } from '../errors.ts';
import { isRecord } from './fields.ts';
import { closest } from './suggest.ts';

/** Where a field was written, e.g. `run.toml:12`; undefined when it was written nowhere. */
export type Locate = (field: string) => string | undefined;

export interface CheckOptions {
  /** The name of the checked value, with which the names of all its fields begin; '' for a whole document. */
  root: string;
  /** Default ERR_SYNFIRE_CONFIG. */
  code?: ErrorCode;
  /** Given when the value comes from a file. */
  locate?: Locate;
}

/**
 * `value` as the schema gives it back, with defaults filled in. Throws a SynfireError that lists everything
 * wrong.
 */
export function check<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  options: CheckOptions,
): z.output<Schema> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const problems = result.error.issues.flatMap((issue) => problemsOf(issue, value, options.root));
  throw problemsError(problems, options);
}

/** What `run` returns; a SynfireError from it gets the place of its field in front of its message. */
export function locating<Result>(locate: Locate | undefined, run: () => Result): Result {
  try {
    return run();
  } catch (error) {
    if (!(error instanceof SynfireError) || error.field === undefined) throw error;
    throw new SynfireError(error.code, placed(error.message, error.field, locate), error);
  }
}

interface Problem {
  field: string;
  value: unknown;
  expected: string;
  text: string;
}

const mostShown = 8;

function problemsOf(issue: z.core.$ZodIssue, root: unknown, rootName: string): Problem[] {
  const field = fieldName(rootName, issue.path);
  const value = valueAt(root, issue.path);
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => unknownKey(field, key, value, issue.message.split(' ')));
  }
  const expected = issue.message;
  const text = `${field || 'the configuration'} is ${show(value)}; expected ${expected}`;
  return [{ field, value, expected, text }];
}

/**
 * `known` are the keys that the section has, which `section` in fields.ts puts into the message of the issue.
 */
function unknownKey(sectionName: string, key: string, parent: unknown, known: string[]): Problem {
  const field = fieldName(sectionName, [key]);
  const expected = `one of the keys ${known.join(', ')}`;
  const hint = closest(key, known);
  const remedy = hint === undefined ? `expected ${expected}` : `did you mean ${hint}?`;
  const value = isRecord(parent) ? parent[key] : undefined;
  return { field, value, expected, text: `${field} is not a known key; ${remedy}` };
}

function problemsError(problems: Problem[], options: CheckOptions): SynfireError {
  const { code = 'ERR_SYNFIRE_CONFIG', locate } = options;
  const all = [...new Set(problems.map(({ field, text }) => placed(text, field, locate)))];
  const lines = all.slice(0, mostShown);
  if (all.length > mostShown) lines.push(`… and ${all.length - mostShown} more`);
  const { field, value, expected } = problems[0]!;
  return new SynfireError(code, lines.join('\n'), { field, value, expected });
}

function placed(message: string, field: string, locate: Locate | undefined): string {
  const place = locate?.(field);
  return place === undefined ? message : `${place}: ${message}`;
}

function fieldName(root: string, path: readonly PropertyKey[]): string {
  return [root, ...path.map(String)].filter((part) => part !== '').join('.');
}

/**
 * The value at `path`, or the last one on the way to it: `neuron = "lif"` has no `neuron.kind` of its own.
 */
function valueAt(root: unknown, path: readonly PropertyKey[]): unknown {
  let value = root;
  for (const key of path) {
    if (typeof value !== 'object' || value === null) return value;
    value = (value as Record<PropertyKey, unknown>)[key];
  }
  return value;
}
