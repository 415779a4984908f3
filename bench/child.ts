// Runs other programs and the benchmarks' own scripts, each in a process of its own.
import { execFile } from 'node:child_process';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const execute = promisify(execFile);
const mostOutputBytes = 2 ** 26;

/** What a program wrote to standard output; rejects with the end of its standard error when it fails. */
export async function run(
  file: string,
  args: readonly string[],
  environment: Record<string, string> = {},
): Promise<string> {
  const options = { env: { ...process.env, ...environment }, maxBuffer: mostOutputBytes };
  try {
    return (await execute(file, args, options)).stdout;
  } catch (error) {
    const { code, signal, stderr = '' } = error as { code?: unknown; signal?: unknown; stderr?: string };
    const reason = stderr.trim().split('\n').slice(-8).join('\n') || `ended with ${code ?? signal}`;
    throw new Error(`${basename(file)} ${args[0] ?? ''}: ${reason}`, { cause: error });
  }
}

/** Where a script of this folder lies, compiled. */
export function scriptPath(name: string): string {
  return fileURLToPath(new URL(`./${name}.js`, import.meta.url));
}

/** Runs a script of this folder, which reads `request` with `readRequest` and prints its answer as JSON. */
export async function runScript<Answer>(name: string, request: object): Promise<Answer> {
  return JSON.parse(await run(process.execPath, [scriptPath(name), JSON.stringify(request)])) as Answer;
}

export function readRequest<Request>(): Request {
  return JSON.parse(process.argv[2]!) as Request;
}
