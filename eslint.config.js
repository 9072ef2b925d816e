import { fileURLToPath } from 'node:url';
import tseslint from 'typescript-eslint';
import importX, { createNodeResolver } from 'eslint-plugin-import-x';

const basePath = fileURLToPath(new URL('.', import.meta.url));

/** What every room may import: words and failures of ours, which stand below all of them. */
const everywhere = ['text', 'failures.ts'];

/** Who may import whom: docs/architecture.md, "Rooms". Each room lists the rooms of src/ that it may reach, besides itself. */
const rooms = [
  { room: 'text', may: [] },
  { room: 'failures.ts', may: ['contract'] },
  { room: 'contract', may: everywhere },
  { room: 'planning', may: [...everywhere, 'contract'] },
  { room: 'config', may: [...everywhere, 'contract'] },
  { room: 'citus', may: [...everywhere, 'contract', 'config'] },
  { room: 'machines', may: [...everywhere, 'contract', 'config'] },
  { room: 'metrics', may: [...everywhere, 'contract', 'config'] },
  {
    room: 'activities',
    may: [...everywhere, 'contract', 'planning', 'config', 'citus', 'machines', 'metrics'],
  },
  { room: 'workflows', may: [...everywhere, 'contract', 'planning', 'activities'] },
  { room: 'client', may: [...everywhere, 'contract'] },
  { room: 'cli', may: [...everywhere, 'contract', 'client'] },
  // The commands that don't talk to Temporal: one is the worker, one looks at a cluster before there is a worker.
  { room: 'cli/commands/worker.ts', may: [...everywhere, 'cli', 'contract', 'client', 'worker.ts'] },
  ...['cli/commands/init.ts', 'cli/init'].map((room) => ({
    room,
    may: [...everywhere, 'cli', 'contract', 'client', 'config', 'citus'],
  })),
];

const outside = {
  target: './src',
  from: ['./sandbox', './test', './scripts'],
  message: 'src/ never imports the sandbox or tests.',
};

/** ESLint takes the last rule of a name for a file, so that a room within a room stands after it. */
function walls({ room, may }) {
  const isFile = room.endsWith('.ts');
  const inside = {
    target: `./src/${room}`,
    from: './src',
    except: [room, ...may].map((other) => `./${other}`),
    message: `src/${room} may not import this room (docs/architecture.md).`,
  };
  return {
    files: [isFile ? `src/${room}` : `src/${room}/**/*.ts`],
    rules: { 'import-x/no-restricted-paths': ['error', { basePath, zones: [inside, outside] }] },
  };
}

const postgres = { group: ['pg', 'pg/*'], message: 'src/citus/session is the only door to PostgreSQL.' };
const beyondClient = {
  group: ['@temporalio/*', '!@temporalio/client', '!@temporalio/common', '!@temporalio/envconfig'],
  message: 'The CLI and the client import the Temporal client only.',
};
const outsideOfSandbox = {
  group: [
    'node:*',
    'execa',
    'zod',
    'yaml',
    '@temporalio/client',
    '@temporalio/worker',
    '@temporalio/activity',
  ],
  message: 'Runs in the workflow sandbox: no I/O, no validation library.',
  allowTypeImports: true,
};
const typesOnly = {
  group: ['**/activities/**', '**/contract/schema/**'],
  message: 'Types only.',
  allowTypeImports: true,
};

function refuse(files, patterns, ignores = []) {
  return { files, ignores, rules: { '@typescript-eslint/no-restricted-imports': ['error', { patterns }] } };
}

export default tseslint.config(
  { ignores: ['dist/**', 'node_modules/**', 'test/replay/histories/**'] },
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: { allowDefaultProject: ['eslint.config.js'] } } },
    plugins: { 'import-x': importX },
    settings: {
      // Imports are spelt with .js, files end in .ts: without the alias nothing is found, and so nothing refused.
      'import-x/resolver-next': [
        createNodeResolver({ extensions: ['.ts', '.js'], extensionAlias: { '.js': ['.ts', '.js'] } }),
      ],
      'import-x/parsers': { '@typescript-eslint/parser': ['.ts'] },
      'import-x/extensions': ['.ts', '.js', '.mjs'],
    },
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/no-unnecessary-type-parameters': 'off',
      '@typescript-eslint/no-unnecessary-type-arguments': 'off',
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_', ignoreRestSiblings: true },
      ],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      'import-x/no-cycle': 'error',
      'import-x/no-default-export': 'error',
      'import-x/no-restricted-paths': ['error', { basePath, zones: [outside] }],
      'import-x/no-unresolved': 'error',
      'no-console': 'error',
    },
  },
  {
    files: ['src/**/*.ts'],
    rules: { 'import-x/no-extraneous-dependencies': ['error', { devDependencies: false }] },
  },
  ...rooms.map(walls),
  refuse(['src/**/*.ts'], [postgres], ['src/citus/session/**']),
  refuse(['src/cli/**/*.ts', 'src/client/**/*.ts'], [postgres, beyondClient]),
  refuse(
    [
      ...['workflows', 'planning', 'contract', 'text'].map((room) => `src/${room}/**/*.ts`),
      'src/failures.ts',
    ],
    [postgres, outsideOfSandbox, typesOnly],
    ['src/contract/schema/**'],
  ),
  {
    files: ['sandbox/**/*.ts', 'scripts/**/*.{ts,mjs}', 'test/**/*.ts'],
    rules: { 'no-console': 'off' },
  },
  { files: ['**/*.js', '**/*.mjs'], extends: [tseslint.configs.disableTypeChecked] },
  {
    files: ['eslint.config.js', '*.config.ts', 'src/types/*.d.ts'],
    rules: { 'import-x/no-default-export': 'off' },
  },
);
