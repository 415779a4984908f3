// The public surface of synfire.

export { configureRun } from './config/configure.ts';
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
export { type ErrorCode, SynfireError } from './errors.ts';
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
