// Event networks and data that train in a second, for tests.
import { type Dataset, generateDigits } from '../../lib/data/index.ts';
import { EventNetwork } from '../../lib/networks/event-network.ts';
import { presets } from '../../lib/networks/presets.ts';

export function digits(samples: number, firstIndex = 0): Promise<Dataset> {
  return generateDigits({ samples, firstIndex });
}

export function smallDiehlCook(threads = 2, neurons = 30): EventNetwork {
  const tauThetaMs = 25_000 * neurons;
  return new EventNetwork({
    ...presets.diehlCook({ neurons, tauThetaMs, delayMs: [0, 10], seed: 3 }),
    threads,
  });
}

/** The bits of everything that the network has learned. */
export function learned(network: EventNetwork): string {
  const values = [network.weights('input->excitatory'), network.state('excitatory', 'theta')];
  return values.map(({ buffer }) => Buffer.from(buffer).toString('base64')).join();
}
