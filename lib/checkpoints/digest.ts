// A short name for the contents of an array.
import { createHash } from 'node:crypto';

export function digest(values: Uint32Array | Float32Array | Float64Array): string {
  return createHash('sha256').update(values).digest('hex').slice(0, 16);
}
