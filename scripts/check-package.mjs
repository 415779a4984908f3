// Checks the package as a user gets it: packs it, looks inside, installs the tarball in an empty folder and trains there.
// Run `npm run prebuildify` first; `npm run test:package` does both. Ends with "N passed, N failed".
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { capture, filesIn, root } from './run.mjs';

const prebuilt = `prebuilds/${process.platform}-${process.arch}/synfire.glibc.node`;
const newestGlibc = '2.34';
const largestPackageBytes = 8_000_000;
const description = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const folder = mkdtempSync(join(tmpdir(), 'synfire-package-'));
const app = join(folder, 'app');
const useOfTheLibrary = `
import { datasets, fit, LayerNetwork, presets } from 'synfire';
const network = new LayerNetwork(presets.convSnn());
const data = await datasets.load('digits');
for await (const epoch of fit(network, data, { epochs: 1 })) console.log(epoch.trainLoss.toFixed(3));
`;
let packed;

const checks = {
  'packs without running scripts': () => {
    const [result] = JSON.parse(
      capture('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder]),
    );
    packed = {
      tarball: join(folder, result.filename),
      bytes: result.size,
      files: result.files.map(({ path }) => path),
    };
    assert(packed.bytes < largestPackageBytes, `the package has ${packed.bytes} bytes`);
  },
  'holds every file it needs': () => {
    const { variables } = JSON.parse(readFileSync(join(root, 'native/sources.gypi'), 'utf8'));
    const needed = [
      ...[
        'package.json',
        'README.md',
        'LICENSE',
        'CHANGELOG.md',
        'binding.gyp',
        'CMakeLists.txt',
        'native/sources.gypi',
        prebuilt,
      ],
      ...['dist/lib/index.js', 'dist/lib/index.d.ts', description.bin.synfire, 'native/addon/exports.map'],
      ...Object.entries(variables).flatMap(([key, names]) =>
        /^(?!test_|emulation_).*_sources$/.test(key) ? names : [],
      ),
      ...filesIn('native', /\.(h|inc)$/).filter((name) => !name.startsWith('native/tests/')),
      ...filesIn('cuda', /\.(h|cuh|map)$/).filter((name) => !/^cuda\/(check|emulation)\//.test(name)),
      ...filesIn('lib', /\.ts$/).map((name) => `dist/${name.replace(/\.ts$/, '.js')}`),
    ];
    assert.deepEqual(missing(needed, packed.files), [], 'not in the package');
  },
  'holds nothing else': () => {
    const allowed =
      /^(dist\/lib\/.*\.(js|d\.ts)|native\/(?!tests\/).*\.(h|cc|inc|gypi|map)|cuda\/(?!check\/|emulation\/).*\.(h|cc|cu|cuh|map)|CMakeLists\.txt|prebuilds\/[^/]+\/synfire\.glibc\.node|examples\/[^/]+\.toml|package\.json|binding\.gyp|README\.md|CHANGELOG\.md|LICENSE)$/;
    assert.deepEqual(
      packed.files.filter((name) => !allowed.test(name)),
      [],
      'should not be in the package',
    );
    const sources = filesIn('lib', /\.ts$/).map((name) => name.replace(/\.ts$/, ''));
    const compiled = packed.files.filter((name) => name.startsWith('dist/'));
    const stems = compiled.map((name) => name.slice('dist/'.length).replace(/(\.d\.ts|\.js)$/, ''));
    assert.deepEqual(
      missing(stems, sources),
      [],
      'compiled from sources that are gone: delete dist and build again',
    );
  },
  'runs no script at installation': () => {
    const scripts = Object.keys(description.scripts);
    assert.deepEqual(
      scripts.filter((name) => /^(pre|post)?install$/.test(name)),
      [],
    );
    assert.equal(description.gypfile, false, 'without gypfile: false npm would run node-gyp by itself');
  },
  'has exports that resolve (publint)': async () => {
    const { messages } = await publint({ pkgDir: root, strict: true });
    assert.deepEqual(
      messages.map((message) => formatMessage(message, description)),
      [],
    );
  },
  [`asks for glibc ${newestGlibc} at most and for no libstdc++`]: () => {
    const symbols = capture('objdump', ['-T', join(root, prebuilt)]);
    const versions = [...symbols.matchAll(/GLIBC_(2\.\d+)/g)].map(([, version]) => version);
    const newer = versions.filter((version) => minor(version) > minor(newestGlibc));
    assert(versions.length > 0, 'objdump found no glibc symbols');
    assert.deepEqual(newer, []);
    assert.doesNotMatch(symbols, /GLIBCXX|CXXABI/);
  },
  'exports only what Node looks up': () => {
    const exported = capture('nm', ['-D', '--defined-only', join(root, prebuilt)])
      .trim()
      .split('\n');
    assert.deepEqual(exported.map((line) => line.split(' ').at(-1)).sort(), [
      'napi_register_module_v1',
      'node_api_module_get_api_version_v1',
    ]);
  },
  'installs in an empty folder without building': () => {
    mkdirSync(app);
    writeFileSync(join(app, 'package.json'), JSON.stringify({ name: 'app', private: true, type: 'module' }));
    capture('npm', ['install', '--no-audit', '--no-fund', packed.tarball], { cwd: app });
    assert(!existsSync(join(app, 'node_modules/synfire/build')), 'the addon was built');
    const scripted = filesIn('node_modules', /(^|\/)package\.json$/, app).filter((name) => {
      const { scripts = {} } = JSON.parse(readFileSync(join(app, name), 'utf8'));
      return scripts.preinstall || scripts.install || scripts.postinstall;
    });
    assert.deepEqual(scripted, [], 'dependencies with an install script');
  },
  'has types that compile in a strict program': () => {
    writeFileSync(join(app, 'use.ts'), useOfTheLibrary);
    const options = ['--strict', '--noEmit', '--target', 'es2023', '--module', 'nodenext', '--types', 'node'];
    capture(
      process.execPath,
      [
        join(root, 'node_modules/typescript/bin/tsc'),
        ...options,
        '--typeRoots',
        join(root, 'node_modules/@types'),
        'use.ts',
      ],
      { cwd: app },
    );
  },
  'can be imported': () => {
    const code =
      'import * as s from "synfire"; console.log(typeof s.LayerNetwork, typeof s.fit, typeof s.datasets.load)';
    const printed = capture(process.execPath, ['--input-type=module', '--eval', code], { cwd: app });
    assert.equal(printed, 'function function function\n');
  },
  'trains with the synfire program': () => {
    const options = ['--data', 'digits', '--epochs', '1', '--out', join(folder, 'run'), '--json'];
    const lines = capture(join(app, 'node_modules/.bin/synfire'), ['train', 'conv-snn', ...options], {
      cwd: app,
    });
    const done = JSON.parse(lines.trim().split('\n').at(-1));
    assert.equal(done.event, 'done');
    assert(done.testAccuracy > 0.5, `the test accuracy is ${done.testAccuracy}`);
  },
};

function missing(wanted, present) {
  return wanted.filter((name) => !present.includes(name));
}

function minor(version) {
  return Number(version.split('.')[1]);
}

let failed = 0;
for (const [name, check] of Object.entries(checks)) {
  try {
    await check();
    console.log(`ok   ${name}`);
  } catch (error) {
    failed += 1;
    console.log(`FAIL ${name}\n${error.message}`);
  }
}
rmSync(folder, { recursive: true, force: true });
console.log(`${Object.keys(checks).length - failed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
