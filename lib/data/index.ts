// Data sets and the file formats they come in.

export type { ArrayData, ReadOptions } from './array-file.ts';
export type { Augmentation, Batch, BatchOptions } from './batches.ts';
export type { ByteSource } from './byte-reader.ts';
export type { LabelArray, Shape } from './checks.ts';
export type { BatchInput, CollectOptions } from './collect.ts';
export {
  type ConnectionList,
  type ReadConnectionsOptions,
  readConnections,
  readWeightMatrix,
  type WeightMatrix,
} from './connections.ts';
export { Dataset, type DatasetArrays } from './dataset.ts';
export { type DigitsOptions, generateDigits } from './digits.ts';
export type { ElementArray, ElementType, NumberArray } from './element-types.ts';
export { type DatasetFiles, readDataset } from './files.ts';
export type { DataSource } from './folder.ts';
export { readIdx } from './idx.ts';
export type { FittedNormalisation, Normalisation } from './normalisation.ts';
export { readNpy, writeNpy } from './npy.ts';
export { encodePng, type PngImage, type TileOptions, tileFields } from './png.ts';
export type { DataProgress, ReportProgress } from './progress.ts';
export { datasets, type LoadOptions } from './registry.ts';
export { type AddressEvents, readAddressEvents } from './spike-trains/address-events.ts';
export {
  type LabelledFile,
  type LabelledSpikeTrains,
  listLabelledFiles,
  readLabelledSpikeTrains,
} from './spike-trains/labelled.ts';
export { readSpikeTrains, streamSpikeTrains } from './spike-trains/reading.ts';
export type {
  ReadSpikeOptions,
  Sensor,
  SpikeFormat,
  SpikeLayers,
  SpikeTrains,
} from './spike-trains/spikes.ts';
export { type WritableSpikeFormat, writeSpikeTrains } from './spike-trains/writing.ts';
export { type Split, type SplitOptions, splitDataset } from './split.ts';
