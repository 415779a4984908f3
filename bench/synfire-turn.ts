// What a process that measures synfire on an event network prints.
import type { EventNetwork } from '../lib/networks/event-network.ts';
import type { Turn } from './events-report.ts';

export interface SynfireTurn extends Turn {
  /** Drawing and laying out all synapses. */
  constructionMs: number;
  bytesPerSynapse: number;
  /** null without plastic synapses. */
  bytesPerPlasticSynapse: number | null;
}

export function synapseBytes(
  network: EventNetwork,
): Pick<SynfireTurn, 'bytesPerSynapse' | 'bytesPerPlasticSynapse'> {
  const memory = network.memory();
  const plastic = memory.plasticSynapses;
  return {
    bytesPerSynapse: memory.synapseBytes / memory.synapses,
    bytesPerPlasticSynapse: plastic === 0 ? null : memory.plasticSynapseBytes / plastic,
  };
}
