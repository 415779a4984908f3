// Finds and loads the addon, once per process or worker, and says what to do when there is none.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { SynfireError } from '../errors.ts';
import type { NativeAddon } from './types.ts';

const require = createRequire(import.meta.url);

let loaded: NativeAddon | undefined;

/** The addon. Throws SynfireError ERR_SYNFIRE_NATIVE_MISSING with what to do about it. */
export function native(): NativeAddon {
  loaded ??= load();
  return loaded;
}

/** The version of this package. */
export function packageVersion(): string {
  const { version } = JSON.parse(readFileSync(packageFile(), 'utf8')) as { version: string };
  return version;
}

function load(): NativeAddon {
  const root = dirname(packageFile());
  const addon = loadFrom(root);
  const wanted = packageVersion();
  if (addon.version !== wanted) {
    throw missing(root, `The addon was built for version ${addon.version}, this is ${wanted}.`);
  }
  return addon;
}

function loadFrom(root: string): NativeAddon {
  const findAndLoad = require('node-gyp-build') as (root: string) => NativeAddon;
  try {
    return findAndLoad(root);
  } catch (error) {
    throw missing(root, describe(error), error);
  }
}

/** package.json lies at a different depth from lib/ and from dist/lib/: the package's own import map knows where. */
function packageFile(): string {
  return require.resolve('#package.json');
}

function missing(root: string, reason: string, cause?: unknown): SynfireError {
  const hints = [
    `synfire found no native addon for ${platform()}: ${reason}`,
    'Ways to get one:',
    `  - build it from source (needs g++ 12 or clang 16, make and python3): cd ${JSON.stringify(root)} && npx node-gyp@12 rebuild`,
    '  - node_modules copied from another machine or base image? Run npm ci where the program runs.',
    '  - a bundler or packer at work? Keep synfire external and its prebuilds/ folder in place.',
    '  - a prebuilt addon elsewhere? Name the folder that holds build/Release in SYNFIRE_PREBUILD.',
  ];
  return new SynfireError('ERR_SYNFIRE_NATIVE_MISSING', hints.join('\n'), {
    field: 'platform',
    value: platform(),
    expected: 'a platform with a prebuilt or locally built addon',
    cause,
  });
}

function platform(): string {
  const report = process.report?.getReport() as { header?: { glibcVersionRuntime?: string } } | undefined;
  const glibc = report?.header?.glibcVersionRuntime;
  const libc = process.platform === 'linux' ? (glibc ? ` (glibc ${glibc})` : ' (musl)') : '';
  return `${process.platform}-${process.arch}${libc}, Node ${process.versions.node}`;
}

function describe(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  if (message.startsWith('No native build')) return 'no prebuilt binary fits and none was built.';
  return message.split('\n', 1)[0] ?? message;
}
