// Gives the sources of a network what its simulation says they send.
import { locating } from '../config/check.ts';
import type { EventNetwork } from '../networks/event-network.ts';
import { underField } from './fields.ts';
import type { LoadedSimulation } from './load.ts';

/** Throws ERR_SYNFIRE_CONFIG, naming the place, for spikes and rates that cannot be, and the errors of files. */
export async function sendInputs(
  network: EventNetwork,
  { config, locate, spikesOf }: LoadedSimulation,
  signal?: AbortSignal,
): Promise<void> {
  for (const [population, input] of Object.entries(config.inputs)) {
    const spikes = await spikesOf(population, { signal });
    locating(locate, () =>
      underField(`inputs.${population}`, () => {
        if ('ratesHz' in input) network.setRates(population, input.ratesHz);
        else if (spikes !== undefined) network.addSpikes(population, spikes);
      }),
    );
  }
}
