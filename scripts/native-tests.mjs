// Builds and runs the C++ tests: node scripts/native-tests.mjs [--sanitize thread|address,undefined] [filter]
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { inherit } from './run.mjs';

const { values, positionals } = parseArgs({
  options: { sanitize: { type: 'string', default: '' } },
  allowPositionals: true,
});
const folder = values.sanitize ? `out/tests-${values.sanitize.replace(',', '-')}` : 'out/tests';

inherit('cmake', ['-S', '.', '-B', folder, '-DSYNFIRE_TESTS=ON', `-DSYNFIRE_SANITIZE=${values.sanitize}`]);
inherit('cmake', ['--build', folder, '--parallel', `${cpus().length}`]);
inherit(`${folder}/synfire_tests`, positionals, { TSAN_OPTIONS: 'halt_on_error=1 second_deadlock_stack=1' });
