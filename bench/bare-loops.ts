// Bare C++ loops for the same networks: about what a core can do. Compiled on the spot, each turn a process of its own.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './child.ts';
import type { BalancedName } from './event-networks.ts';
import { howToShare, sharedFolder } from './shared.ts';

const programs = { cuba: ['-lpthread'], dc: ['-lpthread', '-lz'] } as const;
export type BareProgram = keyof typeof programs;

/** Compiles a program into `folder` and says where it lies. Throws what to do when that cannot be. */
export async function compileBareLoop(name: BareProgram, folder: string): Promise<string> {
  const source = sharedFolder('bench', 'limits', `${name}.cpp`);
  if (!existsSync(source)) throw new Error(`there is no ${source}: ${howToShare}`);
  const program = join(folder, name);
  await run('g++', ['-O3', '-march=native', '-o', program, source, ...programs[name]]);
  return program;
}

export interface BareBalanced {
  wallMs: number;
  rateHz: number;
  synapses: number;
  bytesPerSynapse: number;
}

/** How the loop learns: not at all, by going through a column at every postsynaptic spike, or late, row by row. */
export type BareLearning = 'static' | 'columns' | 'deferred';
const learningModes: Record<BareLearning, string> = { static: '0', columns: '1', deferred: '2' };

export interface BareRequest {
  network: BalancedName;
  learning: BareLearning;
  threads: number;
  durationMs: number;
}

export async function runBareBalanced(program: string, request: BareRequest): Promise<BareBalanced> {
  const { network, learning, threads, durationMs } = request;
  const model = network === 'cuba' ? 'cuba' : 'bruneldc'; // its "brunel" has external spikes
  return parseBareBalanced(
    await run(program, [model, String(durationMs), String(threads), learningModes[learning]]),
  );
}

export function parseBareBalanced(output: string): BareBalanced {
  return {
    wallMs: 1000 * figure(output, /\bwall=([\d.]+)s/),
    rateHz: figure(output, /\brate=([\d.]+)Hz/),
    synapses: figure(output, /\bsyn=(\d+)/),
    bytesPerSynapse: figure(output, /\bbytes\/syn=([\d.]+)/),
  };
}

export interface BareDiehlCook {
  imagesPerSecond: number;
  eventsPerSecond: number;
  /** Spikes of excitatory neurons. */
  spikesPerImage: number;
}

export interface BareDiehlCookRequest {
  /** Of every thread, which trains a network of its own. */
  images: number;
  restMs: number;
  threads: number;
  /** The folder with MNIST. */
  mnist: string;
}

export async function runBareDiehlCook(
  program: string,
  { images, restMs, threads, mnist }: BareDiehlCookRequest,
): Promise<BareDiehlCook> {
  const output = await run(program, [images, restMs, threads].map(String), { SYNFIRE_DATA: mnist });
  return parseBareDiehlCook(output);
}

export function parseBareDiehlCook(output: string): BareDiehlCook {
  return {
    imagesPerSecond: figure(output, /\bimages\/s=([\d.]+)/),
    eventsPerSecond: 1e6 * figure(output, /\bsynev\/s=([\d.]+)M/),
    spikesPerImage: figure(output, /\bexc\/img=([\d.]+)/),
  };
}

function figure(output: string, pattern: RegExp): number {
  const [, text] = pattern.exec(output) ?? [];
  if (text === undefined) throw new Error(`the bare loop printed no ${pattern.source}:\n${output}`);
  return Number(text);
}
