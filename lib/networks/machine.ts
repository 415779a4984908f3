// How much memory a network may take when nothing else is said.
import { totalmem } from 'node:os';

/** The memory that the machine, or the container, has, in bytes. */
export function machineBytes(): number {
  return Math.min(totalmem(), process.constrainedMemory() || Number.POSITIVE_INFINITY);
}
