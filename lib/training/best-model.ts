// Keeps the model of the best epoch so that it can be put back when training ends.
import { modelTensors, restoreTensors } from '../checkpoints/checkpoint.ts';
import { withTensorFile } from '../checkpoints/tensor-file.ts';
import { callNative } from '../native/index.ts';
import type { LayerNetwork } from '../networks/layer-network.ts';

/** The best model so far: in memory, or in a checkpoint where there are checkpoints. */
export class BestModel {
  readonly #network: LayerNetwork;
  readonly #tensors = new Map<string, Float32Array>();
  #file: string | null = null;

  constructor(network: LayerNetwork) {
    this.#network = network;
  }

  /** Takes the network as it is now for the best one and copies it. */
  keep(): void {
    const { native } = this.#network;
    for (const { name } of modelTensors(this.#network)) {
      const values = callNative(() => native.readTensor(name, this.#tensors.get(name)));
      this.#tensors.set(name, values);
    }
    this.#file = null;
  }

  /** Takes the model in a checkpoint for the best one. */
  keepFile(file: string): void {
    this.#file = file;
  }

  /** Puts the best model into the network; tensors of a file go through `buffer`. */
  async restore(buffer: () => Float32Array): Promise<void> {
    const network = this.#network;
    if (this.#file !== null) {
      await withTensorFile(this.#file, (reader) =>
        restoreTensors(network, reader, modelTensors(network), buffer()),
      );
      return;
    }
    for (const [name, values] of this.#tensors) callNative(() => network.native.writeTensor(name, values));
  }
}
