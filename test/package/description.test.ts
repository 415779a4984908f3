// The package's own description: one list of sources, exact versions, nothing that runs at installation.

import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import test from 'ava';

const root = dirname(createRequire(import.meta.url).resolve('#package.json'));

function readJson(name: string) {
  return JSON.parse(readFileSync(join(root, name), 'utf8'));
}

function sources() {
  const { variables } = readJson('native/sources.gypi') as { variables: Record<string, string[]> };
  const { cuda_sources: kernels = [], emulation_sources: emulation = [], ...rest } = variables;
  const listed = Object.entries(rest).flatMap(([key, names]) => (key.endsWith('_sources') ? names : []));
  return { listed, cuda: [...kernels, ...emulation] };
}

function filesIn(folder: string, name: RegExp): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => name.test(file))
    .map((file) => `${folder}/${file}`);
}

test('every C++ source stands in exactly one list of native/sources.gypi', (t) => {
  const { listed } = sources();
  t.deepEqual(listed.toSorted(), filesIn('native', /\.cc$/).toSorted());
});

test('every CUDA source stands in one of its lists, with what the engine shares', (t) => {
  const { listed, cuda } = sources();
  const own = cuda.filter((name) => name.startsWith('cuda/'));
  // Times are taken on GPU machines alone: scripts/gpu-check.sh builds that program.
  const present = filesIn('cuda', /\.(cc|cu)$/).filter((name) => !name.endsWith('_timings.cc'));
  t.deepEqual(own.toSorted(), present.toSorted());
  const shared = cuda.filter((name) => !name.startsWith('cuda/'));
  t.deepEqual(
    shared.filter((name) => !listed.includes(name)),
    [],
  );
});

test('dependencies are pinned exactly, and the lock file agrees', (t) => {
  const { dependencies, devDependencies } = readJson('package.json');
  const lock = readJson('package-lock.json').packages[''];
  for (const version of Object.values({ ...dependencies, ...devDependencies }))
    t.regex(String(version), /^\d+\.\d+\.\d+$/);
  t.deepEqual(lock.dependencies, dependencies);
  t.deepEqual(lock.devDependencies, devDependencies);
});

test('every build is for the same version of Node-API', (t) => {
  const [version] = readJson('package.json').binary.napi_versions;
  for (const name of ['binding.gyp', 'CMakeLists.txt'])
    t.regex(readFileSync(join(root, name), 'utf8'), new RegExp(`\\bNAPI_VERSION=${version}\\b`), name);
});

test('nothing runs at installation', (t) => {
  const { scripts, gypfile } = readJson('package.json');
  t.false(gypfile);
  for (const name of ['preinstall', 'install', 'postinstall']) t.false(name in scripts);
});

test('the lock file names no server of its own', (t) => {
  const { packages } = readJson('package-lock.json') as { packages: Record<string, { resolved?: string }> };
  const servers = Object.values(packages).flatMap(({ resolved }) =>
    resolved ? [new URL(resolved).host] : [],
  );
  t.true(servers.every((host) => host === 'registry.npmjs.org'));
});
