// conv-snn: the main job beside the same network in PyTorch, in turns, and beside the machine's limits.
import { type Command, Option } from 'commander';
import { integer, integers, largest } from '../lib/commands/arguments.ts';
import { LayerNetwork } from '../lib/networks/layer-network.ts';
import { runScript } from './child.ts';
import type { SynfireRequest } from './conv-snn-process.ts';
import { describeCase, type Measurement, type Report, renderReport, type Sides } from './conv-snn-report.ts';
import { type BenchData, chooseData, describeData } from './data.ts';
import { type LimitsReport, measureLimits } from './limits.ts';
import { describeMachine } from './machine.ts';
import { addOutputOptions, type Output, printReport, say } from './output.ts';
import { findPeer, type Measured, type Peer, peerSurrogate, runPeer } from './peer.ts';
import { digits } from './table.ts';
import { type Task, workPerStep } from './work.ts';
import { configOf, type Mode, modes, type Precision } from './workload.ts';

export interface ConvSnnOptions extends Output {
  mode: Mode[];
  batch: number[];
  threads: number[];
  infer?: boolean;
  rounds: number;
  steps?: number;
  precision: Precision;
  peer: boolean;
  bf16: boolean;
  limits: boolean;
  data?: string;
}

export function addConvSnn(program: Command): void {
  const command = program
    .command('conv-snn')
    .description('train the conv-snn preset beside the same network in PyTorch, in turns')
    .option('--mode <list>', 'ways of learning', modes('--mode'), modes.all)
    .option('--batch <list>', 'samples in a batch', integers('--batch', 1, largest.batchSize), [64])
    .option('--threads <list>', 'numbers of threads', integers('--threads', 1, largest.threads), [1, 2])
    .option('--infer', 'measure inference instead of training')
    .option('--rounds <n>', 'turns that each side has; figures are medians', integer('--rounds', 1, 1000), 5)
    .option('--steps <n>', 'steps in a turn (default: about 12,800 samples)', integer('--steps', 1, 100_000))
    .addOption(new Option('--precision <name>', "synfire's forward weights").choices(precisions).default('mixed'))
    .option('--data <digits|folder>', 'built-in digits, or the folder with MNIST')
    .option('--no-peer', 'measure synfire only')
    .option('--no-bf16', 'leave out PyTorch with products in bfloat16')
    .option('--no-limits', "leave out the machine's limits")
    .action(convSnn);
  addOutputOptions(command);
}

const precisions: readonly Precision[] = ['mixed', 'float32'];
const settleSteps = 200;

async function convSnn(options: ConvSnnOptions): Promise<void> {
  const data = chooseData(options.data);
  say(`data: ${describeData(data)}`);
  const peer = await choosePeer(options, data);
  const limits = options.limits ? await findLimits(options.threads) : null;
  const report: Report = {
    ...{ machine: describeMachine(), task: options.infer ? 'infer' : 'train', precision: options.precision },
    ...{ data: data.name, peer: peer?.version ?? null, rounds: options.rounds, settings: [], measurements: [] },
  };
  for (const mode of options.mode) {
    const { network } = configOf({ mode, precision: options.precision });
    const { surrogate } = network.learning;
    report.settings.push({ mode, surrogate, peerSurrogate: peerSurrogate(surrogate) });
    const layers = new LayerNetwork(network).describe();
    for (const batchSize of options.batch) {
      const work = workPerStep(network, layers, { task: report.task, batchSize });
      const sides = await alternate({ options, data, peer, task: report.task, mode, batchSize });
      const limitsOf = (threads: number) => limits?.byThreads.get(threads) ?? null;
      report.measurements.push(
        ...sides.map(({ threads, ...rest }) => ({ mode, batchSize, threads, work, limits: limitsOf(threads), ...rest })),
      );
    }
  }
  printReport(options, report, renderReport);
}

async function choosePeer({ peer: wanted }: ConvSnnOptions, { folder }: BenchData): Promise<Peer | null> {
  if (!wanted || folder === null) return null;
  const peer = await findPeer();
  if (typeof peer !== 'string') return peer;
  say(`no PyTorch beside synfire: ${peer}`);
  return null;
}

async function findLimits(threads: readonly number[]): Promise<LimitsReport> {
  say("measuring the machine's limits");
  const limits = await measureLimits(threads);
  for (const reason of limits.skipped) say(`left out of the limits: ${reason}`);
  return limits;
}
