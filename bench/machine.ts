// The machine and the programs that figures belong to.
import { cpus } from 'node:os';
import { native, packageVersion } from '../lib/native/index.ts';

export interface Machine {
  processor: string;
  /** Processors that a process may use at a time. */
  threads: number;
  instructionSet: string;
  synfire: string;
  node: string;
}

export function describeMachine(): Machine {
  const { isa, hardwareThreads } = native().cpu();
  return {
    processor: cpus()[0]?.model ?? 'unknown processor',
    threads: hardwareThreads,
    instructionSet: isa,
    synfire: packageVersion(),
    node: process.versions.node,
  };
}

export function machineLine({ processor, threads, instructionSet, synfire, node }: Machine): string {
  return `${processor}, ${threads} threads, ${instructionSet}; synfire ${synfire}, Node ${node}`;
}
