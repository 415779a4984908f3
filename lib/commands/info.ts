// synfire info: what this installation is and what it can use.
import type { Command } from 'commander';
import { native, packageVersion } from '../native/index.ts';
import { pairs } from './text.ts';

export function addInfo(program: Command): void {
  program
    .command('info')
    .description('show version, instruction sets, devices and threads')
    .option('--json', 'print one JSON object')
    .action(({ json = false }: { json?: boolean }) => {
      const info = collect();
      process.stdout.write(`${json ? JSON.stringify(info) : describe(info)}\n`);
    });
}

interface Info {
  version: string;
  instructionSet: string;
  instructionSets: string[];
  devices: string[];
  threads: number;
  node: string;
  platform: string;
}

function collect(): Info {
  const { isa, supported, hardwareThreads } = native().cpu();
  return {
    version: packageVersion(),
    instructionSet: isa,
    instructionSets: supported,
    devices: ['cpu'],
    threads: hardwareThreads,
    node: process.versions.node,
    platform: `${process.platform}-${process.arch}`,
  };
}

function describe(info: Info): string {
  return pairs([
    ['synfire', info.version],
    ['instruction set', `${info.instructionSet} (of ${info.instructionSets.join(', ')})`],
    ['devices', info.devices.join(', ')],
    ['threads', String(info.threads)],
    ['node', info.node],
    ['platform', info.platform],
  ]);
}
