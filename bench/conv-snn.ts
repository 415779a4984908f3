// conv-snn: the main job beside the same network in PyTorch, in turns, and beside the machine's limits.
import { type Command, Option } from 'commander';
import { integer, integers, largest } from '../lib/commands/arguments.ts';
import { LayerNetwork } from '../lib/networks/layer-network.ts';
import { runScript } from './child.ts';
import type { SynfireRequest } from './conv-snn-process.ts';
import {
  type Contender,
  type Measurement,
  type Report,
  renderReport,
  type Setting,
  type Side,
} from './conv-snn-report.ts';
import { type BenchData, chooseData, describeData } from './data.ts';
import { type LimitsReport, measureLimits } from './limits.ts';
import { describeMachine } from './machine.ts';
import { addCommonOptions, type CommonOptions, printReport, say } from './options.ts';
import { findPeer, type Measured, type Peer, peerSurrogate, runPeer } from './peer.ts';
import { digits } from './table.ts';
import { type Task, workPerStep } from './work.ts';
import { configOf, type Mode, type Precision } from './workload.ts';

export interface ConvSnnOptions extends CommonOptions {
  batch: number[];
  infer?: boolean;
  rounds: number;
  steps?: number;
  precision: Precision;
  peer: boolean;
  bf16: boolean;
  limits: boolean;
}

export function addConvSnn(program: Command): void {
  const precision = new Option('--precision <name>', "of synfire's forward pass").choices([
    'mixed',
    'float32',
  ]);
  const batch = new Option('--batch <list>', 'samples in a batch').argParser(
    integers('--batch', 1, largest.batchSize),
  );
  const command = program
    .command('conv-snn')
    .description('the conv-snn preset beside the same network in PyTorch, in turns')
    .addOption(batch.default([64], '64'))
    .option('--infer', 'measure inference instead of training')
    .option('--rounds <n>', 'turns of each side; figures are medians', integer('--rounds', 1, 1000), 5)
    .option(
      '--steps <n>',
      'steps in a turn (default: 12,800 samples, at least 20)',
      integer('--steps', 1, 100_000),
    )
    .addOption(precision.default('mixed'))
    .option('--no-peer', 'measure synfire only')
    .option('--no-bf16', 'leave out PyTorch with products in bfloat16')
    .option('--no-limits', "leave out the machine's limits")
    .action(convSnn);
  addCommonOptions(command, { threads: [1, 2] });
}

async function convSnn(options: ConvSnnOptions): Promise<void> {
  const data = chooseData(options.data);
  say(`data: ${describeData(data)}`);
  const peer = await choosePeer(options, data);
  const limits = options.limits ? await findLimits(options.threads) : null;
  const bench: Bench = { options, data, peer, limits, task: options.infer ? 'infer' : 'train' };
  const measurements: Measurement[] = [];
  for (const mode of options.mode) {
    for (const batchSize of options.batch) measurements.push(...(await measure(bench, mode, batchSize)));
  }
  const report: Report = {
    machine: describeMachine(),
    ...{ task: bench.task, precision: options.precision, rounds: options.rounds, data: data.name },
    ...{ pytorch: peer?.version ?? null, settings: options.mode.map(settingOf), measurements },
  };
  printReport(options, report, renderReport(report));
}

/** What stays the same throughout. */
interface Bench {
  options: ConvSnnOptions;
  task: Task;
  data: BenchData;
  peer: Peer | null;
  limits: LimitsReport | null;
}

async function choosePeer({ peer: wanted }: ConvSnnOptions, { folder }: BenchData): Promise<Peer | null> {
  if (!wanted || folder === null) return null;
  const peer = await findPeer();
  if (typeof peer !== 'string') return peer;
  say(`synfire only: ${peer}`);
  return null;
}

async function findLimits(threads: readonly number[]): Promise<LimitsReport> {
  say("measuring the machine's limits");
  const limits = await measureLimits(threads);
  for (const reason of limits.skipped) say(`left out of the limits: ${reason}`);
  return limits;
}

function settingOf(mode: Mode): Setting {
  const { surrogate } = configOf({ mode, precision: 'mixed' }).network.learning;
  return { mode, surrogate, peerSurrogate: peerSurrogate(surrogate) };
}

/** Sides and numbers of threads take turns, so that a machine that slows down does so for all alike. */
async function measure(bench: Bench, mode: Mode, batchSize: number): Promise<Measurement[]> {
  const { options, task, limits } = bench;
  const { network } = configOf({ mode, precision: options.precision });
  const work = workPerStep(network, new LayerNetwork(network).describe(), { task, batchSize });
  const steps = options.steps ?? Math.max(20, Math.round(12_800 / batchSize));
  const measurements = options.threads.map((threads): Measurement => {
    return {
      mode,
      batchSize,
      threads,
      steps,
      work,
      limits: limits?.byThreads.get(threads) ?? null,
      sides: {},
    };
  });
  for (let round = 1; round <= options.rounds; round += 1) {
    for (const measurement of measurements) {
      for (const contender of contendersOf(bench)) {
        const measured = await takeTurn(bench, contender, measurement);
        const place = `${mode}, batch ${batchSize}, threads ${measurement.threads}, round ${round}`;
        say(`${place}: ${contender} ${digits(measured.stepMs)} ms`);
        measurement.sides[contender] = extended(measurement.sides[contender], measured);
      }
    }
  }
  return measurements;
}

function extended(side: Side | undefined, { stepMs, peakMemoryBytes }: Measured): Side {
  return {
    stepMs: [...(side?.stepMs ?? []), stepMs],
    peakMemoryBytes: Math.max(side?.peakMemoryBytes ?? 0, peakMemoryBytes),
  };
}

function contendersOf({ peer, options }: Bench): Contender[] {
  if (peer === null) return ['synfire'];
  return options.bf16 ? ['synfire', 'pytorch', 'pytorchBf16'] : ['synfire', 'pytorch'];
}

function takeTurn(bench: Bench, contender: Contender, measurement: Measurement): Promise<Measured> {
  const { options, task, data, peer } = bench;
  const { mode, batchSize, threads, steps } = measurement;
  const common = { task, mode, batchSize, threads, steps };
  if (contender === 'synfire') {
    const request: SynfireRequest = { ...common, precision: options.precision, data };
    return runScript<Measured>('conv-snn-process', request);
  }
  const bf16 = contender === 'pytorchBf16';
  return runPeer(peer!, { ...common, bf16, surrogate: settingOf(mode).peerSurrogate, data: data.folder! });
}
