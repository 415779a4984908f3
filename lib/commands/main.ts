#!/usr/bin/env node
// The entry of the `synfire` program: sets up the heap, then loads and runs the program.
import { setFlagsFromString } from 'node:v8';

// The space for short-lived objects stays at its first size, so that buffers which are used once, such as those
// of unpacked files, are collected before they pile up to tens of megabytes. It has to be said before that space
// grows while modules are loaded.
setFlagsFromString('--semi-space-growth-factor=1');

const { run } = await import('./program.ts');
process.exitCode = await run(process.argv);
