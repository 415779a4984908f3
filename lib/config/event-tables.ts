// The parameters of neuron models and plasticity rules, as the native engine's own tables list them.
import type { z } from 'zod';
import { type NativeTable, native } from '../native/index.ts';
import { choice, number, section } from './fields.ts';

/** One kind of neuron model or plasticity rule: what can be set, within which bounds, and the defaults. */
export type ParameterTable = NativeTable;

/** A number or a word, by the parameter's name; what is left out has the table's default. */
export type Parameters = Record<string, number | string>;

/** The neuron models, with their parameters. Units are part of the names. */
export function describeModels(): ParameterTable[] {
  return native().eventModels();
}

/** The plasticity rules, with their parameters. Units are part of the names. */
export function describeRules(): ParameterTable[] {
  return native().eventRules();
}

/** By kind, the section that a table describes, with further keys in front. */
export function sectionsOf(tables: readonly ParameterTable[], keysOf: (kind: string) => z.ZodRawShape) {
  return new Map(tables.map((table) => [table.kind, sectionOf(table, keysOf(table.kind))]));
}

/** Tables are asked for when they are needed, for then the addon has to be there, and once. */
export function once<Result extends object>(make: () => Result): () => Result {
  let made: Result | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

function sectionOf({ parameters, choices }: ParameterTable, keys: z.ZodRawShape) {
  const numbers = parameters.map(({ name, min, max }) => [name, number({ min, max }).optional()]);
  const words = choices.map(({ name, values }) => {
    return [name, choice(...(values as [string, ...string[]])).optional()];
  });
  return section({ ...keys, ...Object.fromEntries([...numbers, ...words]) });
}
