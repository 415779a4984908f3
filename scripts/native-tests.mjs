// Builds the C++ tests and runs them once per instruction set, then the CUDA kernels emulated on the processor:
// node scripts/native-tests.mjs [--sanitize thread|address,undefined] [filter]
import { cpus } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { capture, inherit, root } from './run.mjs';

const { values, positionals } = parseArgs({
  options: { sanitize: { type: 'string', default: '' } },
  allowPositionals: true,
});
const folder = values.sanitize ? `out/tests-${values.sanitize.replace(',', '-')}` : 'out/tests';

inherit('cmake', ['-S', '.', '-B', folder, '-DSYNFIRE_TESTS=ON', `-DSYNFIRE_SANITIZE=${values.sanitize}`]);
inherit('cmake', ['--build', folder, '--parallel', `${cpus().length}`]);
const program = join(root, folder, 'synfire_tests');
for (const isa of capture(program, ['--isas']).trim().split('\n')) {
  console.log(`SYNFIRE_ISA=${isa}`);
  inherit(program, positionals, {
    SYNFIRE_ISA: isa,
    TSAN_OPTIONS: 'halt_on_error=1 second_deadlock_stack=1',
  });
}
if (!values.sanitize && positionals.length === 0) inherit(join(root, folder, 'synfire_emulation'), []);
