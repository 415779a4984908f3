// trainTeaching: an event network is told, after each sample, which of its neurons should have fired.
import type { RoundReport } from '../checkpoints/event-metadata.ts';
import { check } from '../config/check.ts';
import { type LatencyProtocolOptions, latencyProtocolSchema } from '../config/event-training.ts';
import type { EventNetwork } from '../networks/event-network.ts';
import type { EventFitResult } from './event-reports.ts';
import { EventTrainingRun } from './event-run.ts';
import { type EventFitOptions, setUpEvents } from './event-setup.ts';
import type { FitData } from './setup.ts';
import { Training } from './training.ts';

export interface TeachingFitOptions extends EventFitOptions {
  /** How samples become spikes, and which projection is taught. */
  protocol?: LatencyProtocolOptions;
}

/**
 * Trains `network` with the samples of a data set, as one spike of each value, the earlier the larger it is. After
 * each sample the synapses onto the neurons of the right class are strengthened, and those onto the others weakened,
 * by the pairs of spikes they have seen (rule `teaching`). Begins, measures and fails as `trainUnsupervised` does.
 */
export function trainTeaching(
  network: EventNetwork,
  data: FitData,
  { protocol, ...options }: TeachingFitOptions = {},
): Training<RoundReport, EventFitResult> {
  const root = { root: 'protocol', code: 'ERR_SYNFIRE_INVALID_ARGUMENT' } as const;
  const shown = { kind: 'latency', ...check(latencyProtocolSchema, protocol ?? {}, root) } as const;
  const setup = setUpEvents(network, data, { protocol: shown, labels: null }, options);
  return new Training({ network, signal: setup.signal, begin: () => EventTrainingRun.begin(setup) });
}
