// What the metadata of all checkpoints have in common: the format's name and version, and values as JSON.
import type { z } from 'zod';
import { check } from '../config/check.ts';
import { invalid, SynfireError } from '../errors.ts';
import { packageVersion } from '../native/index.ts';
import { withTensorFile } from './tensor-file.ts';

/** What a checkpoint holds: a network of layers, an event network or a spatial network. */
export type CheckpointKind = keyof typeof formatNames;

const formatNames = {
  layers: 'synfire.checkpoint',
  events: 'synfire.event-checkpoint',
  spatial: 'synfire.spatial-checkpoint',
} as const;
const kinds = Object.keys(formatNames) as CheckpointKind[];
const formatVersion = '1';

/** Values as the strings that a safetensors file carries, with the name of their format. */
export function encodeValues(kind: CheckpointKind, values: Record<string, unknown>): Map<string, string> {
  return new Map([
    ['format', formatNames[kind]],
    ['formatVersion', formatVersion],
    ['synfireVersion', packageVersion()],
    ...Object.entries(values).map(([key, value]): [string, string] => [key, JSON.stringify(value)]),
  ]);
}

/** The metadata of one checkpoint, whose format is known to be the right one. */
export class MetadataReader {
  readonly #strings: ReadonlyMap<string, string>;
  readonly #source: string;

  /** Throws ERR_SYNFIRE_CHECKPOINT for a file of another kind or version; `source` names it in errors. */
  constructor(kind: CheckpointKind, strings: ReadonlyMap<string, string>, source: string) {
    this.#strings = strings;
    this.#source = source;
    const format = strings.get('format');
    if (format !== formatNames[kind]) throw this.#fault('format', format, describe(kind));
    const version = strings.get('formatVersion');
    if (version === formatVersion) return;
    throw this.#fault('formatVersion', version, `${formatVersion}, which this synfire reads`);
  }

  /** The version of synfire that wrote the checkpoint. */
  get synfireVersion(): string {
    return this.#strings.get('synfireVersion') ?? 'unknown';
  }

  /** The value of `key` as JSON has it. Throws ERR_SYNFIRE_CHECKPOINT. */
  json(key: string): unknown {
    const text = this.#strings.get(key);
    try {
      return JSON.parse(text ?? '');
    } catch {
      throw this.#fault(key, text, 'JSON text');
    }
  }

  /** The value of `key` as the schema gives it back. Throws ERR_SYNFIRE_CHECKPOINT. */
  value<Schema extends z.ZodType>(key: string, schema: Schema): z.output<Schema> {
    return check(schema, this.json(key), { root: `${this.#source}: ${key}`, code: 'ERR_SYNFIRE_CHECKPOINT' });
  }

  #fault(key: string, value: unknown, expected: string) {
    return invalid('ERR_SYNFIRE_CHECKPOINT', `${this.#source}: ${key}`, value, expected);
  }
}

/**
 * What the checkpoint at `path` holds; `layers`, too, for a file of another program, which reading it refuses.
 */
export async function checkpointKind(path: string): Promise<CheckpointKind> {
  return withTensorFile(path, async ({ metadata }) => {
    const format = metadata.get('format');
    return kinds.find((kind) => formatNames[kind] === format) ?? 'layers';
  });
}

/** What `call` refuses is here the fault of the file `source`. */
export function blaming<Result>(source: string, call: () => Result): Result {
  try {
    return call();
  } catch (error) {
    throw blamed(source, error);
  }
}

/** As `blaming`, for what takes its time. */
export async function blamingAsync<Result>(source: string, call: () => Promise<Result>): Promise<Result> {
  try {
    return await call();
  } catch (error) {
    throw blamed(source, error);
  }
}

function blamed(source: string, error: unknown): unknown {
  if (!(error instanceof SynfireError) || error.code === 'ERR_SYNFIRE_NATIVE_MISSING') return error;
  return new SynfireError('ERR_SYNFIRE_CHECKPOINT', `${source}: ${error.message}`, error);
}

const contents: Record<CheckpointKind, string> = {
  layers: 'a network of layers',
  events: 'an event network',
  spatial: 'a spatial network',
};

function describe(kind: CheckpointKind): string {
  return `${formatNames[kind]}, a checkpoint of ${contents[kind]} that synfire wrote`;
}
