import js from '@eslint/js';
import tseslint from 'typescript-eslint';

/** Imports that a room may not use: dependencies point one way, `editor, cli -> analyzer -> runtime -> cache`. */
function room(files, forbiddenRooms, { vscode = false, onnxruntime = false, ignores = [] } = {}) {
  const patterns = forbiddenRooms.map((name) => ({
    group: [`**/${name}/**`, `**/${name}`, `**/${name}.ts`],
    message: `${files[0]} must not import from ${name}: dependencies point one way (docs/architecture.md).`,
  }));
  const paths = [];
  if (!vscode) paths.push({ name: 'vscode', message: 'Only src/editor and src/extension.ts may import vscode.' });
  if (!onnxruntime) {
    for (const name of ['onnxruntime-node', 'onnxruntime-common'])
      paths.push({ name, message: 'Only src/runtime/engine/onnxSession.ts may import onnxruntime-node.' });
  }
  return { files, ignores, rules: { 'no-restricted-imports': ['error', { paths, patterns }] } };
}

export default tseslint.config(
  {
    ignores: [
      'dist',
      'out',
      'node_modules',
      'examples',
      'test/fixtures',
      'test/workspaces',
      '.holdfast',
      '.vscode-test',
    ],
  },
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [...tseslint.configs.strictTypeChecked, ...tseslint.configs.stylisticTypeChecked],
    languageOptions: {
      parserOptions: { project: ['./tsconfig.json', './webview/tsconfig.json'], tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/no-non-null-assertion': 'off', // indices into typed arrays of checked length
      '@typescript-eslint/consistent-type-definitions': ['error', 'interface'],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      'no-console': 'error',
      eqeqeq: 'error',
    },
  },
  {
    files: ['test/**/*.ts', 'bench/**/*.ts'],
    rules: {
      '@typescript-eslint/no-floating-promises': [
        'error',
        {
          allowForKnownSafeCalls: [
            { from: 'package', package: 'node:test', name: ['test', 'describe', 'it', 'suite'] },
          ],
        },
      ],
      'no-console': 'off',
    },
  },
  {
    files: ['**/*.mjs', '**/*.cjs'],
    languageOptions: {
      globals: {
        process: 'readonly',
        console: 'readonly',
        URL: 'readonly',
        Buffer: 'readonly',
        setTimeout: 'readonly',
        fetch: 'readonly',
        AbortSignal: 'readonly',
      },
    },
  },
  room(['src/cache/**/*.ts'], ['runtime', 'analyzer', 'editor', 'cli']),
  room(['src/runtime/**/*.ts'], ['analyzer', 'editor', 'cli'], { ignores: ['src/runtime/engine/onnxSession.ts'] }),
  room(['src/runtime/engine/onnxSession.ts'], ['analyzer', 'editor', 'cli'], { onnxruntime: true }),
  room(['src/analyzer/**/*.ts'], ['editor', 'cli']),
  room(['src/cli.ts', 'src/cli/**/*.ts'], ['editor']),
  room(['src/editor/**/*.ts', 'src/extension.ts'], ['cli'], { vscode: true }),
  room(['webview/**/*.ts'], ['editor', 'cli', 'runtime', 'cache']),
);
