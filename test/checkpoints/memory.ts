// Files that are only in memory.
import type { ByteAccess } from '../../lib/checkpoints/tensor-file.ts';

export function bytesInMemory(bytes: Uint8Array, name = 'file'): ByteAccess {
  return {
    name,
    size: bytes.length,
    async read(target, position) {
      const part = bytes.subarray(position, position + target.length);
      target.set(part);
      return part.length;
    },
  };
}
