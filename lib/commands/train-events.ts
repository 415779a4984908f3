// synfire train for event networks.
import type { RoundReport } from '../checkpoints/event-metadata.ts';
import { type EventRunConfig, isTaught } from '../config/event-training.ts';
import { invalid } from '../errors.ts';
import { native } from '../native/index.ts';
import { EventNetwork } from '../networks/event-network.ts';
import { eventPreset } from '../networks/presets.ts';
import type { EventFitResult, EventFitStart } from '../training/event-reports.ts';
import type { EventFitOptions } from '../training/event-setup.ts';
import type { FitData } from '../training/setup.ts';
import { trainTeaching } from '../training/teaching.ts';
import type { Training } from '../training/training.ts';
import { trainUnsupervised } from '../training/unsupervised.ts';
import { refuseCuda } from './arguments.ts';
import { loadData, selectData } from './data.ts';
import { EventJsonOutput, EventTextOutput, progressLine } from './event-output.ts';
import type { RunFiles } from './run-folder.ts';
import { follow } from './train-follow.ts';
import type { TrainJob } from './train-layers.ts';
import { given, placeFiles, type TrainOptions } from './train-options.ts';

export async function trainEvents(job: TrainJob<EventRunConfig>): Promise<void> {
  const { source, options, display, signal } = job;
  const config = override(job.config, options);
  const { threads } = config.training;
  const network = new EventNetwork({ ...eventPreset(config.network), ...given({ threads }) });
  const data = await loadData(config.data, { signal, display });
  const files = await placeFiles(source, options, config);
  const { json } = options;
  await follow<EventFitStart, RoundReport, EventFitResult>({
    config,
    files,
    output: json ? new EventJsonOutput(files) : new EventTextOutput(files, { config, network, display }),
    line: (report) => ({ event: 'round', ...report }),
    begin: (onStart) =>
      train(network, data, config, {
        ...fitOptions(config, files),
        ...given({ resume: options.resume }),
        signal,
        onStart,
        onProgress: (progress) =>
          display.share(progressLine(progress), progress.images / progress.totalImages),
      }),
  });
}

function train(
  network: EventNetwork,
  data: FitData,
  config: EventRunConfig,
  options: EventFitOptions,
): Training<RoundReport, EventFitResult> {
  if (isTaught(config)) return trainTeaching(network, data, { ...options, protocol: config.protocol });
  return trainUnsupervised(network, data, { ...options, protocol: config.protocol, labels: config.labels });
}

/** The options of the command line replace what the configuration says. */
function override(config: EventRunConfig, options: TrainOptions): EventRunConfig {
  refuseCuda(options);
  const { epochs, threads, seed, images, merge, evaluateEvery } = options;
  const batchSize = options.batchSize ?? config.training.batchSize ?? native().cpu().hardwareThreads;
  const training = {
    ...config.training,
    ...given({ epochs, threads, seed, images, merge, evaluateEvery }),
    batchSize,
  };
  const common = { training, data: selectData(config.data, options) };
  if (isTaught(config)) {
    refuse('--neurons', options.neurons);
    refuse('--label-images', options.labelImages);
    return { ...config, ...common, network: { ...config.network, ...given({ seed }) } };
  }
  const labels = { ...config.labels, ...given({ images: options.labelImages }) };
  const network = { ...config.network, ...given({ seed, neurons: options.neurons }) };
  return { ...config, ...common, labels, network };
}

function refuse(flag: string, value: number | undefined): void {
  if (value === undefined) return;
  const expected = 'nothing: the neurons of this network are taught their classes, one for each';
  throw invalid('ERR_SYNFIRE_INVALID_ARGUMENT', flag, value, expected);
}

function fitOptions({ training, data, checkpoint }: EventRunConfig, files: RunFiles): EventFitOptions {
  return {
    ...training,
    validation: data.validation,
    validationSeed: data.validationSeed,
    checkpoint: { ...checkpoint, directory: files.checkpoints },
  };
}
