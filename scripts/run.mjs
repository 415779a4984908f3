// What the scripts beside this file share: running programs from the repository root and listing files.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Runs a program with this terminal's output; ends the script with the program's status when that is not 0. */
export function inherit(program, args, env = {}) {
  const { status, signal, error } = spawnSync(program, args, {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, ...env },
  });
  if (status === 0) return;
  console.error(
    `${program} ${args.join(' ')}: ${error?.message ?? (signal ? `killed by ${signal}` : `status ${status}`)}`,
  );
  process.exit(status || 1);
}

/** Runs a program and returns what it printed; throws with its error output when its status is not 0. */
export function capture(program, args, { cwd = root, env = {} } = {}) {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    cwd,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    env: { ...process.env, ...env },
  });
  if (status !== 0)
    throw new Error(
      `${program} ${args.join(' ')}: ${error?.message ?? `status ${status}\n${stdout}${stderr}`}`,
    );
  return stdout;
}

/** Paths, relative to `base`, of the files in a folder and its subfolders whose name matches; none when it is absent. */
export function filesIn(folder, pattern, base = root) {
  if (!existsSync(join(base, folder))) return [];
  return readdirSync(join(base, folder), { recursive: true })
    .filter((name) => pattern.test(name))
    .map((name) => join(folder, name));
}
