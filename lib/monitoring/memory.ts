// How much memory the whole process has needed.

/**
 * The largest resident set size of the process so far, in bytes: JavaScript, native memory and code together.
 */
export function peakMemoryBytes(): number {
  return process.resourceUsage().maxRSS * 1024;
}
