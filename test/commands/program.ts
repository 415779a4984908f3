// Runs the real program in child processes, in a folder of its own.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ExecutionContext } from 'ava';

export const program = fileURLToPath(new URL('../../lib/commands/main.js', import.meta.url));

/** A network that trains in a second. */
export const smallConfig = `
[network]
input_shape = [1, 28, 28]
timesteps = 4

[[network.layers]]
kind = "conv2d"
filters = 4
kernel = 5
stride = 4

[[network.layers]]
kind = "dense"
units = 16

[[network.layers]]
kind = "dense"
units = 10

[training]
epochs = 2
batch_size = 16
threads = 1

[training.optimizer]
kind = "adam"
learning_rate = 0.01

[training.schedule]
kind = "cosine"
epochs = 4

[data]
name = "digits"
limit = 300

[data.augmentation]
shift = 1
`;

export interface Outcome {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

export interface RunningProgram {
  child: ChildProcess;
  done: Promise<Outcome>;
}

/** A new folder with the small configuration in `small.toml` and the other files named, removed after the test. */
export async function workFolder(t: ExecutionContext, others: Record<string, string> = {}): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'synfire-program-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  for (const [name, text] of Object.entries({ 'small.toml': smallConfig, ...others }))
    await writeFile(join(folder, name), text);
  return folder;
}

/** Starts `synfire` with these arguments. */
export function start(cwd: string, ...args: string[]): RunningProgram {
  return startCommand(cwd, process.execPath, [program, ...args]);
}

export function startCommand(cwd: string, command: string, args: string[]): RunningProgram {
  const child = spawn(command, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  const outcome = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    outcome.stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    outcome.stderr += text;
  });
  const done = new Promise<Outcome>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal, ...outcome }));
  });
  return { child, done };
}

/** Runs `synfire` to its end. */
export function run(cwd: string, ...args: string[]): Promise<Outcome> {
  return start(cwd, ...args).done;
}

/** Runs `synfire`, which has to succeed. */
export async function succeed(t: ExecutionContext, cwd: string, ...args: string[]): Promise<Outcome> {
  const outcome = await run(cwd, ...args);
  t.is(outcome.code, 0, outcome.stderr);
  return outcome;
}

/** The objects of JSON lines. */
export function jsonLines(text: string): Record<string, unknown>[] {
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
}
