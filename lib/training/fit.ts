// fit: trains a network, one epoch after another, for those who wait and for those who watch.
import type { LayerNetwork } from '../networks/layer-network.ts';
import { TrainingRun } from './run.ts';
import { type FitData, type FitOptions, setUp } from './setup.ts';
import { Training } from './training.ts';

/**
 * Trains `network`. The training begins when the returned object is first awaited or iterated:
 *
 *     const result = await fit(network, data, { epochs: 3 });
 *     for await (const epoch of fit(network, data)) console.log(epoch.validationAccuracy);
 *
 * Awaiting runs to the end. While it is iterated only, the next epoch begins when it is asked for, so that
 * the loop's body may use the network. Throws ERR_SYNFIRE_INVALID_ARGUMENT at once; rejects with
 * ERR_SYNFIRE_NUMERIC when a layer's values are no longer finite, ERR_SYNFIRE_CHECKPOINT when it cannot
 * resume, ERR_SYNFIRE_IO when it cannot save, ERR_SYNFIRE_BUSY when the network is already training.
 */
export function fit(network: LayerNetwork, data: FitData, options: FitOptions = {}): Training {
  const setup = setUp(network, data, options);
  return new Training({ network, signal: setup.signal, begin: () => TrainingRun.begin(setup) });
}
