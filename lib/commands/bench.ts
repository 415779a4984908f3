// synfire bench: how fast this machine trains and predicts with a preset or a configuration, on built-in
// data.
import type { Command } from 'commander';
import { loadRun } from '../config/load.ts';
import type { RunConfig, TrainingConfig } from '../config/schema.ts';
import { type Dataset, datasets } from '../data/index.ts';
import { native, runJob } from '../native/index.ts';
import { LayerNetwork } from '../networks/layer-network.ts';
import { nativeOptimizer } from '../training/optimizer.ts';
import { integer, integers, largest } from './arguments.ts';
import { catchInterrupts } from './interrupt.ts';
import { figure, table } from './text.ts';

export function addBench(program: Command): void {
  program
    .command('bench')
    .description('measure training and prediction on this machine')
    .argument('[config|preset]', 'what to measure; its input has to be 1 x 28 x 28', 'conv-snn')
    .option(
      '--batch-size <list>',
      'samples in a batch, such as 1,64',
      integers('--batch-size', 1, largest.batchSize),
      [64],
    )
    .option(
      '--threads <list>',
      'numbers of threads (default: all processors)',
      integers('--threads', 1, largest.threads),
    )
    .option('--steps <n>', 'training steps of a measurement', integer('--steps', 1, 10_000), 30)
    .option('--json', 'print one JSON object for each measurement')
    .addHelpText('after', examples)
    .action(bench);
}

const examples = `
Every figure is taken after a warm-up. Times of single predictions are the median and the 99th percentile and include
the encoding of the sample.

Examples:
  $ synfire bench
  $ synfire bench conv-snn-bptt --batch-size 16,64,256 --threads 1,2`;

interface BenchOptions {
  batchSize: number[];
  threads?: number[];
  steps: number;
  json?: boolean;
}

interface Measurement {
  config: string;
  threads: number;
  batchSize: number;
  /** Milliseconds of one training step. */
  trainStepMs: number;
  trainSamplesPerSecond: number;
  predictSamplesPerSecond: number;
  /** Milliseconds from one sample to its scores. */
  singleP50Ms: number;
  singleP99Ms: number;
}

async function bench(source: string, options: BenchOptions): Promise<void> {
  const { batchSize: batchSizes, threads = [native().cpu().hardwareThreads], steps, json = false } = options;
  const config = await loadRun(source);
  const interrupt = catchInterrupts();
  try {
    const { signal } = interrupt;
    const most = Math.max(...batchSizes);
    const { train: samples } = await datasets.load('digits', {
      limit: Math.min(60_000, Math.max(2000, most * steps)),
      signal,
    });
    const rows: Measurement[] = [];
    for (const count of threads) {
      for (const batchSize of batchSizes) {
        const measurement = await measure(
          { source, config, samples, threads: count, batchSize, steps },
          signal,
        );
        if (json) process.stdout.write(`${JSON.stringify(measurement)}\n`);
        rows.push(measurement);
      }
    }
    if (!json) process.stdout.write(`${describe(source, rows)}\n`);
  } finally {
    interrupt.dispose();
  }
}

interface Subject {
  source: string;
  config: RunConfig;
  samples: Dataset;
  threads: number;
  batchSize: number;
  steps: number;
}

async function measure(subject: Subject, signal: AbortSignal): Promise<Measurement> {
  const { source, config, samples, threads, batchSize } = subject;
  const network = new LayerNetwork(config.network);
  network.checkDataset(samples);
  network.prepare({ batchSize, threads, optimizer: nativeOptimizer(config.training) });
  const stepSeconds = await timeTraining(network, subject, signal);
  network.prepare({ batchSize, threads });
  await network.evaluate(samples, {
    indices: Uint32Array.from({ length: Math.min(256, samples.samples) }, (_, i) => i),
    signal,
  });
  const evaluation = await network.evaluate(samples, { signal });
  const single = await timeSingles(network, samples, signal);
  return {
    config: source,
    threads,
    batchSize,
    trainStepMs: 1000 * stepSeconds,
    trainSamplesPerSecond: batchSize / stepSeconds,
    predictSamplesPerSecond: evaluation.samples / evaluation.seconds,
    ...single,
  };
}

/** Seconds of a training step: an epoch whose steps are all full batches, after one of three steps. */
async function timeTraining(network: LayerNetwork, subject: Subject, signal: AbortSignal): Promise<number> {
  const { config, samples, batchSize, steps } = subject;
  const warmUp = 3;
  const epoch = (epochSteps: number, number: number) => {
    const request = {
      ...epochRequest(config.training, samples, batchSize * epochSteps),
      epoch: number,
      lastStep: epochSteps,
      learningRates: new Float64Array(epochSteps).fill(config.training.optimizer.learningRate),
    };
    return runJob(() => network.native.trainEpoch(request), { signal });
  };
  await epoch(warmUp, 0);
  return (await epoch(steps, 1)).seconds / steps;
}

function epochRequest(training: TrainingConfig, samples: Dataset, count: number) {
  return {
    dataset: samples.native,
    indices: Uint32Array.from({ length: count }, (_, i) => i % samples.samples),
    seed: training.seed,
    firstStep: 0,
    augmentation: training.augmentation ?? null,
    metrics: { lossSum: 0, correct: 0, samples: 0 },
  };
}

/** Times of the synchronous path for single samples; the event loop gets its turn every few of them. */
async function timeSingles(
  network: LayerNetwork,
  samples: Dataset,
  signal: AbortSignal,
): Promise<Pick<Measurement, 'singleP50Ms' | 'singleP99Ms'>> {
  const rounds = 2000;
  const scores = new Float32Array(network.classes);
  const times: number[] = [];
  for (let round = -200; round < rounds; round += 1) {
    const sample = samples.native.readSamples((round + rounds) % samples.samples, 1);
    const began = performance.now();
    network.predictOne(sample, scores);
    if (round >= 0) times.push(performance.now() - began);
    if (round % 16 === 0) await new Promise((resolve) => setImmediate(resolve));
    signal.throwIfAborted();
  }
  times.sort((a, b) => a - b);
  const at = (share: number) => times[Math.floor(share * (times.length - 1))] ?? Number.NaN;
  return { singleP50Ms: at(0.5), singleP99Ms: at(0.99) };
}

function describe(source: string, rows: readonly Measurement[]): string {
  const head = ['threads', 'batch', 'training step', 'trains', 'predicts', 'one sample p50', 'p99'];
  const cells = rows.map((row) => [
    String(row.threads),
    String(row.batchSize),
    `${row.trainStepMs.toFixed(2)} ms`,
    `${figure(row.trainSamplesPerSecond)}/s`,
    `${figure(row.predictSamplesPerSecond)}/s`,
    `${row.singleP50Ms.toFixed(3)} ms`,
    `${row.singleP99Ms.toFixed(3)} ms`,
  ]);
  return `${source}, ${native().cpu().isa} instructions\n${table(head, cells)}`;
}
