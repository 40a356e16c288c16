/** What is mutated together, and by which tests it is tested. Every file of src/policy is in exactly one part (`decide` takes the rest). */

/** Tests that start processes, or work for seconds on one text. A mutant is tested by every other test that reaches it. */
const SLOW = [
  // The tables have a shorter form here.
  'policy/tables.test',
  '/hostile.', '/check-command.', '/documented-examples.', '/docs-examples.', '/processes', '/kill', '/official-suite', '/loader-fuzz.',
  'loading.test.ts#hostile text', 'loading.test.ts#text > with twenty thousand', '/cel/fuzz.', '/fuzz/loader.', ' 400,000 ', 'one long line, one deep tree',
];

const IN = (...names) => names.map((name) => `src/policy/${name}.ts`);
const within = (folder, names) => names.map((name) => `src/policy/${folder}/${name}.ts`);
const but = (all, some) => [...all, ...some.map((one) => `!${one}`)];
const EVALUATION = within('cel', ['run', 'compile*', 'operators', 'equality', 'value', 'fields', 'text*', 'conversion-functions', 'time*', 'functions', 'literal', 'index']);
const VALIDATION = within('json-schema', ['run', 'keywords*', 'equality', 'formats', 'compile', 'seen', 'site', 'dialect', 'discover', 'uri-reference', 'index']);
const CHECKS = IN('check-*');
const OWN = {
  selectors: IN('glob*', 'uri-*', 'resource-uri', 'pattern-ends', 're2', 'argument-path', 'argument-places', 'argument-schemas', 'canonical'),
  'cel-values': EVALUATION,
  'cel-checks': but(IN('cel/**/*'), EVALUATION),
  schemas: VALIDATION,
  'schemas-of-policies': but(IN('json-schema/**/*'), VALIDATION),
  checks: CHECKS,
  loading: IN(
    'parse-yaml', 'bounded-yaml', 'yaml-errors', 'document', 'load', 'source*', 'scalar-positions', 'plain-json', 'saved-policy', 'diagnostic', 'suggest', 'schema-text', 'compile-sources', 'definitions',
  ),
  lint: IN('lint*', 'editor-*', 'explain', 'sentence', 'printable'),
  import: IN('import/**/*'),
};

const SOURCES = ['src/policy', 'src/wire', 'src/state', 'src/cli/author', 'src/control/policy-tools', 'src/cli/scan'];
const TABLES = 'test/mutation/tables.suite.ts';
const tests = (...names) => names.map((name) => `test/policy/${name}.test.ts`);
/** By which tests each part is tested: those that were written for it. The fewer there are, the faster is a survivor. */
const TESTS = {
  decide: [
    ...tests('absent-arguments', 'call-of', 'classes', 'decision-details', 'decisions', 'governed-names', 'hidden-or-told', 'language', 'language-properties', 'listing-table', 'pattern-ends', 'policy-set', 'properties', 'refusal-text', 'resource-uri', 'review', 'unknown-class'),
    TABLES,
  ],
  selectors: [...tests('absent-arguments', 'decisions', 'fuzz/globs', 'glob', 'golden', 'governed-names', 'pattern-ends', 're2', 'resource-uri', 'review', 'selectors-table'), 'test/gateway/approvals/digest.test.ts', TABLES],
  'cel-values': ['test/policy/cel', ...tests('fuzz/cel', 'pattern-ends')],
  'cel-checks': ['test/policy/cel', ...tests('fuzz/cel', 'pattern-ends', 'broken', 'golden')],
  schemas: tests('json-schema/contradictions', 'json-schema/edges', 'json-schema/golden', 'json-schema/keywords', 'json-schema/validator'),
  'schemas-of-policies': tests('json-schema/contradictions', 'json-schema/golden', 'json-schema/narrow', 'json-schema/validator', 'governed-names', 'absent-arguments'),
  checks: tests('documents', 'golden'),
  loading: tests('classes', 'definitions', 'documents', 'golden', 'loading', 'loading-table'),
  lint: [...tests('classes', 'documents', 'editor-schema', 'editor-words', 'golden', 'lint-against', 'lint-classes', 'sentence'), 'test/cli/author/explain.test.ts'],
  import: ['test/policy/import', 'test/cli/author/import.test.ts'],
};
/** Blocks of test/policy/documents.txt that are about something else. */
const ELSEWHERE = {
  checks: [' > against ', 'golden.test.ts#a document with a mistake is answered with > warning-'],
  loading: [' > limit ', ' > budget ', ' > approval ', ' > rule '],
  lint: [' > document ', ' > limit ', ' > approval '],
};
// The bounds of the validator take long to reach.
const policy = (name, mutate) => ({ mutate, tests: TESTS[name], sources: SOURCES, slow: [...SLOW, ...(ELSEWHERE[name] ?? [])], ...(name === 'schemas' ? { longestMs: 500 } : {}) });

const COUNTING = {
  tests: ['test/state', TABLES], sources: SOURCES, longestMs: 300,
  slow: [...SLOW, '/state/logs.', '/state/journal.', '/state/approvals.', 'bounded number of rows', 'the log of a busy', 'large limits and long runs', 'the write-ahead log is', 'a full disk'],
};

export const PARTS = {
  decide: policy('decide', ['src/policy/*.ts', '!src/policy/types.ts', ...Object.values(OWN).flat().filter((one) => !one.startsWith('!')).map((one) => `!${one}`)]),
  ...Object.fromEntries(Object.entries(OWN).map(([name, mutate]) => [name, policy(name, mutate)])),
  decimal: { mutate: ['src/wire/decimal.ts'], tests: ['test/wire/decimal.test.ts', 'test/policy/cel/numbers.test.ts'], sources: SOURCES, slow: SLOW },
  // Their properties are what finds most, and take longer.
  limits: { mutate: ['src/state/{counter-log,spend-log,spend-walk,spend-cursor,limit-draw,amount,limit-store,counter-store,budget-store}.ts'], ...COUNTING },
  'limits-around': { mutate: ['src/state/{reservation,batched-admissions,settlements,store-clock,idle-*,flood,counter-key}.ts'], ...COUNTING },
};
export const POLICY = ['decide', ...Object.keys(OWN)];
