// All fuzz targets.

import type { FuzzTarget } from '../target.ts';
import { idx } from './idx.ts';
import { npy } from './npy.ts';
import { safetensors } from './safetensors.ts';
import { toml } from './toml.ts';

export const targets: FuzzTarget[] = [idx, npy, safetensors, toml];
