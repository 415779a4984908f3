// The main job as the benchmarks run it: the network of the preset, ready to train or to predict.
import { configureRun } from '../lib/config/configure.ts';
import type { RunConfig, TrainingConfig } from '../lib/config/schema.ts';
import type { Dataset } from '../lib/data/index.ts';
import { type NativeTrainResult, runJob } from '../lib/native/index.ts';
import { LayerNetwork } from '../lib/networks/layer-network.ts';
import type { PresetName } from '../lib/networks/presets.ts';
import { nativeOptimizer } from '../lib/training/optimizer.ts';

/** Ways of learning. */
export const modes = ['rate', 'bptt'] as const;
export type Mode = (typeof modes)[number];
export type Precision = 'mixed' | 'float32';

export interface Workload {
  mode: Mode;
  precision: Precision;
  batchSize: number;
  threads: number;
}

/** The program's names of the presets. */
export const presetOf = { rate: 'conv-snn', bptt: 'conv-snn-bptt' } satisfies Record<Mode, PresetName>;

/** A network in training: a call does so many steps on full batches. */
export class Trainer {
  readonly network: LayerNetwork;
  readonly #training: TrainingConfig;
  readonly #batchSize: number;
  #epoch = 0;

  constructor(network: LayerNetwork, training: TrainingConfig, { batchSize, threads }: Workload) {
    this.network = network;
    this.#training = training;
    this.#batchSize = batchSize;
    network.prepare({ batchSize, threads, optimizer: nativeOptimizer(training) });
  }

  /** One epoch of `steps` steps without augmentation. */
  train(dataset: Dataset, steps: number): Promise<NativeTrainResult> {
    const { seed, optimizer } = this.#training;
    const request = {
      dataset: dataset.native,
      indices: cyclic(this.#batchSize * steps, dataset.samples),
      learningRates: new Float64Array(steps).fill(optimizer.learningRate),
      metrics: { lossSum: 0, correct: 0, samples: 0 },
      ...{ seed, epoch: this.#epoch, firstStep: 0, lastStep: steps, augmentation: null },
    };
    this.#epoch += 1;
    return runJob(() => this.network.native.trainEpoch(request));
  }
}

export function configOf({ mode, precision }: Pick<Workload, 'mode' | 'precision'>): RunConfig {
  return configureRun({ network: { preset: presetOf[mode], precision } });
}

export function createTrainer(workload: Workload): Trainer {
  const { network, training } = configOf(workload);
  return new Trainer(new LayerNetwork(network), training, workload);
}

/** Whole numbers below `limit`, over and over. */
export function cyclic(count: number, limit: number): Uint32Array {
  return Uint32Array.from({ length: count }, (_, position) => position % limit);
}

/**
 * Training steps before anything is measured: how much neurons fire, on which the engine's speed depends, is then
 * that of a network that is learning or has learned.
 */
export const settleSteps = 200;

/** A network that has begun to learn and is ready to predict. */
export async function trainedNetwork(workload: Workload, dataset: Dataset): Promise<LayerNetwork> {
  const trainer = createTrainer({ ...workload, batchSize: Math.max(64, workload.batchSize) });
  await trainer.train(dataset, settleSteps);
  trainer.network.prepare({ batchSize: workload.batchSize, threads: workload.threads });
  return trainer.network;
}
