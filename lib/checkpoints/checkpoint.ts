// Saves networks to single files and brings them back, with or without the state of their training.
import { elements } from '../config/layer-kinds.ts';
import type { NetworkConfig } from '../config/schema.ts';
import { invalid, type SynfireError } from '../errors.ts';
import { callNative, type NativeTensorInfo } from '../native/index.ts';
import { LayerNetwork } from '../networks/layer-network.ts';
import { inferShapes } from '../networks/shapes.ts';
import { writeFileAtomic } from './atomic.ts';
import { blaming } from './format.ts';
import { type CheckpointMetadata, decodeMetadata, encodeMetadata, type TrainingState } from './metadata.ts';
import { encodeTensors, type Tensor } from './safetensors.ts';
import { type TensorReader, withTensorFile } from './tensor-file.ts';

export interface LoadedCheckpoint {
  /** Ready to predict; its weights are the checkpoint's. */
  network: LayerNetwork;
  metadata: CheckpointMetadata;
}

/**
 * Saves a network's configuration and parameters as a safetensors file, all or nothing: on any failure a
 * previous file at `path` stays as it was. Throws ERR_SYNFIRE_IO.
 */
export async function saveCheckpoint(network: LayerNetwork, path: string): Promise<void> {
  await writeCheckpoint(path, network, null, transferBuffer(network));
}

/**
 * Builds the network that the checkpoint at `path` holds, whether saved alone or by training. Throws
 * ERR_SYNFIRE_CHECKPOINT for a file that is not a checkpoint, ERR_SYNFIRE_IO for one that cannot be read.
 */
export async function loadCheckpoint(path: string): Promise<LoadedCheckpoint> {
  return withTensorFile(path, buildNetwork);
}

/** Builds the network that an open checkpoint holds. */
export async function buildNetwork(reader: TensorReader): Promise<LoadedCheckpoint> {
  const metadata = decodeMetadata(reader.metadata, reader.name);
  checkFits(metadata.network, reader);
  const network = new LayerNetwork(metadata.network);
  await restoreTensors(network, reader, modelTensors(network), transferBuffer(network));
  return { network, metadata };
}

/** The metadata of the checkpoint at `path`, without its tensors. */
export async function readCheckpointMetadata(path: string): Promise<CheckpointMetadata> {
  return withTensorFile(path, async (reader) => decodeMetadata(reader.metadata, path));
}

/**
 * As `saveCheckpoint`; with a state of training, the optimiser's tensors are saved as well. All tensors go
 * through `buffer`, one after the other, so that saving needs no more memory than that.
 */
export async function writeCheckpoint(
  path: string,
  network: LayerNetwork,
  training: TrainingState | null,
  buffer: Float32Array,
): Promise<void> {
  const metadata = encodeMetadata({ network: network.config, training });
  const saved = training === null ? modelTensors(network) : network.native.tensors();
  const tensors = new Map(saved.map((info) => [info.name, tensorOf(network, info, buffer)]));
  await writeFileAtomic(path, encodeTensors({ tensors, metadata }));
}

/** Room for the largest tensor of a network. */
export function transferBuffer(network: LayerNetwork): Float32Array {
  return new Float32Array(Math.max(...network.native.tensors().map(({ shape }) => elements(shape))));
}

/** The tensors that a network needs to predict, in the order in which they have to be written. */
export function modelTensors(network: LayerNetwork): NativeTensorInfo[] {
  return network.native.tensors().filter(({ name }) => !name.startsWith('optimizer.'));
}

/** Copies tensors of a file into the network; each has to be there with the network's own shape. */
export async function restoreTensors(
  network: LayerNetwork,
  reader: TensorReader,
  wanted: readonly NativeTensorInfo[],
  buffer: Float32Array,
): Promise<void> {
  for (const { name, shape } of wanted) {
    checkTensor(reader, name, shape);
    const values = buffer.subarray(0, elements(shape));
    await reader.read(name, values);
    blaming(reader.name, () => callNative(() => network.native.writeTensor(name, values)));
  }
}

function checkTensor(reader: TensorReader, name: string, shape: readonly number[]): void {
  const tensor = reader.tensors.get(name);
  if (tensor?.type === 'F32' && tensor.shape.join() === shape.join()) return;
  const found = tensor && `${tensor.type} [${tensor.shape.join(', ')}]`;
  throw fault(
    `${reader.name}: tensor '${name}'`,
    found,
    `F32 [${shape.join(', ')}], as the network's configuration says`,
  );
}

/** The array is read when it is its turn to be written. */
function tensorOf(network: LayerNetwork, { name, shape }: NativeTensorInfo, buffer: Float32Array): Tensor {
  return {
    type: 'F32',
    shape,
    get data() {
      return callNative(() => network.native.readTensor(name, buffer.subarray(0, elements(shape))));
    },
  };
}

/**
 * A network is only built when the file holds enough values for its parameters: memory stays in proportion to
 * the file.
 */
function checkFits(config: NetworkConfig, { name, tensors }: TensorReader): void {
  const shapes = blaming(name, () => inferShapes(config));
  const needed = shapes.reduce((total, { synapses }) => total + elements(synapses?.weightShape ?? [0]), 0);
  const held = [...tensors.values()].reduce((total, { shape }) => total + elements(shape), 0);
  if (needed > held) {
    throw fault(
      `${name}: values in tensors`,
      held,
      `at least ${needed}, as the network's configuration says`,
    );
  }
}

function fault(field: string, value: unknown, expected: string): SynfireError {
  return invalid('ERR_SYNFIRE_CHECKPOINT', field, value, expected);
}
