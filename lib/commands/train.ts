// synfire train: trains a network as a configuration or a preset says and leaves the results in a folder.
import type { Command } from 'commander';
import { loadAnyRun } from '../config/load.ts';
import { ProgressDisplay } from '../monitoring/progress.ts';
import { computeOptions, dataOptions, integer, largest, outputOptions, word } from './arguments.ts';
import { catchInterrupts } from './interrupt.ts';
import { trainEvents } from './train-events.ts';
import { trainLayers } from './train-layers.ts';
import { configSource, type TrainOptions } from './train-options.ts';
import { trainSpatialNetwork } from './train-spatial.ts';

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
  command
    .optionsGroup('Options of event networks:')
    .option('--neurons <n>', 'excitatory neurons of diehl-cook', integer('--neurons', 1, 6400))
    .option('--images <n>', 'stop after so many images', integer('--images', 1, largest.images))
    .option(
      '--merge <how>',
      'what becomes of the changes that the replicas of a batch made: mean, sum or consensus',
      word('--merge', ['mean', 'sum', 'consensus']),
    )
    .option(
      '--label-images <n>',
      'training images that tell which class a neuron responds to',
      integer('--label-images', 1, largest.samples),
    )
    .option(
      '--evaluate-every <n>',
      'images between two measurements of accuracy (default: an epoch)',
      integer('--evaluate-every', 1, largest.samples),
    );
}

const examples = `
Examples:
  $ synfire train conv-snn --data digits --epochs 3
  $ synfire train conv-snn --data mnist --threads 2 --out runs/first
  $ synfire train examples/conv-snn.toml --batch-size 128 --seed 7
  $ synfire train --resume runs/first              goes on where the run was interrupted
  $ synfire train --resume runs/first --epochs 20  trains longer
  $ synfire train conv-snn --json | jq .validationAccuracy
  $ synfire train diehl-cook --neurons 400 --data mnist --images 60000 --out runs/stdp
  $ synfire train teaching --data digits
  $ synfire train spatial-identity                 a small network that grows while it learns
  $ synfire train spatial-digits --data mnist --epochs 5 --out runs/spatial
  $ synfire train examples/spatial-digits.toml --json | jq .neurons

Ctrl-C stops after the running step, saves, and exits with 130; a second Ctrl-C exits at once.`;

async function train(source: string | undefined, options: TrainOptions): Promise<void> {
  const run = await loadAnyRun(configSource(source, options));
  const display = new ProgressDisplay({ quiet: (options.quiet || options.json) ?? false });
  const interrupt = catchInterrupts(() =>
    display.message('stopping after this step; once more to stop at once'),
  );
  const job = { source, options, display, signal: interrupt.signal };
  try {
    if (run.kind === 'events') await trainEvents({ ...job, config: run.config });
    else if (run.kind === 'spatial') await trainSpatialNetwork({ ...job, config: run.config });
    else await trainLayers({ ...job, config: run.config });
  } finally {
    display.clear();
    interrupt.dispose();
  }
}
