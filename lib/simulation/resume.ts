// Puts the network of a simulation where a checkpoint stands.
import { comparableOptions, readEventMetadata, restoreState } from '../checkpoints/event-checkpoint.ts';
import { withTensorFile } from '../checkpoints/tensor-file.ts';
import type { EventNetwork } from '../networks/event-network.ts';
import { checkSameSettings, flatten } from '../training/settings.ts';

/**
 * A run of `network` then goes on to the same bits as the one that was saved. Throws ERR_SYNFIRE_CHECKPOINT unless the
 * checkpoint is one of a network with the same options, naming those that differ.
 */
export async function resumeSimulation(network: EventNetwork, checkpoint: string): Promise<void> {
  const { network: saved } = await readEventMetadata(checkpoint);
  const own = comparableOptions(network.options);
  checkSameSettings(flatten('network', own), flatten('network', saved), checkpoint);
  await withTensorFile(checkpoint, (reader) => restoreState(network, reader));
}
