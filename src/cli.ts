#!/usr/bin/env node
import { main } from './cli/main.ts';
import { processIo } from './cli/processIo.ts';
import { productDependencies } from './cli/productDependencies.ts';

void main(process.argv.slice(2), processIo(process), productDependencies()).then((code) => {
  process.exitCode = code;
});
