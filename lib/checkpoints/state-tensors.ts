// The full state of a network, arrays by name, as tensors of a checkpoint.
import { type Tensor, type TensorType, tensorArrays } from './safetensors.ts';
import type { TensorReader } from './tensor-file.ts';

/** Arrays by name; the product of a shape is the length of its data. */
export type NamedArrays = Record<string, { shape: number[]; data: Tensor['data'] }>;

/** The tensors that a checkpoint keeps a state in. */
export function stateTensors(state: NamedArrays): Map<string, Tensor> {
  return new Map(
    Object.entries(state).map(([name, { shape, data }]) => {
      return [prefix + name, { type: typeOf(data), shape, data } as Tensor];
    }),
  );
}

/** The state that an open checkpoint holds. */
export async function readState(reader: TensorReader): Promise<NamedArrays> {
  const state: NamedArrays = {};
  for (const name of reader.tensors.keys()) {
    if (name.startsWith(prefix)) state[name.slice(prefix.length)] = (await reader.load(name))!;
  }
  return state;
}

/** Memory that the network of a file may need unless its reader says otherwise: 4 GiB, and 64 times the file. */
export function fittingBytes({ tensors }: TensorReader): number {
  const held = [...tensors.values()].reduce((total, { byteLength }) => total + byteLength, 0);
  return 2 ** 32 + 64 * held;
}

const prefix = 'state.';

function typeOf(data: Tensor['data']): TensorType {
  const types = Object.keys(tensorArrays) as TensorType[];
  return types.find((type) => data instanceof tensorArrays[type])!;
}
