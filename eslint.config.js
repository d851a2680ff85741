import tseslint from 'typescript-eslint';

export default tseslint.config(
  { ignores: ['node_modules', 'checkpoints', '*.js', 'bin/*.js'] },
  ...tseslint.configs.strictTypeChecked,
  ...tseslint.configs.stylisticTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      // An index that a loop has just bounded is known to be there; noUncheckedIndexedAccess can't see it.
      '@typescript-eslint/no-non-null-assertion': 'off',
    },
  },
);
