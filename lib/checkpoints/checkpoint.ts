// Saves networks to single files and brings them back, with or without the state of their training.
import { readFile } from 'node:fs/promises';
import { elements } from '../config/layer-kinds.ts';
import type { NetworkConfig } from '../config/schema.ts';
import { invalid, SynfireError } from '../errors.ts';
import { callNative, type NativeTensorInfo, packageVersion } from '../native/index.ts';
import { LayerNetwork } from '../networks/layer-network.ts';
import { inferShapes } from '../networks/shapes.ts';
import { writeFileAtomic } from './atomic.ts';
import { type CheckpointMetadata, decodeMetadata, encodeMetadata, type TrainingState } from './metadata.ts';
import { decodeTensors, encodeTensors, type Tensor } from './safetensors.ts';

export interface LoadedCheckpoint {
  /** Ready to predict; its weights are the checkpoint's. */
  network: LayerNetwork;
  metadata: CheckpointMetadata;
}

/** A checkpoint's contents as they lie in its file. */
export interface CheckpointContents {
  metadata: CheckpointMetadata;
  tensors: Map<string, Tensor>;
}

/**
 * Saves a network's configuration and parameters as a safetensors file, all or nothing: on any failure a previous file
 * at `path` stays as it was. Throws ERR_SYNFIRE_IO.
 */
export async function saveCheckpoint(network: LayerNetwork, path: string): Promise<void> {
  await writeCheckpoint(path, network, null);
}

/**
 * Builds the network that the checkpoint at `path` holds, whether saved alone or by training. Throws
 * ERR_SYNFIRE_CHECKPOINT for a file that is not a checkpoint, ERR_SYNFIRE_IO for one that cannot be read.
 */
export async function loadCheckpoint(path: string): Promise<LoadedCheckpoint> {
  const { metadata, tensors } = await readCheckpoint(path);
  checkFits(metadata.network, tensors, path);
  const network = new LayerNetwork(metadata.network);
  restoreTensors(network, tensors, path, modelTensors(network));
  return { network, metadata };
}

/** As `saveCheckpoint`; with a state of training, the optimiser's tensors are saved as well. */
export async function writeCheckpoint(
  path: string,
  network: LayerNetwork,
  training: TrainingState | null,
): Promise<void> {
  const metadata = encodeMetadata({ synfireVersion: packageVersion(), network: network.config, training });
  const saved = training === null ? modelTensors(network) : network.native.tensors();
  const tensors = new Map(saved.map((info) => [info.name, tensorOf(network, info)]));
  await writeFileAtomic(path, encodeTensors({ tensors, metadata }));
}

/** Reads and checks a file without building the network. */
export async function readCheckpoint(path: string): Promise<CheckpointContents> {
  const { tensors, metadata } = decodeTensors(await readBytes(path), path);
  return { tensors, metadata: decodeMetadata(metadata, path) };
}

/** The tensors that a network needs to predict, in the order in which they have to be written. */
export function modelTensors(network: LayerNetwork): NativeTensorInfo[] {
  return network.native.tensors().filter(({ name }) => !name.startsWith('optimizer.'));
}

/** Copies tensors of the file `source` into the network; each has to be there with the network's own shape. */
export function restoreTensors(
  network: LayerNetwork,
  tensors: ReadonlyMap<string, Tensor>,
  source: string,
  wanted: readonly NativeTensorInfo[],
): void {
  for (const { name, shape } of wanted) {
    const tensor = tensors.get(name);
    if (tensor?.type !== 'F32' || tensor.shape.join() !== shape.join()) {
      const found = tensor && `${tensor.type} [${tensor.shape.join(', ')}]`;
      throw fault(`${source}: tensor '${name}'`, found, `F32 [${shape.join(', ')}], as the network's configuration says`);
    }
    writeTensor(network, name, tensor.data, source);
  }
}

/** The native network refuses values that cannot be; here they are the file's fault. */
function writeTensor(network: LayerNetwork, name: string, values: Float32Array, source: string): void {
  try {
    callNative(() => network.native.writeTensor(name, values));
  } catch (error) {
    if (!(error instanceof SynfireError)) throw error;
    throw new SynfireError('ERR_SYNFIRE_CHECKPOINT', `${source}: ${error.message}`, error);
  }
}

/** The array is read when it is its turn to be written. */
function tensorOf(network: LayerNetwork, { name, shape }: NativeTensorInfo): Tensor {
  return {
    type: 'F32',
    shape,
    get data() {
      return callNative(() => network.native.readTensor(name));
    },
  };
}

/** A network is only built when the file holds enough values for its parameters: memory stays in proportion to the file. */
function checkFits(config: NetworkConfig, tensors: ReadonlyMap<string, Tensor>, source: string): void {
  const shapes = inferShapes(config);
  const needed = shapes.reduce((total, { synapses }) => total + elements(synapses?.weightShape ?? [0]), 0);
  const held = [...tensors.values()].reduce((total, { data }) => total + data.length, 0);
  if (needed > held) throw fault(`${source}: values in tensors`, held, `at least ${needed}, as the network's configuration says`);
}

async function readBytes(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const expected = 'a checkpoint file that can be read';
    const details = { field: 'checkpoint', value: path, expected, cause: error };
    const kind = absent.has(code ?? '') ? 'ERR_SYNFIRE_CHECKPOINT' : 'ERR_SYNFIRE_IO';
    throw new SynfireError(kind, `cannot read the checkpoint ${path}: ${message}; expected ${expected}`, details);
  }
}

/** What the system says when a path does not lead to a file. */
const absent = new Set(['ENOENT', 'ENOTDIR', 'EISDIR']);

function fault(field: string, value: unknown, expected: string): SynfireError {
  return invalid('ERR_SYNFIRE_CHECKPOINT', field, value, expected);
}
