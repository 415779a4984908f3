// synfire train for networks of layers.
import type { RunConfig } from '../config/schema.ts';
import type { ProgressDisplay } from '../monitoring/progress.ts';
import { LayerNetwork } from '../networks/layer-network.ts';
import { fit } from '../training/fit.ts';
import type { EpochReport } from '../training/reports.ts';
import type { FitOptions } from '../training/setup.ts';
import { refuseCuda } from './arguments.ts';
import { loadData, selectData } from './data.ts';
import type { RunFiles } from './run-folder.ts';
import { follow } from './train-follow.ts';
import { given, placeFiles, refuseEventOptions, type TrainOptions } from './train-options.ts';
import { JsonOutput, TextOutput } from './train-output.ts';

/** What a training is made of. */
export interface TrainJob<Config> {
  /** The preset or file that was named, if any. */
  source: string | undefined;
  config: Config;
  options: TrainOptions;
  display: ProgressDisplay;
  signal: AbortSignal;
}

export async function trainLayers(job: TrainJob<RunConfig>): Promise<void> {
  const { source, options, display, signal } = job;
  const config = override(job.config, options);
  const network = new LayerNetwork(config.network);
  const data = await loadData(config.data, { signal, display });
  const files = await placeFiles(source, options, config);
  await follow({
    config,
    files,
    output: options.json ? new JsonOutput(files) : new TextOutput(files, { config, network, display }),
    line: (report: EpochReport) => ({ event: 'epoch', ...report }),
    begin: (onStart) =>
      fit(network, data, {
        ...fitOptions(config, files),
        ...given({ resume: options.resume }),
        signal,
        onStart,
        onProgress: (progress) => display.update(progress),
      }),
  });
}

/** The options of the command line replace what the configuration says. */
function override(config: RunConfig, options: TrainOptions): RunConfig {
  refuseEventOptions(options);
  refuseCuda(options);
  const { epochs, batchSize, threads, seed } = options;
  return {
    ...config,
    network: { ...config.network, ...given({ seed }) },
    training: { ...config.training, ...given({ epochs, batchSize, threads, seed }) },
    data: selectData(config.data, options),
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
