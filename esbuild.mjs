// Bundles the four programs of the product into dist/: extension, CLI, engine child, webview.
import { build } from 'esbuild';
import { existsSync } from 'node:fs';

const minify = process.argv.includes('--minify');
const only = process.argv.find((argument) => argument.startsWith('--only='))?.slice('--only='.length) ?? '';
const shared = { bundle: true, minify, sourcemap: !minify, logLevel: 'warning', legalComments: 'none' };
// import.meta.url does not exist in CommonJS output; the banner restores it for code that locates files beside the bundle.
const node = {
  ...shared,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  external: ['vscode', 'onnxruntime-node'],
  // Its UMD form, which a bundler for Node takes, looks for its own parts at run time.
  alias: { 'jsonc-parser': 'jsonc-parser/lib/esm/main.js' },
  define: { 'import.meta.url': 'importMetaUrl' },
  banner: { js: "const importMetaUrl = require('node:url').pathToFileURL(__filename).href;" },
};
const targets = [
  { ...node, entryPoints: ['src/extension.ts'], outfile: 'dist/extension.cjs' },
  { ...node, entryPoints: ['src/cli.ts'], outfile: 'dist/cli.cjs' },
  { ...node, entryPoints: ['src/runtime/engine/child.ts'], outfile: 'dist/engine.cjs' },
  {
    ...shared,
    platform: 'browser',
    target: 'es2022',
    format: 'iife',
    entryPoints: ['webview/report.ts'],
    outfile: 'dist/webview/report.js',
  },
];
await Promise.all(
  targets
    .filter(({ entryPoints: [entry] }) => entry.includes(only) && existsSync(entry))
    .map((target) => build(target)),
);
