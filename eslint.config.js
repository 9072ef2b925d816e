import tseslint from 'typescript-eslint';
import importX from 'eslint-plugin-import-x';

/** Who may import whom: docs/architecture.md, "Rooms". Each room lists what it may NOT reach. */
const rooms = [
  { room: 'contract', never: ['planning', 'citus', 'machines', 'config', 'activities', 'workflows', 'cli'] },
  { room: 'planning', never: ['citus', 'machines', 'config', 'activities', 'workflows', 'cli'] },
  { room: 'citus', never: ['planning', 'machines', 'activities', 'workflows', 'cli'] },
  { room: 'machines', never: ['planning', 'citus', 'activities', 'workflows', 'cli'] },
  { room: 'config', never: ['planning', 'citus', 'machines', 'activities', 'workflows', 'cli'] },
  { room: 'activities', never: ['workflows', 'cli'] },
];

const zones = [
  ...rooms.flatMap(({ room, never }) => ({
    target: `./src/${room}`,
    from: never.map((other) => `./src/${other}`),
    message: `src/${room} may not import this room (docs/architecture.md).`,
  })),
  {
    target: './src/cli',
    from: [
      './src/workflows',
      './src/activities',
      './src/citus',
      './src/machines',
      './src/config',
      './src/planning',
    ],
    except: [],
    message: 'The CLI talks to Temporal only; what a person reads of a cluster comes through `inspect`.',
  },
  { target: './src', from: ['./sandbox', './test'], message: 'src/ never imports the sandbox or tests.' },
];

export default tseslint.config(
  { ignores: ['dist/**', 'node_modules/**', 'test/replay/histories/**'] },
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: { allowDefaultProject: ['eslint.config.js'] } } },
    plugins: { 'import-x': importX },
    settings: { 'import-x/resolver': { node: { extensions: ['.ts', '.js'] } } },
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
      'import-x/no-cycle': ['error', { maxDepth: 8 }],
      'import-x/no-default-export': 'error',
      'import-x/no-restricted-paths': ['error', { zones }],
      'no-console': 'error',
    },
  },
  {
    files: ['src/workflows/**/*.ts', 'src/planning/**/*.ts', 'src/contract/*.ts'],
    rules: {
      '@typescript-eslint/no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              group: [
                'node:*',
                'pg',
                'execa',
                'zod',
                'yaml',
                '@temporalio/client',
                '@temporalio/worker',
                '@temporalio/activity',
              ],
              message: 'Runs in the workflow sandbox: no I/O, no validation library.',
              allowTypeImports: true,
            },
            {
              group: ['**/activities/*', '**/contract/schema/*'],
              message: 'Types only.',
              allowTypeImports: true,
            },
          ],
        },
      ],
    },
  },
  {
    files: ['src/cli/commands/worker.ts', 'src/cli/commands/init.ts', 'src/cli/init/*.ts'],
    rules: { 'import-x/no-restricted-paths': 'off' },
  },
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
