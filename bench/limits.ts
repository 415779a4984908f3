// What this machine can do at most: peaks of multiply-add, of matrix products and of memory traffic.
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from './child.ts';
import { howToShare, runTuned, sharedFolder } from './shared.ts';

/** Peaks with a number of threads; null for what could not be measured. */
export interface Limits {
  /** Multiplications and additions, counted separately, per second. */
  fp32: number | null;
  int8: number | null;
  /** The same of a matrix product of the hidden layer's shape by OpenBLAS. */
  sgemm: number | null;
  /** Bytes read or written per second. */
  memory: number | null;
}

export interface LimitsReport {
  /** By number of threads. */
  byThreads: Map<number, Limits>;
  /** What could not be measured, and why. */
  skipped: string[];
}

const programs = {
  fma_peak: ['-O2', 'fma_peak.c', '-lpthread'],
  gemm_peak: ['-O2', 'gemm_peak.c', '-lopenblas'],
  stream_triad: ['-O3', '-march=native', '-ffast-math', '-fopenmp', 'stream_triad.c'],
} as const;

type ProgramName = keyof typeof programs;

/** Runs, of each program. */
const runArguments: Record<ProgramName, readonly string[]> = {
  fma_peak: [],
  gemm_peak: ['320', '1024', '2304', '1'],
  stream_triad: ['256'],
};

const nothing: Limits = { fp32: null, int8: null, sgemm: null, memory: null };

/** Compiles the programs in a temporary folder and runs each with every number of threads. */
export async function measureLimits(threads: readonly number[]): Promise<LimitsReport> {
  const sources = sharedFolder('bench', 'limits');
  const byThreads = new Map(threads.map((count) => [count, { ...nothing }]));
  if (!existsSync(sources)) return { byThreads, skipped: [`there is no ${sources}: ${howToShare}`] };
  const folder = await mkdtemp(join(tmpdir(), 'synfire-limits-'));
  const skipped: string[] = [];
  try {
    for (const name of Object.keys(programs) as ProgramName[]) {
      await measureWith(name, { sources, folder, byThreads }).catch((error: Error) => {
        skipped.push(
          `${name} (needs gcc${name === 'gemm_peak' ? ' and libopenblas-dev' : ''}): ${error.message}`,
        );
      });
    }
  } finally {
    await rm(folder, { recursive: true });
  }
  return { byThreads, skipped };
}

interface Places {
  sources: string;
  folder: string;
  byThreads: Map<number, Limits>;
}

async function measureWith(name: ProgramName, { sources, folder, byThreads }: Places): Promise<void> {
  const program = join(folder, name);
  await run('gcc', ['-o', program, ...programs[name].map((part) => inFolder(part, sources))]);
  for (const [threads, limits] of byThreads) {
    const output = await runTuned(threads, [program, String(threads), ...runArguments[name]]);
    Object.assign(limits, parsers[name](output));
  }
}

function inFolder(part: string, folder: string): string {
  return part.endsWith('.c') ? join(folder, part) : part;
}

const giga = 1e9;

export const parsers: Record<ProgramName, (output: string) => Partial<Limits>> = {
  fma_peak: (output) => ({
    fp32: largest(output, /^fma f32 .* ([\d.]+) Gop\/s/gm),
    int8: largest(output, /^dpbusd int8 .* ([\d.]+) Gop\/s/gm),
  }),
  gemm_peak: (output) => ({ sgemm: largest(output, /^sgemm .* median=([\d.]+) /gm) }),
  // The program counts two reads and a write of each element; the line written to is read first, too.
  stream_triad: (output) => ({ memory: scaled(largest(output, /^triad .* median=([\d.]+) /gm), 4 / 3) }),
};

function largest(output: string, pattern: RegExp): number | null {
  const values = [...output.matchAll(pattern)].map(([, value]) => giga * Number(value));
  return values.length === 0 ? null : Math.max(...values);
}

function scaled(value: number | null, factor: number): number | null {
  return value === null ? null : value * factor;
}
