// Saves spatial networks to single files and brings them back to the same bits: grids, options, all neurons with their
// memories and, where there is one, their training.
import { isRecord } from '../config/fields.ts';
import { type CompleteSpatial, completeSpatial } from '../config/spatial-grids.ts';
import { SpatialNetwork, type SpatialState } from '../networks/spatial-network.ts';
import { writtenInFull } from '../networks/spatial-spec.ts';
import { writeFileAtomic } from './atomic.ts';
import { blaming, blamingAsync, encodeValues, MetadataReader } from './format.ts';
import { encodeTensors } from './safetensors.ts';
import { type SpatialTrainingState, spatialTrainingState } from './spatial-metadata.ts';
import { fittingBytes, readState, stateTensors } from './state-tensors.ts';
import { type TensorReader, withTensorFile } from './tensor-file.ts';

export interface SpatialCheckpointMetadata extends CompleteSpatial {
  /** The version of synfire that wrote the checkpoint. */
  synfireVersion: string;
  /** Null when the network was saved on its own. */
  training: SpatialTrainingState | null;
}

export interface LoadedSpatialCheckpoint {
  /** Stands where it was saved: training goes on to the same bits. */
  network: SpatialNetwork;
  /** Null when the network was saved on its own. */
  training: SpatialTrainingState | null;
  synfireVersion: string;
}

export interface LoadSpatialOptions {
  /** What computes. Default `cpu`. */
  device?: 'cpu' | 'cuda';
  /** Default: one for every processor that the process may use. */
  threads?: number;
  /**
   * The network is not built when it would need more, and does not grow beyond it. Default: 4 GiB, and 64 bytes for
   * each byte of the file.
   */
  maxMemoryBytes?: number;
}

/**
 * Saves a network's description and full state - neurons, weights, residuals, learning rates, temporal state, random
 * numbers - as a safetensors file, all or nothing: on any failure a previous file at `path` stays as it was. Throws
 * ERR_SYNFIRE_IO.
 */
export async function saveSpatialCheckpoint(
  network: SpatialNetwork,
  path: string,
  training: SpatialTrainingState | null = null,
): Promise<void> {
  await writeFileAtomic(path, await encodeSpatialCheckpoint(network, training));
}

/** The bytes of a checkpoint, in chunks that are valid until the next one is asked for. */
export async function encodeSpatialCheckpoint(
  network: SpatialNetwork,
  training: SpatialTrainingState | null,
): Promise<Iterable<Uint8Array>> {
  const tensors = stateTensors(await network.exportState());
  const metadata = encodeValues('spatial', { network: comparableDescription(network), training });
  return encodeTensors({ tensors, metadata });
}

/**
 * Builds the network that the checkpoint at `path` holds and puts it where it stood. Throws ERR_SYNFIRE_CHECKPOINT
 * for a file that is not such a checkpoint, ERR_SYNFIRE_IO for one that cannot be read.
 */
export async function loadSpatialCheckpoint(
  path: string,
  options: LoadSpatialOptions = {},
): Promise<LoadedSpatialCheckpoint> {
  return withTensorFile(path, (reader) => buildSpatialNetwork(reader, options));
}

/** The metadata of the checkpoint at `path`, without its tensors. */
export async function readSpatialMetadata(path: string): Promise<SpatialCheckpointMetadata> {
  return withTensorFile(path, async (reader) => decode(reader));
}

/** Builds the network that an open checkpoint holds. */
export async function buildSpatialNetwork(
  reader: TensorReader,
  { device = 'cpu', threads, maxMemoryBytes = fittingBytes(reader) }: LoadSpatialOptions = {},
): Promise<LoadedSpatialCheckpoint> {
  const { grids, options, training, synfireVersion } = decode(reader);
  const { threads: _threads, ...own } = options;
  const network = blaming(
    reader.name,
    () => new SpatialNetwork(grids, { ...own, device, maxMemoryBytes, ...(threads && { threads }) }),
  );
  await restoreSpatialState(network, reader);
  return { network, training, synfireVersion };
}

/** Puts a network, which has the description of the open checkpoint, where that stands. */
export async function restoreSpatialState(network: SpatialNetwork, reader: TensorReader): Promise<void> {
  const state = (await readState(reader)) as SpatialState;
  await blamingAsync(reader.name, () => network.importState(state));
}

/** A network's description as it has to be to go on to the same results. */
export function comparableDescription({
  grids,
  options,
}: Pick<SpatialNetwork, 'grids' | 'options'>): Record<string, unknown> {
  const { threads: _threads, maxMemoryBytes: _limit, device: _device, activation, ...own } = options;
  return { grids, options: { ...own, activation: activation.map(writtenInFull) } };
}

function decode({ metadata, name }: TensorReader): SpatialCheckpointMetadata {
  const values = new MetadataReader('spatial', metadata, name);
  const network = values.json('network');
  const { grids, options }: { grids?: unknown; options?: unknown } = isRecord(network) ? network : {};
  return {
    ...blaming(name, () => completeSpatial(grids, options, 'network')),
    training: values.value('training', spatialTrainingState.nullable()),
    synfireVersion: values.synfireVersion,
  };
}
