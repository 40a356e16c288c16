/** What is mutated together, and by which tests it is tested. Every file of src/policy is in exactly one part (`decide` takes the rest). */

/** Tests that repeat themselves a thousand times or start processes; a mutant is tested by every test that reaches it. */
const SLOW = [
  'propert', 'fuzz', 'differential', '/hostile.', '/unknown.', '/never-looser.', '/check-command.', '/documented-examples.', '/docs-examples.', '/processes', '/kill', '/official-suite',
];

const IN = (...names) => names.map((name) => `src/policy/${name}.ts`);
const OWN = {
  cel: IN('cel/**/*'),
  'json-schema': IN('json-schema/**/*'),
  import: IN('import/**/*'),
  selectors: IN('glob*', 'uri-*', 'resource-uri', 'pattern-ends', 're2', 'check-selector', 'argument-path', 'argument-places', 'argument-schemas', 'canonical'),
  loading: IN(
    'check-approval', 'check-arguments', 'check-budget', 'check-conditions', 'check-counter', 'check-document', 'check-duration', 'check-limit', 'check-reason', 'check-rule', 'check-window', 'check-words',
    'parse-yaml', 'bounded-yaml', 'yaml-errors', 'document', 'load', 'source*', 'scalar-positions', 'plain-json', 'saved-policy', 'diagnostic', 'suggest', 'schema-text', 'compile-sources', 'definitions',
  ),
  lint: IN('lint*', 'editor-*', 'explain', 'rule-table', 'sentence', 'printable'),
};

const policy = (mutate) => ({ mutate, tests: ['test/policy'], sources: ['src/policy', 'src/wire', 'src/state', 'src/cli/author', 'src/cli/scan'], slow: SLOW });

export const PARTS = {
  decide: policy(['src/policy/*.ts', '!src/policy/types.ts', ...Object.values(OWN).flat().map((one) => `!${one}`)]),
  ...Object.fromEntries(Object.entries(OWN).map(([name, mutate]) => [name, policy(mutate)])),
  limits: {
    mutate: ['src/state/*{counter,limit,budget,spend,draw,reservation,amount,admission,settlement,clock,grace,flood}*.ts', 'src/wire/decimal.ts'],
    tests: ['test/state', 'test/wire', 'test/policy/tables.test.ts'], sources: ['src/policy', 'src/wire', 'src/state', 'src/cli/author', 'src/cli/scan'], slow: SLOW,
  },
};
export const POLICY = ['decide', ...Object.keys(OWN)];
