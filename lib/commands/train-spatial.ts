// synfire train for spatial networks.
import type { SpatialReport } from '../checkpoints/spatial-metadata.ts';
import type { SpatialRunConfig } from '../config/spatial-training.ts';
import { SpatialNetwork } from '../networks/spatial-network.ts';
import type { SpatialFitOptions } from '../training/spatial-setup.ts';
import { trainSpatial } from '../training/train-spatial.ts';
import { deviceOf } from './arguments.ts';
import { loadData, selectData } from './data.ts';
import type { RunFiles } from './run-folder.ts';
import { SpatialJsonOutput, SpatialTextOutput } from './spatial-output.ts';
import { follow } from './train-follow.ts';
import type { TrainJob } from './train-layers.ts';
import { given, placeFiles, refuseEventOptions, type TrainOptions } from './train-options.ts';

export async function trainSpatialNetwork(job: TrainJob<SpatialRunConfig>): Promise<void> {
  const { source, options, display, signal } = job;
  const config = override(job.config, options);
  const { preset: _preset, grids, ...own } = config.network;
  const network = new SpatialNetwork(grids, own);
  const data = await loadData(config.data, { signal, display, vectors: grids[0] });
  network.checkDataset(data.train);
  const files = await placeFiles(source, options, config);
  const setup = { config, network, display };
  await follow({
    config,
    files,
    output: options.json ? new SpatialJsonOutput(files, setup) : new SpatialTextOutput(files, setup),
    line: (report: SpatialReport) => ({ event: 'epoch', ...report }),
    begin: (onStart) =>
      trainSpatial(network, data, {
        ...fitOptions(config, files),
        ...given({ resume: options.resume }),
        signal,
        onStart,
        onProgress: (progress) => display.update(progress),
      }),
  });
}

/** The options of the command line replace what the configuration says. */
function override(config: SpatialRunConfig, options: TrainOptions): SpatialRunConfig {
  refuseEventOptions(options);
  const { epochs, batchSize, threads, seed } = options;
  return {
    ...config,
    network: { ...config.network, ...given({ seed }), ...deviceOf(options) },
    training: { ...config.training, ...given({ epochs, batchSize, threads, seed }) },
    data: selectData(config.data, options),
  };
}

function fitOptions({ training, data, checkpoint }: SpatialRunConfig, files: RunFiles): SpatialFitOptions {
  return {
    ...training,
    validation: data.validation,
    validationSeed: data.validationSeed,
    checkpoint: { ...checkpoint, directory: files.checkpoints },
  };
}
