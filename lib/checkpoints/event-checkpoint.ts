// Saves event networks to single files and brings them back to the same bits: options, full state and, where there
// is one, their training.
import { check } from '../config/check.ts';
import { mostNested } from '../config/document.ts';
import { eventNetworkSchema } from '../config/event-network.ts';
import { isRecord } from '../config/fields.ts';
import { invalid } from '../errors.ts';
import {
  EventNetwork,
  type EventNetworkConfig,
  type EventNetworkOptions,
  type StateTensors,
} from '../networks/event-network.ts';
import { writeFileAtomic } from './atomic.ts';
import { digest } from './digest.ts';
import { type EventTrainingState, eventTrainingState } from './event-metadata.ts';
import { blaming, encodeValues, MetadataReader } from './format.ts';
import { encodeTensors, type Tensor } from './safetensors.ts';
import { fittingBytes, readState, stateTensors } from './state-tensors.ts';
import { type TensorReader, withTensorFile } from './tensor-file.ts';

/** A training and what it has found out about the classes that neurons respond to. */
export interface SavedTraining {
  state: EventTrainingState;
  /** Mean spikes of every output neuron for an image of each class, [classes][outputs]; null before it is known. */
  responses: Float64Array | null;
}

export interface EventCheckpointMetadata {
  /** The version of synfire that wrote the checkpoint. */
  synfireVersion: string;
  /** The network's options; long arrays are references to tensors of the file. */
  network: EventNetworkOptions;
  /** Null when the network was saved on its own. */
  training: EventTrainingState | null;
}

export interface LoadedEventCheckpoint {
  /** Stands where it was saved: a run goes on to the same bits. */
  network: EventNetwork;
  training: SavedTraining | null;
  synfireVersion: string;
}

export interface LoadEventOptions {
  /** Default: one for every processor that the process may use. */
  threads?: number;
  /**
   * The network is not built when it would need more. Default: 4 GiB, which random connections may need that are not
   * in the file, and 64 bytes for each byte of the file.
   */
  maxMemoryBytes?: number;
}

/**
 * Saves a network's options and full state - weights, potentials, traces, spikes on their way, random numbers, time
 * - as a safetensors file, all or nothing: on any failure a previous file at `path` stays as it was. Recorders are
 * not part of it. Throws ERR_SYNFIRE_IO.
 */
export async function saveEventCheckpoint(
  network: EventNetwork,
  path: string,
  training: SavedTraining | null = null,
): Promise<void> {
  await writeFileAtomic(path, encodeEventCheckpoint(network, training));
}

/** The bytes of a checkpoint, in chunks that are valid until the next one is asked for. */
export function encodeEventCheckpoint(
  network: EventNetwork,
  training: SavedTraining | null,
): Iterable<Uint8Array> {
  const options = setArraysApart(network.options);
  const tensors = new Map([...options.tensors, ...stateTensors(network.exportState())]);
  if (training?.responses) tensors.set(responsesName, responsesTensor(training.state, training.responses));
  const metadata = encodeValues('events', { network: options.plain, training: training?.state ?? null });
  return encodeTensors({ tensors, metadata });
}

/**
 * Builds the network that the checkpoint at `path` holds and puts it where it stood. Throws ERR_SYNFIRE_CHECKPOINT
 * for a file that is not such a checkpoint, ERR_SYNFIRE_IO for one that cannot be read.
 */
export async function loadEventCheckpoint(
  path: string,
  options: LoadEventOptions = {},
): Promise<LoadedEventCheckpoint> {
  return withTensorFile(path, (reader) => buildEventNetwork(reader, options));
}

/** The metadata of the checkpoint at `path`, without its tensors. */
export async function readEventMetadata(path: string): Promise<EventCheckpointMetadata> {
  return withTensorFile(path, async (reader) => decode(reader));
}

/** Builds the network that an open checkpoint holds. */
export async function buildEventNetwork(
  reader: TensorReader,
  { threads, maxMemoryBytes = fittingBytes(reader) }: LoadEventOptions = {},
): Promise<LoadedEventCheckpoint> {
  const { network: written, training, synfireVersion } = decode(reader);
  const options = await readOptions(written, reader);
  const network = blaming(
    reader.name,
    () => new EventNetwork({ ...options, maxMemoryBytes, ...(threads && { threads }) }),
  );
  await restoreState(network, reader);
  const state = training && { state: training, responses: await readResponses(reader, training) };
  return { network, training: state, synfireVersion };
}

/** Puts a network, which has the options of the open checkpoint, where that stands. */
export async function restoreState(network: EventNetwork, reader: TensorReader): Promise<void> {
  const state = (await readState(reader)) as StateTensors;
  blaming(reader.name, () => network.importState(state));
}

/** The responses that an open checkpoint of a training holds. */
export async function readResponses(
  reader: TensorReader,
  { classes }: EventTrainingState,
): Promise<Float64Array | null> {
  const tensor = await reader.load(responsesName);
  if (tensor === undefined) return null;
  const { type, shape, data } = tensor;
  if (type === 'F64' && shape.length === 2 && shape[0] === classes && data.every((mean) => mean >= 0))
    return data;
  const found = `${type} [${shape.join(', ')}]`;
  throw fault(`${reader.name}: tensor '${responsesName}'`, found, `F64 [${classes}, outputs], none below 0`);
}

/** A network's options as plain values that can be compared: arrays are told by their digests. */
export function comparableOptions(options: EventNetworkConfig): unknown {
  return setArraysApart(options).plain;
}

const responsesName = 'training.responses';

function decode({ metadata, name }: TensorReader): EventCheckpointMetadata {
  const values = new MetadataReader('events', metadata, name);
  const network = values.json('network');
  const code = 'ERR_SYNFIRE_CHECKPOINT';
  check(
    eventNetworkSchema,
    replaceReferences(network, name, () => noValues),
    { root: `${name}: network`, code },
  );
  return {
    synfireVersion: values.synfireVersion,
    network: network as EventNetworkOptions,
    training: values.value('training', eventTrainingState.nullable()),
  };
}

function responsesTensor({ classes }: EventTrainingState, data: Float64Array): Tensor {
  return { type: 'F64', shape: [classes, data.length / classes], data };
}

/** Stands in the options for an array that is a tensor of the file. */
interface Reference {
  tensor: string;
  digest: string;
}

/** Options without what does not change results, and without arrays, which JSON would distort or blow up. */
function setArraysApart(options: EventNetworkConfig): { plain: unknown; tensors: Map<string, Tensor> } {
  const { threads: _threads, maxMemoryBytes: _limit, ...own } = options;
  const tensors = new Map<string, Tensor>();
  return { plain: setApart(own, 'network', tensors), tensors };
}

function setApart(value: unknown, path: string, tensors: Map<string, Tensor>): unknown {
  if (isNumbers(value)) {
    const data = Float64Array.from(value);
    tensors.set(path, { type: 'F64', shape: [data.length], data });
    return { tensor: path, digest: digest(data) } satisfies Reference;
  }
  if (Array.isArray(value)) return value.map((item, index) => setApart(item, `${path}.${index}`, tensors));
  if (!isRecord(value)) return value;
  const entries = Object.entries(value).filter(([, inner]) => inner !== undefined);
  return Object.fromEntries(entries.map(([key, inner]) => [key, setApart(inner, `${path}.${key}`, tensors)]));
}

/** An array of numbers that is more than a pair of bounds. */
function isNumbers(value: unknown): value is ArrayLike<number> {
  if (ArrayBuffer.isView(value)) return true;
  if (!Array.isArray(value) || !value.every((item) => typeof item === 'number')) return false;
  return value.length > 2 || !value.every(Number.isFinite);
}

/** Options with arrays in the place of their references. Throws ERR_SYNFIRE_CHECKPOINT for bottomless nesting. */
function replaceReferences(
  value: unknown,
  source: string,
  arrayOf: (tensor: string) => Float64Array,
): unknown {
  const replace = (part: unknown, depth: number): unknown => {
    if (depth > mostNested) throw fault(`${source}: network`, value, `at most ${mostNested} levels`);
    if (isReference(part)) return arrayOf(part.tensor);
    if (Array.isArray(part)) return part.map((item) => replace(item, depth + 1));
    if (!isRecord(part)) return part;
    return Object.fromEntries(Object.entries(part).map(([key, inner]) => [key, replace(inner, depth + 1)]));
  };
  return replace(value, 0);
}

/** The options of an open checkpoint; every array is read once, however often it is meant. */
async function readOptions(written: unknown, reader: TensorReader): Promise<EventNetworkOptions> {
  const arrays = new Map<string, Float64Array>();
  replaceReferences(written, reader.name, (name) => {
    arrays.set(name, noValues);
    return noValues;
  });
  for (const name of arrays.keys()) {
    const tensor = await reader.load(name);
    if (tensor?.type !== 'F64') {
      throw fault(`${reader.name}: tensor '${name}'`, tensor?.type, 'F64, an array of the network');
    }
    arrays.set(name, tensor.data);
  }
  return replaceReferences(written, reader.name, (name) => arrays.get(name)!) as EventNetworkOptions;
}

const noValues = new Float64Array(0);

function isReference(value: unknown): value is Reference {
  return isRecord(value) && typeof value.tensor === 'string' && typeof value.digest === 'string';
}

function fault(field: string, value: unknown, expected: string) {
  return invalid('ERR_SYNFIRE_CHECKPOINT', field, value, expected);
}
