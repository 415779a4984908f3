// Builds everything with ASan and UBSan, then runs the C++ tests and the whole ava suite on it:
// node scripts/sanitized-suite.mjs [ava options]
import { cpus } from 'node:os';
import { join } from 'node:path';
import napi from 'node-addon-api';
import headers from 'node-api-headers';
import { capture, inherit, root } from './run.mjs';

const folder = 'out/asan';
const includes = [headers.include_dir, napi.include_dir].join(';');

inherit('cmake', [
  ...['-S', '.', '-B', folder, '-DSYNFIRE_TESTS=ON'],
  ...['-DSYNFIRE_SANITIZE=address,undefined', `-DCMAKE_JS_INC=${includes}`],
]);
inherit('cmake', ['--build', folder, '--parallel', `${cpus().length}`]);
inherit(join(root, folder, 'synfire_tests'), []);
inherit(
  process.execPath,
  ['node_modules/ava/entrypoints/cli.mjs', '--timeout', '10m', ...process.argv.slice(2)],
  {
    // Node itself is not instrumented: the runtime must be in place before it starts. It frees little at exit, so
    // only the C++ tests look for leaks.
    LD_PRELOAD: ['libasan.so', 'libubsan.so']
      .map((name) => capture('g++', [`-print-file-name=${name}`]).trim())
      .join(' '),
    ASAN_OPTIONS: 'detect_leaks=0',
    UBSAN_OPTIONS: 'print_stacktrace=1',
    SYNFIRE_PREBUILD: join(root, folder),
    SYNFIRE_SANITIZED: '1',
  },
);
