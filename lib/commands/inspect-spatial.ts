// synfire inspect for spatial networks: grids, what the layers hold, and where a training stands.
import { loadSpatialCheckpoint } from '../checkpoints/spatial-checkpoint.ts';
import type { SpatialTrainingState } from '../checkpoints/spatial-metadata.ts';
import type { SpatialRunConfig } from '../config/spatial-training.ts';
import { percent } from '../monitoring/progress.ts';
import { SpatialNetwork, type SpatialStatistics } from '../networks/spatial-network.ts';
import { spatialTable } from './spatial-table.ts';
import { figure, pairs } from './text.ts';
import { given } from './train-options.ts';

export interface SpatialInspection {
  source: string;
  grids: SpatialNetwork['grids'];
  network: SpatialNetwork['options'];
  statistics: SpatialStatistics;
  /** The rest of a run's configuration; null for a checkpoint. */
  run: Omit<SpatialRunConfig, 'network'> | null;
  /** Where the training of a checkpoint stands; null for a configuration or a network saved alone. */
  state: SpatialTrainingState | null;
}

export function inspectSpatialRun(
  source: string,
  { network: described, ...run }: SpatialRunConfig,
): SpatialInspection {
  const { preset: _preset, grids, ...options } = described;
  // Nothing is computed: a device that is not there does not matter.
  const network = new SpatialNetwork(grids, { ...options, device: 'cpu' });
  return { source, ...partsOf(network), run, state: null };
}

export async function inspectSpatialCheckpoint(
  source: string,
  file: string,
  { threads }: { threads?: number },
): Promise<SpatialInspection> {
  const { network, training: state } = await loadSpatialCheckpoint(file, given({ threads }));
  return { source, ...partsOf(network), run: null, state };
}

function partsOf(network: SpatialNetwork): Pick<SpatialInspection, 'grids' | 'network' | 'statistics'> {
  return { grids: network.grids, network: network.options, statistics: network.statistics() };
}

export function describeSpatial({
  source,
  grids,
  network,
  statistics,
  run,
  state,
}: SpatialInspection): string {
  const { learningRate, growth, temporalDecay } = network;
  const { initial, min, max } = learningRate;
  const growing =
    growth.everyBatches === 0 ? 'when asked to' : `every ${figure(growth.everyBatches)} batches`;
  return [
    source,
    '',
    spatialTable(statistics),
    '',
    pairs([
      ['input', grids[0]!.join(' x ')],
      ['memory', `up to ${figure(network.capacity)} weights of ${network.bits} bits a neuron`],
      ['learning', `rate ${initial}, from ${min} to ${max}, rounding ${network.rounding}`],
      ['growth', `${growing}, above a saturation of ${growth.threshold}`],
      ...(temporalDecay > 0 ? [['time', `a neuron keeps ${temporalDecay} of its sum`] as Pair] : []),
      ...(run === null ? [] : runRows(run)),
      ...(state === null ? [] : stateRows(state)),
    ]),
  ].join('\n');
}

type Pair = [name: string, value: string];

function runRows({ training, data }: Omit<SpatialRunConfig, 'network'>): Pair[] {
  const { epochs, batchSize, seed, prune } = training;
  return [
    ['training', `${epochs} epochs, batches of ${batchSize}, seed ${seed}`],
    ['pruning', prune === null ? 'none' : `after each epoch, by ${prune.by} below ${prune.threshold}`],
    ['data', `${data.name}, ${data.validation} of it for validation`],
  ];
}

function stateRows({ epoch, metrics, history, best, data }: SpatialTrainingState): Pair[] {
  const accuracy = history.at(-1)?.validationAccuracy ?? history.at(-1)?.trainAccuracy ?? null;
  const more = metrics.samples > 0 ? ` and ${figure(metrics.samples)} samples` : '';
  return [
    ['trained', `${epoch} epochs${more} on ${data ?? 'data without a name'}`],
    ...(accuracy === null ? [] : [['', `last accuracy ${percent(accuracy)}`] as Pair]),
    ...(best === null
      ? []
      : [['best', `epoch ${best.epoch}, ${best.monitor} ${best.value.toPrecision(4)}`] as Pair]),
  ];
}
