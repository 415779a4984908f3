// The public surface of synfire.
export {
  type LoadedCheckpoint,
  loadCheckpoint,
  readCheckpointMetadata,
  saveCheckpoint,
} from './checkpoints/checkpoint.ts';
export {
  type EventCheckpointMetadata,
  type LoadEventOptions,
  type LoadedEventCheckpoint,
  loadEventCheckpoint,
  readEventMetadata,
  type SavedTraining,
  saveEventCheckpoint,
} from './checkpoints/event-checkpoint.ts';
export type { EventTrainingState, RoundReport } from './checkpoints/event-metadata.ts';
export type { CheckpointMetadata, TrainingState } from './checkpoints/metadata.ts';
export {
  type LoadedSpatialCheckpoint,
  type LoadSpatialOptions,
  loadSpatialCheckpoint,
  readSpatialMetadata,
  type SpatialCheckpointMetadata,
  saveSpatialCheckpoint,
} from './checkpoints/spatial-checkpoint.ts';
export type { SpatialReport, SpatialTrainingState } from './checkpoints/spatial-metadata.ts';
export { findCheckpoint } from './checkpoints/store.ts';
export { configureRun, type WrittenRun } from './config/configure.ts';
export type {
  DiehlCookOptions,
  EventTrainingOptions,
  ImageProtocolOptions,
  LabelsOptions,
  LatencyProtocolOptions,
  Protocol,
  TeachingOptions,
} from './config/event-training.ts';
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
export type { SpatialTrainingOptions } from './config/spatial-training.ts';
export { parseJson, parseToml } from './config/toml.ts';
export * from './data/index.ts';
export { type ErrorCode, type ErrorDetails, SynfireError } from './errors.ts';
export * from './networks/event-network.ts';
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
export * from './networks/spatial-network.ts';
export type { SpatialDescription } from './networks/spatial-presets.ts';
export {
  EventClassifier,
  type EventClassifierOptions,
  type EventEvaluation,
  type EventPrediction,
  type EventReadOptions,
} from './training/event-classifier.ts';
export type { BestRound, EventFitProgress, EventFitResult, EventFitStart } from './training/event-reports.ts';
export type { EventFitOptions } from './training/event-setup.ts';
export { fit } from './training/fit.ts';
export { encodeReceptiveFields, type ReceptiveFields, receptiveFields } from './training/receptive-fields.ts';
export type { BestEpoch, EpochReport, FitEnd, FitProgress, FitResult, FitStart } from './training/reports.ts';
export type { FitData, FitOptions } from './training/setup.ts';
export type { SpatialFitProgress, SpatialFitResult, SpatialFitStart } from './training/spatial-reports.ts';
export type { SpatialFitOptions } from './training/spatial-setup.ts';
export { type TeachingFitOptions, trainTeaching } from './training/teaching.ts';
export { trainSpatial } from './training/train-spatial.ts';
export type { Training } from './training/training.ts';
export { trainUnsupervised, type UnsupervisedOptions } from './training/unsupervised.ts';
