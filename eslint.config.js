import tseslint from 'typescript-eslint';

export default tseslint.config(
  {
    ignores: [
      'node_modules',
      'dist',
      'vendor',
      'checkpoints',
      'reports',
      '.trial',
      '*.js',
      'bin/*.js',
      'test/gpu/*.mjs',
    ],
  },
  ...tseslint.configs.strictTypeChecked,
  ...tseslint.configs.stylisticTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      // process.env and Record<string, ...> keys may be absent: brackets show that they are data.
      '@typescript-eslint/dot-notation': 'off',
      'no-restricted-syntax': [
        'error',
        {
          selector:
            'VariableDeclarator[init.argument.source.value=/^(?!node:)[a-z@]/] > ObjectPattern > Property[key.name!="default"]',
          message: 'Of a CommonJS package that is loaded late, the bundle of the npm package knows `default` alone.',
        },
      ],
    },
  },
  {
    // Numeric loops over columns, matrices, pixels, graphs and packed bytes: an index that a loop has just bounded is known to be
    // there, and a check in each round would cost. Elsewhere what is there by construction is asked for with src/machine/present.ts.
    files: [
      ...['statistics', 'metrics', 'analysis', 'engine', 'datasets'].map((folder) => `src/${folder}/**`),
      'src/report/explorer/*.ts',
      'src/import/choices.ts',
      'src/runs/outcomes.ts',
      'src/training/{event-file,test-parts}.ts',
      'src/terminal/{canvas,colour,format,nearest}.ts',
      // A test that finds nothing fails where it reads it.
      'test/**',
    ],
    rules: { '@typescript-eslint/no-non-null-assertion': 'off' },
  },
);
