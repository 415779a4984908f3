// How much memory the process has needed, and how much there is.
import { totalmem } from 'node:os';

/**
 * The largest resident set size of the process so far, in bytes: JavaScript, native memory and code together.
 */
export function peakMemoryBytes(): number {
  return process.resourceUsage().maxRSS * 1024;
}

/** The memory that the machine, or the container, has, in bytes. */
export function machineBytes(): number {
  return Math.min(totalmem(), process.constrainedMemory() || Number.POSITIVE_INFINITY);
}
