// Turns a parsed TOML or JSON document into plain data in camelCase: hostile values are refused, other
// spellings of keys are moved to where the schemas expect them.
import { invalid, SynfireError, show } from '../errors.ts';
import { isRecord } from './fields.ts';

export type Plain = string | number | boolean | null | Plain[] | PlainTable;
export interface PlainTable {
  [key: string]: Plain;
}

/** Keys of a document nested deeper than this are refused. */
export const mostNested = 16;

export interface PlainTableOptions {
  /** Tables whose keys are names that the user chose, which stay as they are written. */
  named?: readonly string[];
}

/**
 * A copy of `value` whose keys are camelCase. Throws ERR_SYNFIRE_CONFIG for what no configuration contains:
 * dates, numbers that are not finite, keys that reach into prototypes, a key in two spellings, bottomless
 * nesting.
 */
export function plainTable(value: unknown, { named = [] }: PlainTableOptions = {}): PlainTable {
  if (!isRecord(value)) throw invalid('ERR_SYNFIRE_CONFIG', 'the document', value, 'a table of sections');
  return copyTable(value, { path: [], named });
}

/**
 * Moves keys from their other accepted places to their own and notes what went where in `moves`, by dotted
 * path.
 */
export function moveAliases(table: PlainTable, moves: Map<string, string>): void {
  for (const [from, to] of aliases) {
    const value = take(table, from.split('.'));
    if (value === undefined) continue;
    put(table, to.split('.'), value, from);
    moves.set(from, to);
  }
  renameMonitor(table);
}

/** `min_delta` → `minDelta`, `avg_pool_2d` → `avgPool2d`. */
export function camelCase(name: string): string {
  return name.replace(/(?<=[A-Za-z0-9])_+([A-Za-z0-9])/g, (_match, letter: string) => letter.toUpperCase());
}

const aliases: readonly (readonly [from: string, to: string])[] = [
  ['preset', 'network.preset'],
  ['training.learningRate', 'training.optimizer.learningRate'],
  ['training.momentum', 'training.optimizer.momentum'],
  ['training.weightDecay', 'training.optimizer.weightDecay'],
  ['training.maxEpochs', 'training.epochs'],
  ['training.numEpochs', 'training.epochs'],
  ['training.numWorkers', 'training.threads'],
  ['training.convergence.monitorMetric', 'training.convergence.monitor'],
  ['data.augmentation', 'training.augmentation'],
  ['data.normalization', 'data.normalisation'],
  ['checkpoint.checkpointDir', 'checkpoint.directory'],
  ['checkpoint.maxCheckpoints', 'checkpoint.keep'],
  ['checkpoint.saveInterval', 'checkpoint.saveEveryEpochs'],
];

/** Names that may stand for a monitored value; validation is what they mean. */
const monitorNames = new Map([
  ['loss', 'validationLoss'],
  ['accuracy', 'validationAccuracy'],
  ['valLoss', 'validationLoss'],
  ['valAccuracy', 'validationAccuracy'],
]);

/** Keys whose values are words of the schemas, which may be written in snake_case as well. */
const wordKeys = new Set(
  (
    'kind mode input readout precision reduction neuron encoder loss reset init surrogate optimizer schedule ' +
    'rateDerivative ratePresynaptic monitor monitorMetric normalisation normalization'
  ).split(' '),
);

const forbiddenKeys = new Set(['__proto__', 'constructor', 'prototype']);

/** Where in the document a copy is being made. */
interface Place {
  path: string[];
  named: readonly string[];
}

function copyTable(table: Record<string, unknown>, { path, named }: Place): PlainTable {
  const copy: PlainTable = {};
  const isNamed = path.length === 1 && named.includes(path[0]!);
  for (const [written, value] of Object.entries(table)) {
    const key = isNamed ? written : camelCase(written);
    const field = [...path, key];
    if (forbiddenKeys.has(key)) throw refusedKey(field, 'a key of a configuration');
    if (Object.hasOwn(copy, key)) throw refusedKey(field, `${key} only once, in one spelling`);
    copy[key] = copyValue(value, { path: field, named });
  }
  return copy;
}

function copyValue(value: unknown, { path, named }: Place): Plain {
  const field = path.join('.');
  if (path.length > mostNested) throw refusedKey(path, `at most ${mostNested} levels of tables and lists`);
  if (typeof value === 'string') return wordKeys.has(path.at(-1) ?? '') ? camelCase(value) : value;
  if (typeof value === 'boolean' || value === null) return value;
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw invalid('ERR_SYNFIRE_CONFIG', field, value, 'a finite number');
    return value;
  }
  if (Array.isArray(value))
    return value.map((item, index) => copyValue(item, { path: [...path, String(index)], named }));
  if (isRecord(value) && !(value instanceof Date)) return copyTable(value, { path, named });
  throw invalid('ERR_SYNFIRE_CONFIG', field, value, 'text, a number, true, false, a list or a table');
}

function refusedKey(path: string[], expected: string): SynfireError {
  const field = path.join('.');
  return new SynfireError('ERR_SYNFIRE_CONFIG', `${field} is not accepted as a key; expected ${expected}`, {
    field,
    expected,
  });
}

/** Removes and returns what stands at `path`. */
function take(table: PlainTable, path: string[]): Plain | undefined {
  const [key = '', ...rest] = path;
  const value = table[key];
  if (rest.length > 0) return isRecord(value) ? take(value, rest) : undefined;
  delete table[key];
  return value;
}

function put(table: PlainTable, path: string[], value: Plain, from: string): void {
  let parent = table;
  for (const key of path.slice(0, -1)) parent = childTable(parent, key);
  const key = path.at(-1) ?? '';
  if (Object.hasOwn(parent, key)) {
    const expected = `it only once: ${path.join('.')} is ${show(parent[key])}`;
    throw invalid('ERR_SYNFIRE_CONFIG', from, value, expected);
  }
  parent[key] = value;
}

/** The table at `key`, made where there is none; an optimizer's name becomes a table with that kind. */
function childTable(parent: PlainTable, key: string): PlainTable {
  let child = parent[key] ?? {};
  if (key === 'optimizer' && typeof child === 'string') child = { kind: child };
  if (!isRecord(child)) throw invalid('ERR_SYNFIRE_CONFIG', key, child, 'a table');
  parent[key] = child;
  return child;
}

function renameMonitor(table: PlainTable): void {
  const training = table.training;
  const convergence = isRecord(training) ? training.convergence : undefined;
  if (!isRecord(convergence)) return;
  const name = monitorNames.get(String(convergence.monitor));
  if (name !== undefined) convergence.monitor = name;
}
