// The public surface of synfire.
export {
  type LoadedCheckpoint,
  loadCheckpoint,
  readCheckpointMetadata,
  saveCheckpoint,
} from './checkpoints/checkpoint.ts';
export type { CheckpointMetadata, TrainingState } from './checkpoints/metadata.ts';
export { findCheckpoint } from './checkpoints/store.ts';
export { configureRun, type WrittenRun } from './config/configure.ts';
export { loadRun } from './config/load.ts';
export type {
  AugmentationConfig,
  CheckpointConfig,
  CheckpointOptions,
  ConvergenceConfig,
  DataConfig,
  DataOptions,
  LayerConfig,
  LayerOptions,
  MetricsConfig,
  MetricsOptions,
  NetworkConfig,
  NetworkOptions,
  NeuronConfig,
  NeuronOptions,
  OptimizerConfig,
  RunConfig,
  RunOptions,
  ScheduleConfig,
  TrainingConfig,
  TrainingOptions,
} from './config/schema.ts';
export { parseJson, parseToml } from './config/toml.ts';
export * from './data/index.ts';
export { type ErrorCode, type ErrorDetails, SynfireError } from './errors.ts';
export type { Samples } from './networks/inputs.ts';
export {
  type EvaluateOptions,
  type Evaluation,
  type LayerActivity,
  type LayerDescription,
  LayerNetwork,
  type Parameter,
  type Plan,
  type Prediction,
  type PredictOptions,
  type PrepareOptions,
} from './networks/layer-network.ts';
export * from './networks/layers.ts';
export { type ConvSnnOptions, type PresetName, presetNames, presets } from './networks/presets.ts';
export { fit, type Training } from './training/fit.ts';
export type { BestEpoch, EpochReport, FitEnd, FitProgress, FitResult, FitStart } from './training/reports.ts';
export type { FitData, FitOptions } from './training/setup.ts';
