import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

// `npm test` needs no network, no Python and no browser: tests of things that may be absent look for them, and are skipped with
// one line when they are not there. POLICYLAYER_REQUIRE_EXTRAS=1 (CI) turns such a skip into a failure.
export default defineConfig({
  resolve: { alias: [{ find: /^fast-check$/, replacement: fileURLToPath(new URL('test/seeded-fast-check.ts', import.meta.url)) }] },
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['**/node_modules/**', 'test/soak/**', 'test/conformance/**'],
    globalSetup: ['scripts/ensure-build.mjs'],
    pool: 'threads',
    // More than there are cores: many tests wait for processes and for time to pass.
    maxWorkers: '150%',
    // A race in one of twelve thousand tests must not refuse a change that has nothing to do with it. CI names those that needed it.
    retry: process.env['CI'] === 'true' ? 1 : 0,
    testTimeout: 30_000,
    hookTimeout: 60_000,
    teardownTimeout: 10_000,
  },
});
