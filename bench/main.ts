// The benchmarks: npm run bench -- conv-snn | latency | event-loop | memory | cuba | brunel | diehl-cook.
import { CommanderError } from 'commander';
import { errorBlock } from '../lib/commands/text.ts';
import { SynfireError } from '../lib/errors.ts';
import { createProgram } from './program.ts';

process.exitCode = await main();

async function main(): Promise<number> {
  try {
    await createProgram().parseAsync();
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    process.stderr.write(errorBlock(error, { stack: Boolean(process.env.SYNFIRE_DEBUG) }));
    return error instanceof SynfireError ? 2 : 1;
  }
}
