// Checks the format of the C++ sources, or writes it with --write.
import { join } from 'node:path';
import { filesIn, inherit, root } from './run.mjs';

const mode = process.argv.includes('--write') ? ['-i'] : ['--dry-run', '-Werror'];
inherit(join(root, 'node_modules/.bin/clang-format'), [...mode, ...filesIn('native', /\.(h|cc|inc)$/)]);
