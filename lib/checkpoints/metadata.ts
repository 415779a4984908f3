// What a checkpoint says besides its tensors: the network's configuration and where its training stands.
import { z } from 'zod';
import { flag, number, section } from '../config/fields.ts';
import { type NetworkConfig, networkSchema } from '../config/schema.ts';
import { encodeValues, MetadataReader } from './format.ts';
import { bestEpoch, count, settings, share } from './training-fields.ts';

const epochReport = section({
  epoch: count(),
  trainLoss: number(),
  trainAccuracy: share(),
  validationLoss: number().nullable(),
  validationAccuracy: share().nullable(),
  learningRate: number(),
  seconds: number(),
  validationSeconds: number(),
  samplesPerSecond: number(),
  best: flag(),
});

const trainingState = section({
  settings: settings(),
  /** Epochs that are done. */
  epoch: count(),
  /** Steps of the running epoch that are done. */
  step: count(),
  /** Steps of the optimiser since the start. */
  optimizerStep: count(),
  /** Sums over the running epoch's samples so far. */
  metrics: section({ lossSum: number(), correct: count(), samples: count(), seconds: number() }),
  history: z.array(epochReport),
  best: bestEpoch(),
  earlyStopping: section({ reference: number().nullable(), epochsWithoutImprovement: count() }),
});

/**
 * Where a training stands; together with the tensors of a checkpoint it goes on as if it had never stopped.
 */
export type TrainingState = z.output<typeof trainingState>;

export interface CheckpointMetadata {
  /** The version of synfire that wrote the checkpoint. */
  synfireVersion: string;
  network: NetworkConfig;
  /** Null when the network was saved on its own. */
  training: TrainingState | null;
}

/** The metadata as the strings that a safetensors file carries. */
export function encodeMetadata({
  network,
  training,
}: Omit<CheckpointMetadata, 'synfireVersion'>): Map<string, string> {
  return encodeValues('layers', { network, training });
}

/** Throws ERR_SYNFIRE_CHECKPOINT for a file of another kind or version and for metadata that cannot be. */
export function decodeMetadata(strings: ReadonlyMap<string, string>, source: string): CheckpointMetadata {
  const reader = new MetadataReader('layers', strings, source);
  return {
    synfireVersion: reader.synfireVersion,
    network: reader.value('network', networkSchema),
    training: reader.value('training', trainingState.nullable()),
  };
}
