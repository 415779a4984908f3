// Lays one configuration over another: how a file's own keys change a preset.
import { isRecord } from './fields.ts';

/**
 * `base` with everything that `changes` says. Tables are merged key by key; lists and single values are
 * replaced. A table whose `kind` changes is replaced as a whole, because the options of one kind mean nothing
 * to another; a kind's name alone keeps the options of a base of that kind.
 */
export function merge(base: unknown, changes: unknown): unknown {
  if (changes === undefined) return base;
  if (!isRecord(base)) return changes;
  const table = typeof changes === 'string' && 'kind' in base ? { kind: changes } : changes;
  if (!isRecord(table)) return table;
  if (table.kind !== undefined && base.kind !== undefined && table.kind !== base.kind) return table;
  const merged: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(table)) merged[key] = merge(base[key], value);
  return merged;
}
