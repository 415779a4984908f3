// synfire inspect for event networks: populations, projections, memory, and where a training stands.
import { readEventMetadata } from '../checkpoints/event-checkpoint.ts';
import type { EventTrainingState } from '../checkpoints/event-metadata.ts';
import type { EventRunConfig } from '../config/event-training.ts';
import { percent } from '../monitoring/progress.ts';
import { EventNetwork, type EventNetworkOptions } from '../networks/event-network.ts';
import { eventPreset } from '../networks/presets.ts';
import { bytes, figure, pairs, table } from './text.ts';

export interface EventInspection {
  source: string;
  populations: { name: string; size: number; kind: string }[];
  projections: { source: string; target: string; connect: string; rule: string | null }[];
  /** At most, while the network is built; null for a checkpoint, which has to be read for that. */
  memoryBytes: number | null;
  network: EventNetworkOptions;
  /** The rest of a run's configuration; null for a checkpoint. */
  run: Omit<EventRunConfig, 'network'> | null;
  /** Where the training of a checkpoint stands; null for a configuration or a network saved alone. */
  state: EventTrainingState | null;
}

export function inspectEventRun(
  source: string,
  { network: preset, ...run }: EventRunConfig,
): EventInspection {
  const network = eventPreset(preset);
  const memoryBytes = EventNetwork.estimateBytes(network);
  return { source, ...partsOf(network), memoryBytes, network, run, state: null };
}

export async function inspectEventCheckpoint(source: string, file: string): Promise<EventInspection> {
  const { network, training: state } = await readEventMetadata(file);
  return { source, ...partsOf(network), memoryBytes: null, network, run: null, state };
}

function partsOf({
  populations,
  projections = [],
}: EventNetworkOptions): Pick<EventInspection, 'populations' | 'projections'> {
  return {
    populations: Object.entries(populations).map(([name, own]) => {
      return { name, size: own.size, kind: 'model' in own ? own.model : own.source };
    }),
    projections: projections.map(({ source, target, connect, plasticity }) => {
      const kind = typeof connect === 'string' ? connect : Object.keys(connect)[0]!;
      return { source, target, connect: kind, rule: plasticity?.rule ?? null };
    }),
  };
}

export function describeEvents(inspection: EventInspection): string {
  const { source, populations, projections, memoryBytes, network, run, state } = inspection;
  return [
    source,
    '',
    table(
      ['population', 'neurons', 'kind'],
      populations.map(({ name, size, kind }) => [name, figure(size), kind]),
    ),
    '',
    table(
      ['from', 'to', 'connected', 'rule'],
      projections.map((projection) => [
        projection.source,
        projection.target,
        projection.connect,
        projection.rule ?? '',
      ]),
    ),
    '',
    pairs([
      ['step', `${network.dtMs ?? 0.1} ms, for neurons on a grid`],
      ...(memoryBytes === null ? [] : [['memory', `${bytes(memoryBytes)} to build`] as Pair]),
      ...(run === null ? [] : runRows(run)),
      ...(state === null ? [] : stateRows(state)),
    ]),
  ].join('\n');
}

type Pair = [name: string, value: string];

function runRows({ training, data }: Omit<EventRunConfig, 'network'>): Pair[] {
  const { epochs, images, batchSize, merge, seed } = training;
  const length =
    images === undefined ? `${epochs} epochs` : `${epochs} epochs, at most ${figure(images)} images`;
  const batch = batchSize === undefined ? 'a replica for each processor' : `${batchSize} replicas`;
  return [
    ['training', `${length}, ${batch}, merged by ${merge}, seed ${seed}`],
    ['data', `${data.name}, ${data.validation} of it for validation`],
  ];
}

function stateRows({ images, history, best, data }: EventTrainingState): Pair[] {
  const accuracy = best?.validationAccuracy ?? null;
  return [
    ['trained', `${figure(images)} images, ${history.length} rounds, on ${data ?? 'data without a name'}`],
    ...(best === null ? [] : [['best', `round ${best.round}`] as Pair]),
    ...(accuracy === null ? [] : [['', `validation accuracy ${percent(accuracy)}`] as Pair]),
  ];
}
