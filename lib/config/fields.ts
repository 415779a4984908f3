// Building blocks of the configuration schemas: each says in words what it accepts, which is what error
// messages quote.
import { z } from 'zod';
import { oneOf } from './suggest.ts';

export interface NumberRange {
  /** Smallest accepted value. */
  min?: number;
  /** Largest accepted value. */
  max?: number;
  /** Values have to be larger than this. */
  above?: number;
  /** Values have to be smaller than this. */
  below?: number;
}

/** A finite number within a range. */
export function number(range: NumberRange = {}) {
  return limited(z.number({ error: describeRange('a number', range) }), range);
}

/** A whole number within a range. */
export function integer(range: NumberRange = {}) {
  return limited(z.int({ error: describeRange('an integer', range) }), range);
}

/** A seed of the counter-based random numbers. */
export function seed() {
  return integer({ min: 0, max: 2 ** 32 - 1 });
}

/** True or false. */
export function flag() {
  return z.boolean({ error: 'true or false' });
}

/** Non-empty text, `what` it stands for. */
export function text(what: string) {
  return z.string({ error: what }).min(1).max(4096);
}

/** One word of a list. */
export function choice<const Words extends readonly [string, ...string[]]>(...words: Words) {
  return z.enum(words, { error: (issue) => oneOf(words, issue.input) });
}

/** A height and a width; one number stands for both. */
export function heightAndWidth(range: NumberRange) {
  const side = integer(range);
  const expected = `${describeRange('an integer', range)}, or [height, width] of such`;
  const both = side.transform((size): [number, number] => [size, size]);
  return z.union([both, z.tuple([side, side])], { error: expected });
}

/** An object that has these keys and no others. */
export function section<Shape extends z.ZodRawShape>(shape: Shape) {
  const keys = Object.keys(shape);
  return z.strictObject(shape, {
    error: (issue) =>
      issue.code === 'unrecognized_keys' ? keys.join(' ') : `an object with keys among ${keys.join(', ')}`,
  });
}

type Kinded = z.ZodObject<{ kind: z.ZodLiteral<string> }>;

/**
 * What may be written for a choice of kinds: the options, the kind's name alone, or options of the default
 * kind.
 */
export type Written<Options extends { kind: string }, Default extends string> =
  | Options
  | Options['kind']
  | (Omit<Extract<Options, { kind: Default }>, 'kind'> & { kind?: Default });

/**
 * One of several sections, told apart by their `kind`. A string is short for a section with that kind and no
 * other key; a section without a kind has the default one, if there is one.
 */
export function variants<Member extends Kinded, Default extends string = never>(
  members: readonly Member[],
  defaultKind?: Default,
): z.ZodType<z.output<Member>, Written<z.input<Member>, Default>> {
  const kinds = members.map((member) => member.shape.kind.value);
  const union = z.discriminatedUnion('kind', members as never, {
    error: (issue) =>
      isRecord(issue.input) ? oneOf(kinds, issue.input.kind) : `a kind (${oneOf(kinds, issue.input)})`,
  });
  return z.preprocess((value) => withKind(value, defaultKind), union) as never;
}

function withKind(value: unknown, defaultKind: string | undefined): unknown {
  if (typeof value === 'string') return { kind: value };
  const lacksKind = isRecord(value) && value.kind === undefined;
  return lacksKind && defaultKind !== undefined ? { ...value, kind: defaultKind } : value;
}

/** Whether a value is an object with keys, rather than an array or null. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function limited<Schema extends z.ZodNumber>(
  schema: Schema,
  { min, max, above, below }: NumberRange,
): Schema {
  let limits = schema;
  if (min !== undefined) limits = limits.min(min);
  if (max !== undefined) limits = limits.max(max);
  if (above !== undefined) limits = limits.gt(above);
  if (below !== undefined) limits = limits.lt(below);
  return limits;
}

function describeRange(what: string, { min, max, above, below }: NumberRange): string {
  if (min !== undefined && max !== undefined) return `${what} from ${min} to ${max}`;
  const limits = [
    ...(min === undefined ? [] : [`at least ${min}`]),
    ...(above === undefined ? [] : [`above ${above}`]),
    ...(max === undefined ? [] : [`at most ${max}`]),
    ...(below === undefined ? [] : [`below ${below}`]),
  ];
  return limits.length === 0 ? what : `${what} ${limits.join(' and ')}`;
}
