// trainSpatial: a spatial network learns a data set, growing where its memories are full.
import type { SpatialReport } from '../checkpoints/spatial-metadata.ts';
import type { SpatialNetwork } from '../networks/spatial-network.ts';
import type { FitData } from './setup.ts';
import type { SpatialFitResult } from './spatial-reports.ts';
import { SpatialTrainingRun } from './spatial-run.ts';
import { type SpatialFitOptions, setUpSpatial } from './spatial-setup.ts';
import { Training } from './training.ts';

/**
 * Trains `network` with samples that have labels, an output for each class, or targets, one for each output. The
 * training begins when the returned object is first awaited or iterated:
 *
 *     const { test } = await trainSpatial(network, data, { epochs: 3, prune: { threshold: 0.01 } });
 *     for await (const epoch of trainSpatial(network, data)) console.log(epoch.validationAccuracy, epoch.neurons);
 *
 * The model of the epoch with the highest validation accuracy - with targets, the lowest validation loss - is put back
 * at the end and measured with the test data once. Same seeds and batch size, same bits: for any number of threads,
 * before and after a resume.
 *
 * Throws ERR_SYNFIRE_INVALID_ARGUMENT at once; rejects with ERR_SYNFIRE_NUMERIC when values are no longer finite,
 * ERR_SYNFIRE_CHECKPOINT when it cannot resume, ERR_SYNFIRE_IO when it cannot save, ERR_SYNFIRE_BUSY when the network
 * is already training.
 */
export function trainSpatial(
  network: SpatialNetwork,
  data: FitData,
  options: SpatialFitOptions = {},
): Training<SpatialReport, SpatialFitResult> {
  const setup = setUpSpatial(network, data, options);
  return new Training({ network, signal: setup.signal, begin: () => SpatialTrainingRun.begin(setup) });
}
