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
      // An index that a loop has just bounded is known to be there; noUncheckedIndexedAccess can't see it.
      '@typescript-eslint/no-non-null-assertion': 'off',
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
);
