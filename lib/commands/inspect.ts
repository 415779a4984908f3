// synfire inspect: the layers, sizes and memory of a configuration, a preset or a checkpoint, without
// training.
import { extname } from 'node:path';
import type { Command } from 'commander';
import { readCheckpointMetadata } from '../checkpoints/checkpoint.ts';
import { checkpointKind } from '../checkpoints/format.ts';
import type { TrainingState } from '../checkpoints/metadata.ts';
import { findCheckpoint } from '../checkpoints/store.ts';
import { loadAnyRun } from '../config/load.ts';
import { type NetworkConfig, type RunConfig, type TrainingConfig, trainingSchema } from '../config/schema.ts';
import { percent } from '../monitoring/progress.ts';
import { native } from '../native/index.ts';
import { type LayerDescription, LayerNetwork } from '../networks/layer-network.ts';
import { nativeOptimizer } from '../training/optimizer.ts';
import { computeOptions } from './arguments.ts';
import {
  describeEvents,
  type EventInspection,
  inspectEventCheckpoint,
  inspectEventRun,
} from './inspect-events.ts';
import {
  describeSpatial,
  inspectSpatialCheckpoint,
  inspectSpatialRun,
  type SpatialInspection,
} from './inspect-spatial.ts';
import { bytes, figure, pairs, table } from './text.ts';

export function addInspect(program: Command): void {
  const command = program
    .command('inspect')
    .description(
      'show layers, populations or grids, memory and settings of a configuration, a preset or a checkpoint',
    )
    .argument(
      '<config|preset|checkpoint>',
      'a .toml or .json file, a preset, a checkpoint or the folder of a run',
    )
    .option('--json', 'print one JSON object')
    .addHelpText('after', examples)
    .action(inspect);
  computeOptions(command);
}

const examples = `
Examples:
  $ synfire inspect conv-snn
  $ synfire inspect diehl-cook
  $ synfire inspect spatial-digits
  $ synfire inspect examples/conv-snn.toml --batch-size 256
  $ synfire inspect runs/conv-snn-20261120-101500`;

interface InspectOptions {
  json?: boolean;
  batchSize?: number;
  threads?: number;
}

interface Inspection {
  source: string;
  network: NetworkConfig;
  /** The rest of a run's configuration; null for a checkpoint. */
  run: Omit<RunConfig, 'network'> | null;
  /** Where the training of a checkpoint stands; null for a configuration or a network saved alone. */
  state: TrainingState | null;
  layers: LayerDescription[];
  parameters: number;
  memory: { batchSize: number; threads: number; trainingBytes: number; inferenceBytes: number };
}

async function inspect(source: string, options: InspectOptions): Promise<void> {
  const { inspection, text } = await inspected(source, options);
  process.stdout.write(`${options.json ? JSON.stringify(inspection) : text()}\n`);
}

/** What there is to say about a source, and the same in words. */
interface Inspected {
  inspection: object;
  text(): string;
}

async function inspected(source: string, options: InspectOptions): Promise<Inspected> {
  const file = await checkpointFor(source);
  return file === null ? inspectConfiguration(source, options) : inspectFile(source, file, options);
}

async function inspectConfiguration(source: string, options: InspectOptions): Promise<Inspected> {
  const run = await loadAnyRun(source);
  if (run.kind === 'events') return inEventWords(inspectEventRun(source, run.config));
  if (run.kind === 'spatial') return inSpatialWords(inspectSpatialRun(source, run.config));
  const { network, ...rest } = run.config;
  return inLayerWords(collect(source, { network, run: rest, state: null }, options));
}

async function inspectFile(source: string, file: string, options: InspectOptions): Promise<Inspected> {
  const kind = await checkpointKind(file);
  if (kind === 'events') return inEventWords(await inspectEventCheckpoint(source, file));
  if (kind === 'spatial') return inSpatialWords(await inspectSpatialCheckpoint(source, file, options));
  const { network, training: state } = await readCheckpointMetadata(file);
  return inLayerWords(collect(source, { network, run: null, state }, options));
}

function inEventWords(inspection: EventInspection): Inspected {
  return { inspection, text: () => describeEvents(inspection) };
}

function inSpatialWords(inspection: SpatialInspection): Inspected {
  return { inspection, text: () => describeSpatial(inspection) };
}

function inLayerWords(inspection: Inspection): Inspected {
  return { inspection, text: () => describe(inspection) };
}

function collect(
  source: string,
  { network: config, run, state }: Pick<Inspection, 'network' | 'run' | 'state'>,
  options: InspectOptions,
): Inspection {
  const network = new LayerNetwork(config);
  const layers = network.describe();
  const training = run?.training ?? trainingSchema.parse({});
  return {
    source,
    network: config,
    run,
    state,
    layers,
    parameters: layers.reduce((total, layer) => total + layer.parameters, 0),
    memory: planMemory(network, training, options),
  };
}

async function checkpointFor(path: string): Promise<string | null> {
  if (extname(path) !== '' && extname(path) !== '.safetensors') return null;
  return findCheckpoint(path, 'best').catch((error) => {
    if (extname(path) === '.safetensors') throw error;
    return null;
  });
}

function planMemory(
  network: LayerNetwork,
  training: TrainingConfig,
  options: InspectOptions,
): Inspection['memory'] {
  const batchSize = options.batchSize ?? training.batchSize;
  const threads = options.threads ?? training.threads ?? native().cpu().hardwareThreads;
  const trainingBytes = network.prepare({
    batchSize,
    threads,
    optimizer: nativeOptimizer(training),
  }).peakBytes;
  const inferenceBytes = network.prepare({ batchSize, threads }).peakBytes;
  return { batchSize, threads, trainingBytes, inferenceBytes };
}

function describe(inspection: Inspection): string {
  const { network, layers, parameters, memory, run, state } = inspection;
  const rows = layers.map(({ name, kind, outputShape, parameters: own, macs }) => {
    return [name, kind, outputShape.join(' x '), figure(own), figure(macs)];
  });
  const { learning, timesteps, precision, encoder } = network;
  return [
    inspection.source,
    '',
    table(['layer', 'kind', 'output', 'parameters', 'MACs per step'], rows),
    '',
    pairs([
      ['input', network.inputShape.join(' x ')],
      ['parameters', figure(parameters)],
      ['time', `${timesteps} steps, encoder ${encoder.kind}`],
      ['learning', `${learning.mode}, forward weights ${precision}`],
      ['memory', `${bytes(memory.trainingBytes)} to train, ${bytes(memory.inferenceBytes)} to predict`],
      ['', `(batches of ${memory.batchSize}, ${memory.threads} threads)`],
      ...(run === null ? [] : runRows(run)),
      ...(state === null ? [] : stateRows(state)),
    ]),
  ].join('\n');
}

type Pair = [name: string, value: string];

function runRows({ training, data }: Omit<RunConfig, 'network'>): Pair[] {
  const { epochs, batchSize, optimizer, schedule, seed } = training;
  return [
    ['training', `${epochs} epochs, batches of ${batchSize}, seed ${seed}`],
    ['', `${optimizer.kind}, learning rate ${optimizer.learningRate}, schedule ${schedule.kind}`],
    ['data', `${data.name}, ${data.validation} of it for validation`],
  ];
}

function stateRows({ epoch, step, best, history, settings }: TrainingState): Pair[] {
  const last = history.at(-1);
  const accuracy = last?.validationAccuracy ?? last?.trainAccuracy;
  return [
    [
      'trained',
      `${epoch} epochs${step > 0 ? ` and ${step} steps` : ''} on ${settings['data.name'] ?? 'data without a name'}`,
    ],
    ...(accuracy === undefined ? [] : [['', `last accuracy ${percent(accuracy)}`] as Pair]),
    ...(best === null
      ? []
      : [['best', `epoch ${best.epoch}, ${best.monitor} ${best.value.toFixed(4)}`] as Pair]),
  ];
}
