/** Runs collected tests one after the other. */
import { testContext } from './dsl.mjs';

/** Thrown where a test has done all that it does here. */
export const ENOUGH = new Error('enough');

/** A test that ends later than this has failed, in milliseconds. */
const TEST_TIMEOUT = 5_000;

/**
 * The units of a file, by their ids: one per test, or one per suite where the tests of a suite share what the first of them made
 * (coverage would name the first alone, and a mutant would not be judged by the others).
 */
export function unitsOf(root, file, shared) {
  const units = new Map();
  const visit = (suite, path) => {
    for (const child of suite.children) {
      if (child.run === undefined && child.children !== undefined) {
        visit(child, [...path, child.name]);
        continue;
      }
      if (child.run === undefined) continue;
      const id = `${file}#${[...path, ...(shared ? [] : [child.name])].join(' > ')}`;
      const unit = units.get(id);
      if (unit === undefined || !shared) units.set(unit === undefined ? id : `${id} (${units.size})`, [child]);
      else unit.push(child);
    }
  };
  visit(root, []);
  return units;
}

/** Runs the hooks of a suite and the suites around it that have not run yet. */
async function open(suite, opened) {
  if (suite === null || opened.has(suite)) return;
  await open(suite.parent, opened);
  opened.add(suite);
  for (const before of suite.before) {
    const after = await before();
    if (typeof after === 'function') suite.after.push(after);
  }
}

/** @returns what was thrown, or null. The error of a hook is one of the unit. */
export async function runUnit(tests, opened) {
  try {
    for (const test of tests) {
      await limited(async () => {
        await open(test.parent, opened);
        const suites = [];
        for (let suite = test.parent; suite !== null; suite = suite.parent) suites.unshift(suite);
        for (const suite of suites) for (const before of suite.beforeEach) await before();
        try {
          await test.run(testContext);
        } catch (error) {
          if (error !== ENOUGH) throw error;
        } finally {
          for (const suite of suites.reverse()) for (const after of suite.afterEach) await after();
        }
      });
    }
    return null;
  } catch (error) {
    return error ?? new Error('nothing was thrown');
  }
}

/** Runs the hooks after everything. */
export async function close(opened) {
  for (const suite of [...opened].reverse()) {
    for (const after of suite.after) {
      try {
        await limited(async () => await after());
      } catch {
        // What a mutant left open is not a result.
      }
    }
  }
}

async function limited(run) {
  let timer;
  const late = new Promise((_, reject) => { timer = setTimeout(() => reject(new Error('the test took too long')), TEST_TIMEOUT); });
  try {
    await Promise.race([run(), late]);
  } finally {
    clearTimeout(timer);
  }
}
