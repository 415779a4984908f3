// The one door to the addon: nothing else in lib touches native code.

export { callNative, fromNative } from './errors.ts';
export { type RunJobOptions, runJob } from './job.ts';
export { native, packageVersion } from './load.ts';
export type * from './types.ts';
