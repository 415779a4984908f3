// Brian2 on the same networks: built once by a script of its own, then run again in every round.
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from './child.ts';
import { howToShare, sharedFolder } from './shared.ts';

export interface Brian2 {
  python: string;
  version: string;
}

/** Brian2, or in words why it cannot run here and what to do. */
export async function findBrian2(): Promise<Brian2 | string> {
  const script = sharedFolder('bench', 'brian2_networks.py');
  if (!existsSync(script)) return `there is no ${script}: ${howToShare}`;
  for (const python of [process.env.SYNFIRE_PYTHON, '/usr/bin/python3', 'python3']) {
    if (!python) continue;
    const version = await run(python, ['-c', 'import brian2; print(brian2.__version__)']).catch(() => null);
    if (version !== null) return { python, version: version.trim() };
  }
  return 'no Python with Brian2 was found: install it (Debian: apt install python3-brian), or set SYNFIRE_PYTHON';
}

/** A network that Brian2 has turned into a program. */
export class Brian2Program {
  readonly #folder: string;
  readonly #printed: Brian2Figures;

  private constructor(folder: string, printed: Brian2Figures) {
    this.#folder = folder;
    this.#printed = printed;
  }

  /** Runs a script, which compiles for a while, with all that it writes in a new folder within `folder`. */
  static async build(
    brian2: Brian2,
    { script, args, folder, mnist }: { script: string; args: string[]; folder: string; mnist?: string },
  ): Promise<Brian2Program> {
    const home = await mkdtemp(join(folder, 'network-'));
    const environment = { TMPDIR: home, ...(mnist === undefined ? {} : { SYNFIRE_DATA: mnist }) };
    const output = await run(brian2.python, [sharedFolder('bench', script), ...args, 'n=1'], environment);
    const [built] = (await readdir(home)).filter((name) => name.startsWith('brian2-'));
    if (built === undefined) throw new Error(`Brian2 left no program in ${home}`);
    return new Brian2Program(join(home, built), parseBrian2(output));
  }

  /** A figure of the first run, by the name under which the script prints it; every run does the same. */
  figure(name: string): number {
    const value = this.#printed[name];
    if (typeof value !== 'number') throw new Error(`Brian2 printed no ${name}`);
    return value;
  }

  /** Runs the program. Milliseconds of the part after the warm-up, without construction. */
  async wallMs(): Promise<number> {
    await run('bash', ['-c', 'cd "$0" && exec ./main', this.#folder]);
    const [seconds] = (await readFile(join(this.#folder, 'results', 'last_run_info.txt'), 'utf8')).split(' ');
    return 1000 * Number(seconds);
  }
}

export type Brian2Figures = Record<string, unknown>;

/** Reads the line of JSON that the scripts end with. */
export function parseBrian2(output: string): Brian2Figures {
  const line = output.split('\n').findLast((candidate) => candidate.startsWith('{'));
  if (line === undefined) throw new Error(`Brian2 printed no results:\n${output}`);
  return JSON.parse(line) as Brian2Figures;
}
