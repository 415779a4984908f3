// Checks that objects compiled for one instruction set define no shared inline code: the linker could keep their
// AVX copy of a template for everybody and crash older processors.
import { capture, filesIn } from './run.mjs';

const objects = ['synfire_avx2', 'synfire_avx512'].flatMap((library) =>
  filesIn(`build/Release/obj.target/${library}`, /\.o$/),
);
const shared = objects.flatMap((object) =>
  capture('nm', ['-C', object])
    .split('\n')
    .filter((line) => / [WVu] /.test(line))
    .map((line) => `${object}: ${line.trim()}`),
);
if (objects.length === 0) shared.push('no objects found: run npm run build first');
if (shared.length > 0) {
  console.error(`Inline code in units of one instruction set:\n  ${shared.join('\n  ')}`);
  process.exit(1);
}
console.log(`${objects.length} objects of one instruction set define no shared inline code`);
