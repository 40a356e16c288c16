import { createRequire } from 'node:module';
import type * as FastCheck from 'fast-check';

// Vitest resolves `fast-check` to this file (vitest.config.ts), which therefore has to load the package in another way.
const fc = createRequire(import.meta.url)('fast-check') as typeof FastCheck;

/**
 * Property tests draw the same values in every run, so that a change is never refused for a counterexample that it did not make.
 * `POLICYLAYER_SEED=random npm test` looks for new ones, and a number repeats what such a run has found.
 */
const wanted = process.env['POLICYLAYER_SEED'] ?? '20261122';
if (wanted !== 'random') fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: Number.parseInt(wanted, 10) });

export default fc.default;
