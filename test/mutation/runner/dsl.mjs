/** What a test file imports from `vitest`: the same `expect`, and a `describe` and `it` that only collect. */
import { format } from 'node:util';
import { ASYMMETRIC_MATCHERS_OBJECT, JestAsymmetricMatchers, JestChaiExpect, JestExtend, chai, getState, setState } from '@vitest/expect';
import { restoreAllMocks, spyOn } from '@vitest/spy';

let suite = null;

/** @returns the tree of suites and tests that `load` declares */
export async function collect(name, load) {
  const root = newSuite(name, null);
  suite = root;
  try {
    await load();
  } finally {
    suite = null;
  }
  await settle(root);
  return root;
}

function newSuite(name, parent) {
  return { name, parent, children: [], before: [], after: [], beforeEach: [], afterEach: [], body: null };
}

// A suite's function runs after the file's own code, as in vitest.
async function settle(current) {
  for (const child of current.children) {
    if (child.run !== undefined || child.body === null) continue;
    suite = child;
    await child.body();
    suite = null;
    await settle(child);
  }
}

function declareSuite(name, ...rest) {
  const body = rest.find((one) => typeof one === 'function');
  const child = newSuite(typeof name === 'function' ? name.name : name, suite);
  child.body = body ?? (() => undefined);
  suite.children.push(child);
}

function declareTest(name, ...rest) {
  suite.children.push({ name: typeof name === 'function' ? name.name : name, parent: suite, run: rest.find((one) => typeof one === 'function') });
}

function withVariants(declare) {
  const nothing = () => undefined;
  const each = (rows) => (name, ...rest) => {
    const body = rest.find((one) => typeof one === 'function');
    rows.forEach((row, index) => {
      const values = Array.isArray(row) ? row : [row];
      declare(title(name, values, index), () => body(...values));
    });
  };
  const ignored = Object.assign(() => undefined, { each: () => nothing });
  return Object.assign(declare, { each, skip: ignored, concurrent: declare, sequential: declare, skipIf: (yes) => (yes ? ignored : declare), runIf: (yes) => (yes ? declare : ignored) });
}

function title(name, values, index) {
  const used = name.replaceAll('%%', '\0').replaceAll('%#', String(index)).replace(/\$([\w.]+)/g, (whole, path) => {
    const found = path.split('.').reduce((value, key) => value?.[key], values[0]);
    return found === undefined ? whole : String(found);
  });
  const places = used.match(/%[sdifjoO]/g)?.length ?? 0;
  return (places === 0 ? used : format(used, ...values.slice(0, places))).replaceAll('\0', '%');
}

chai.use(JestExtend);
chai.use(JestChaiExpect);
chai.use(JestAsymmetricMatchers);

function expect(value, message) {
  setState({ assertionCalls: getState(expect).assertionCalls + 1 }, expect);
  return chai.expect(value, message);
}
Object.assign(expect, chai.expect, globalThis[ASYMMETRIC_MATCHERS_OBJECT]);
setState({ assertionCalls: 0, isExpectingAssertions: false, expectedAssertionsNumber: null }, expect);
expect.getState = () => getState(expect);
expect.setState = (state) => setState(state, expect);
expect.poll = (get, { timeout = 1000, interval = 20 } = {}) => new Proxy({}, {
  get: (_, matcher) => async (...expected) => {
    const end = Date.now() + timeout;
    for (;;) {
      try {
        return expect(await get())[matcher](...expected);
      } catch (error) {
        if (Date.now() >= end) throw error;
      }
      await new Promise((done) => setTimeout(done, interval));
    }
  },
});

const hook = (list) => (run) => void suite[list].push(run);
const test = withVariants(declareTest);

export const vitest = {
  describe: withVariants(declareSuite), it: test, test, expect, vi: { spyOn, restoreAllMocks },
  beforeAll: hook('before'), afterAll: hook('after'), beforeEach: hook('beforeEach'), afterEach: hook('afterEach'),
};
export const testContext = { expect };
