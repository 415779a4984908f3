// The options of `synfire eval` as they come from the command line.
export interface EvalOptions {
  data?: string;
  limit?: number;
  part: 'test' | 'train';
  ops?: boolean;
  labelImages?: number;
  batchSize?: number;
  threads?: number;
  json?: boolean;
  quiet?: boolean;
}
