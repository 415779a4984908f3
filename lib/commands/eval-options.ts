// The options of `synfire eval` as they come from the command line.
import type { DeviceName } from './arguments.ts';

export interface EvalOptions {
  data?: string;
  limit?: number;
  part: 'test' | 'train';
  ops?: boolean;
  labelImages?: number;
  batchSize?: number;
  threads?: number;
  device?: DeviceName;
  json?: boolean;
  quiet?: boolean;
}
