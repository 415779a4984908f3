// synfire eval: measures a trained network, and on request what its spikes cost.
import type { Command } from 'commander';
import { loadCheckpoint } from '../checkpoints/checkpoint.ts';
import { checkpointKind } from '../checkpoints/format.ts';
import { findCheckpoint } from '../checkpoints/store.ts';
import { type OperationReport, reportOperations } from '../monitoring/energy.ts';
import { ProgressDisplay, percent, perSecond } from '../monitoring/progress.ts';
import type { Evaluation, LayerNetwork } from '../networks/layer-network.ts';
import {
  computeOptions,
  dataOptions,
  integer,
  largest,
  outputOptions,
  refuseCuda,
  word,
} from './arguments.ts';
import { classTable } from './class-table.ts';
import { dataOf, loadData } from './data.ts';
import { evaluateEvents } from './eval-events.ts';
import type { EvalOptions } from './eval-options.ts';
import { evaluateSpatial } from './eval-spatial.ts';
import { catchInterrupts } from './interrupt.ts';
import { figure, pairs, table } from './text.ts';

export function addEval(program: Command): void {
  const command = program
    .command('eval')
    .description('measure a trained network with test data')
    .argument('<checkpoint>', 'a checkpoint, or the folder of a run, whose best model is taken')
    .option(
      '--part <name>',
      'samples to measure with: test or train',
      word('--part', ['test', 'train']),
      'test',
    )
    .option('--ops', 'report spike rates, synaptic operations and an energy model; networks of layers only')
    .option(
      '--label-images <n>',
      'find out anew, from so many training images, which class each neuron responds to; event networks only',
      integer('--label-images', 1, largest.samples),
    )
    .addHelpText('after', examples)
    .action(evaluate);
  outputOptions(computeOptions(dataOptions(command)));
}

const examples = `
Without --data, the data that the network was trained with are used.

Examples:
  $ synfire eval runs/first
  $ synfire eval runs/first/checkpoints/epoch-000003.safetensors --data mnist
  $ synfire eval runs/first --ops
  $ synfire eval runs/stdp --label-images 10000
  $ synfire eval runs/spatial --part train
  $ synfire eval runs/first --json | jq .accuracy`;

async function evaluate(path: string, options: EvalOptions): Promise<void> {
  const display = new ProgressDisplay({ quiet: (options.quiet || options.json) ?? false });
  const interrupt = catchInterrupts();
  try {
    await run(path, options, display, interrupt.signal);
  } finally {
    display.clear();
    interrupt.dispose();
  }
}

async function run(
  path: string,
  options: EvalOptions,
  display: ProgressDisplay,
  signal: AbortSignal,
): Promise<void> {
  const checkpoint = await findCheckpoint(path, 'best');
  const kind = await checkpointKind(checkpoint);
  if (kind === 'spatial') return evaluateSpatial(checkpoint, options, display, signal);
  refuseCuda(options);
  if (kind === 'events') return evaluateEvents(checkpoint, options, display, signal);
  const { network, metadata } = await loadCheckpoint(checkpoint);
  const { batchSize = 64, threads, ops: statistics = false } = options;
  network.prepare({ batchSize, ...(threads === undefined ? {} : { threads }) });
  const data = await loadData(await dataOf(checkpoint, metadata.training?.settings, options), {
    signal,
    display,
  });
  const evaluation = await network.evaluate((options.part === 'test' && data.test) || data.train, {
    statistics,
    signal,
    onProgress: ({ samples, total }) => display.share(options.part, samples / total),
  });
  display.clear();
  const operations = statistics
    ? reportOperations(evaluation, network.config.encoder.kind === 'direct')
    : null;
  const report = options.json
    ? json(checkpoint, options.part, evaluation, operations)
    : text(network, options.part, evaluation, operations);
  process.stdout.write(`${report}\n`);
}

function json(
  checkpoint: string,
  part: string,
  evaluation: Evaluation,
  operations: OperationReport | null,
): string {
  const { accuracy, loss, samples, seconds, confusion } = evaluation;
  const report = {
    event: 'done',
    checkpoint,
    part,
    accuracy,
    loss,
    samples,
    samplesPerSecond: samples / seconds,
    confusion,
  };
  return JSON.stringify(operations === null ? report : { ...report, operations });
}

function text(
  network: LayerNetwork,
  part: string,
  evaluation: Evaluation,
  operations: OperationReport | null,
): string {
  const { accuracy, loss, samples, seconds, confusion } = evaluation;
  const right = Math.round(accuracy * samples);
  const lines = [
    pairs([
      ['accuracy', `${percent(accuracy)}: ${figure(right)} of ${figure(samples)} ${part} samples`],
      ['loss', loss.toFixed(4)],
      ['speed', perSecond(samples / seconds)],
    ]),
    '',
    classTable(confusion),
  ];
  if (operations !== null) lines.push('', operationText(operations, network.config.timesteps));
  return lines.join('\n');
}

function operationText(report: OperationReport, timesteps: number): string {
  const { layers, energy } = report;
  const rows = layers.map((layer) => [
    layer.name,
    layer.spikeRate === null ? '' : percent(layer.spikeRate),
    figure(layer.spikes),
    figure(layer.synapticOperations),
    figure(layer.denseMacs),
  ]);
  const { synapticOperations, denseMacs, neuronUpdates, operationAdvantage, publishedAdvantage } = report;
  const dense = `${energy.denseNanojoules.toFixed(1)} nJ`;
  const spiking = `${energy.spikingNanojoules.toFixed(1)} nJ`;
  const costs = `${energy.picojoulesPerMac} pJ per MAC, ${energy.picojoulesPerAddition} pJ per addition`;
  return [
    `Per sample, over ${timesteps} steps:`,
    table(['layer', 'spike rate', 'spikes', 'synaptic operations', 'dense MACs'], rows),
    '',
    pairs([
      ['synaptic operations', figure(synapticOperations)],
      ['MACs of the dense network', figure(denseMacs)],
      ['MACs for each operation', operationAdvantage.toFixed(2)],
      ['', `(the published network of this shape claims ${publishedAdvantage})`],
    ]),
    '',
    `Energy model, not a measurement: ${energy.name}`,
    `(${energy.source}; ${costs}; no memory traffic)`,
    pairs([
      ['dense network', `${dense}: a MAC for each use of a weight, once per sample`],
      ['spiking network', `${spiking}: an addition for each synaptic operation`],
      ['', `and a MAC for each of ${figure(neuronUpdates)} updates of a neuron`],
      ['advantage', `${energy.advantage.toFixed(2)} x`],
    ]),
  ].join('\n');
}
