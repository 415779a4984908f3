// The folder beside the repository with peers, data and programs that measure a machine's limits.
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { run } from './child.ts';

/** The folder of the repository. */
export const packageRoot = dirname(createRequire(import.meta.url).resolve('#package.json'));

export function sharedFolder(...names: string[]): string {
  return join(process.env.SYNFIRE_SHARED || join(packageRoot, '..', 'shared'), ...names);
}

/** What to do when that folder is not there. */
export const howToShare =
  'set SYNFIRE_SHARED to the folder that holds bench/ and data/mnist (default: ../shared)';

/** Runs a program with the settings under which PyTorch and OpenBLAS are fastest, if they are there. */
export async function runTuned(threads: number, command: readonly string[]): Promise<string> {
  const settings = sharedFolder('bench', 'env.sh');
  const [file = '', ...args] = command;
  if (!existsSync(settings)) return run(file, args);
  return run('bash', ['-c', '. "$0" && exec "$@"', settings, ...command], { THREADS: String(threads) });
}
