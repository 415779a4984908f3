// One turn of synfire on a balanced network in a process of its own; prints a `SynfireTurn`.
import { EventNetwork } from '../lib/networks/event-network.ts';
import { readRequest } from './child.ts';
import { type BalancedName, type BalancedOptions, balancedNetwork } from './event-networks.ts';
import { type SynfireTurn, synapseBytes } from './synfire-turn.ts';

export interface BalancedRequest extends BalancedOptions {
  network: BalancedName;
  threads: number;
  /** Biological time that is measured, after `warmUpMs`. */
  durationMs: number;
  warmUpMs: number;
}

const { network: name, threads, durationMs, warmUpMs, ...options } = readRequest<BalancedRequest>();
const began = performance.now();
const network = new EventNetwork({ ...balancedNetwork(name, options), threads });
const constructionMs = performance.now() - began;
await network.run(warmUpMs);
const started = performance.now();
const { spikes } = await network.run(durationMs);
const wallMs = performance.now() - started;
const neurons = network.populations.reduce((sum, { size }) => sum + size, 0);
const synapses = network.projections.reduce((sum, projection) => sum + projection.synapses, 0);
const turn: SynfireTurn = {
  ...{ wallMs, constructionMs, ...synapseBytes(network) },
  work: durationMs,
  events: (spikes * synapses) / neurons,
  activity: spikes / neurons / (durationMs / 1000),
};
process.stdout.write(JSON.stringify(turn));
