// Checks the format of the C++ sources, or writes it with --write.
import { join } from 'node:path';
import { filesIn, inherit, root } from './run.mjs';

const mode = process.argv.includes('--write') ? ['-i'] : ['--dry-run', '-Werror'];
const sources = [...filesIn('native', /\.(h|cc|inc)$/), ...filesIn('cuda', /\.(h|cc|cu|cuh)$/)];
inherit(join(root, 'node_modules/.bin/clang-format'), [...mode, ...sources]);
