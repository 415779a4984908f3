// The command line of the benchmarks.
import { Command } from 'commander';
import { addConvSnn } from './conv-snn.ts';
import { addEventLoop } from './event-loop.ts';
import { addLatency } from './latency.ts';
import { addMemory } from './memory.ts';

export function createProgram(): Command {
  const program = new Command('npm run bench --')
    .description('Measure synfire; bench/README.md explains the figures.')
    .showSuggestionAfterError()
    .exitOverride();
  for (const add of [addConvSnn, addLatency, addEventLoop, addMemory]) add(program);
  return program;
}
