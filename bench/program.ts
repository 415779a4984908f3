// The command line of the benchmarks.
import { Command } from 'commander';
import { addBrunel, addCuba } from './balanced.ts';
import { addConvSnn } from './conv-snn.ts';
import { addDiehlCook } from './diehl-cook.ts';
import { addEventLoop } from './event-loop.ts';
import { addLatency } from './latency.ts';
import { addMemory } from './memory.ts';
import { addSpatial } from './spatial.ts';

export function createProgram(): Command {
  const program = new Command('npm run bench --')
    .description('Measure synfire; bench/README.md explains the figures.')
    .showSuggestionAfterError()
    .exitOverride();
  const layers = [addConvSnn, addLatency, addEventLoop, addMemory];
  const events = [addCuba, addBrunel, addDiehlCook];
  for (const add of [...layers, ...events, addSpatial]) add(program);
  return program;
}
