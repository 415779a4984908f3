// Prints, as JSON, the digests of training on digits and the instruction set that this process uses.

import { native } from '../../lib/native/index.ts';
import { digitVariants, trainOnDigits } from './digits-training.ts';

const digests: string[] = [];
for (const variant of digitVariants) digests.push(await trainOnDigits(variant, 2));
console.log(JSON.stringify({ isa: native().cpu().isa, digests }));
