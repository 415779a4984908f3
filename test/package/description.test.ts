// The package's own description: one list of sources, exact versions, nothing that runs at installation.

import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import test from 'ava';

const root = dirname(createRequire(import.meta.url).resolve('#package.json'));

function readJson(name: string) {
  return JSON.parse(readFileSync(join(root, name), 'utf8'));
}

test('every C++ source stands in exactly one list of native/sources.gypi', (t) => {
  const { variables } = readJson('native/sources.gypi') as { variables: Record<string, string[]> };
  const listed = Object.entries(variables).flatMap(([key, names]) => (key.endsWith('_sources') ? names : []));
  const present = readdirSync(join(root, 'native'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.cc'))
    .map((name) => `native/${name}`);
  t.deepEqual(listed.toSorted(), present.toSorted());
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
