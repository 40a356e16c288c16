import { defineConfig } from 'vitest/config';

// For mutation testing: the tables and the examples, which are quick and say what they expect. Left out is what repeats itself a
// thousand times (properties, fuzzing) or starts processes: a mutant is tested by every test that reaches it.
const SLOW = ['**/*propert*.test.ts', '**/*fuzz*', '**/fuzz/**', '**/differential.test.ts', '**/hostile.test.ts', '**/unknown.test.ts', '**/check-command.test.ts', '**/documented-examples.test.ts', '**/processes*.test.ts', '**/kill*.test.ts'];

export default defineConfig({
  test: {
    include: (process.env['MUTATION_TESTS'] ?? 'test/policy').split(',').map((folder) => `${folder}/**/*.test.ts`),
    exclude: ['**/node_modules/**', ...SLOW],
    pool: 'threads',
    testTimeout: 30_000,
  },
});
