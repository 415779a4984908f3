// synfire train: trains a network as a configuration or a preset says and leaves the results in a folder.
import { existsSync } from 'node:fs';
import { basename, extname } from 'node:path';
import type { Command } from 'commander';
import { writeFileAtomic } from '../checkpoints/atomic.ts';
import { loadRun } from '../config/load.ts';
import type { RunConfig } from '../config/schema.ts';
import { invalid } from '../errors.ts';
import { MetricsFile } from '../monitoring/metrics.ts';
import { ProgressDisplay } from '../monitoring/progress.ts';
import { LayerNetwork } from '../networks/layer-network.ts';
import { fit } from '../training/fit.ts';
import type { EpochReport } from '../training/reports.ts';
import type { FitOptions } from '../training/setup.ts';
import { computeOptions, dataOptions, integer, largest, outputOptions } from './arguments.ts';
import { loadData, selectData } from './data.ts';
import { catchInterrupts, Interruption } from './interrupt.ts';
import { filesOf, makeRunFolder, type RunFiles, runFolder } from './run-folder.ts';
import { JsonOutput, TextOutput } from './train-output.ts';

export function addTrain(program: Command): void {
  const command = program
    .command('train')
    .description('train a network')
    .argument(
      '[config|preset]',
      'a .toml or .json file or a preset; with --resume, default: the configuration of that run',
    )
    .option('--epochs <n>', 'passes over the training data', integer('--epochs', 1, largest.epochs))
    .option(
      '--seed <n>',
      'of initial weights, order of samples, spikes and augmentation',
      integer('--seed', 0, largest.seed),
    )
    .option(
      '--out <folder>',
      'where results go (default: runs/<name>-<time>, or the folder of the run to resume)',
    )
    .option(
      '--resume <run>',
      "go on from a run's folder or a checkpoint; the results are the same as without the break",
    )
    .addHelpText('after', examples)
    .action(train);
  outputOptions(computeOptions(dataOptions(command)));
}

const examples = `
Examples:
  $ synfire train conv-snn --data digits --epochs 3
  $ synfire train conv-snn --data mnist --threads 2 --out runs/first
  $ synfire train examples/conv-snn.toml --batch-size 128 --seed 7
  $ synfire train --resume runs/first              goes on where the run was interrupted
  $ synfire train --resume runs/first --epochs 20  trains longer
  $ synfire train conv-snn --json | jq .validationAccuracy

Ctrl-C stops after the running step, saves, and exits with 130; a second Ctrl-C exits at once.`;

interface TrainOptions {
  data?: string;
  limit?: number;
  epochs?: number;
  batchSize?: number;
  threads?: number;
  seed?: number;
  out?: string;
  resume?: string;
  json?: boolean;
  quiet?: boolean;
}

async function train(source: string | undefined, options: TrainOptions): Promise<void> {
  const config = override(await loadRun(configSource(source, options)), options);
  const display = new ProgressDisplay({ quiet: (options.quiet || options.json) ?? false });
  const interrupt = catchInterrupts(() =>
    display.message('stopping after this step; once more to stop at once'),
  );
  try {
    await run(source, { config, options, display }, interrupt.signal);
  } finally {
    display.clear();
    interrupt.dispose();
  }
}

interface Job {
  config: RunConfig;
  options: TrainOptions;
  display: ProgressDisplay;
}

async function run(
  source: string | undefined,
  { config, options, display }: Job,
  signal: AbortSignal,
): Promise<void> {
  const network = new LayerNetwork(config.network);
  const data = await loadData(config.data, { signal, display });
  const files = placeFiles(await outputFolder(source, options), config);
  const output = options.json ? new JsonOutput(files) : new TextOutput(files, { config, network, display });
  let metrics: MetricsFile | undefined;
  const training = fit(network, data, {
    ...fitOptions(config, files),
    ...(options.resume === undefined ? {} : { resume: options.resume }),
    signal,
    onProgress: (progress) => display.update(progress),
    onStart: async (start) => {
      await writeFileAtomic(files.config, [Buffer.from(`${JSON.stringify(config, null, 2)}\n`)]);
      metrics = await MetricsFile.open(files.metrics, start.history.map(epochLine));
      output.start(start);
    },
  });
  try {
    for await (const report of training) {
      await metrics?.append(epochLine(report));
      output.epoch(report);
    }
    output.done(await training);
  } catch (error) {
    if (error instanceof Interruption && metrics !== undefined) output.interrupted();
    throw error;
  } finally {
    await metrics?.close();
  }
}

function configSource(source: string | undefined, { resume }: TrainOptions): string {
  if (source !== undefined) return source;
  const expected = 'a .toml or .json file, or a preset such as conv-snn';
  if (resume === undefined) throw invalid('ERR_SYNFIRE_INVALID_ARGUMENT', 'config', undefined, expected);
  const { config } = filesOf(runFolder(resume));
  if (existsSync(config)) return config;
  throw invalid(
    'ERR_SYNFIRE_INVALID_ARGUMENT',
    'config',
    undefined,
    `${expected}: there is no ${config} to take it from`,
  );
}

/** The options of the command line replace what the configuration says. */
function override(config: RunConfig, options: TrainOptions): RunConfig {
  const { epochs, batchSize, threads, seed } = options;
  return {
    ...config,
    network: { ...config.network, ...given({ seed }) },
    training: { ...config.training, ...given({ epochs, batchSize, threads, seed }) },
    data: selectData(config.data, options),
  };
}

/** The values that are there. */
function given<Values extends object>(
  values: Values,
): { [Key in keyof Values]?: Exclude<Values[Key], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as never;
}

async function outputFolder(source: string | undefined, { out, resume }: TrainOptions): Promise<string> {
  if (out !== undefined) return out;
  if (resume !== undefined) return runFolder(resume);
  return makeRunFolder(basename(source ?? 'run', extname(source ?? '')));
}

function placeFiles(folder: string, { checkpoint, metrics }: RunConfig): RunFiles {
  const files = filesOf(folder);
  return {
    ...files,
    checkpoints: checkpoint.directory ?? files.checkpoints,
    metrics: metrics.file ?? files.metrics,
  };
}

function fitOptions({ training, data, checkpoint }: RunConfig, files: RunFiles): FitOptions {
  const { stdp: _off, ...options } = training;
  return {
    ...options,
    validation: data.validation,
    validationSeed: data.validationSeed,
    checkpoint: { ...checkpoint, directory: files.checkpoints },
  };
}

function epochLine(report: EpochReport): object {
  return { event: 'epoch', ...report };
}
