// Runs the public JSON-Schema-Test-Suite against our validator. The suite is not part of this repository: fetch a copy and name its
// folder (the one with `tests/`). The source distribution of the PyPI package `jsonschema` holds one in its folder `json/`.
//
//   node test/policy/json-schema/official-suite.mjs FOLDER [--all]
//
// Exits with 1 when a required test fails. Groups that need a schema from the network
// are counted apart: refusing them is what we promise (protocol.md A2). --all names them too.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';

const { values, positionals } = parseArgs({ options: { all: { type: 'boolean', default: false } }, allowPositionals: true });
const [folder] = positionals;
if (folder === undefined) {
  console.error('usage: official-suite.mjs FOLDER [--all]');
  process.exit(2);
}

const { compileSchema, scan, UPSTREAM_LIMITS } = await load(`
  export { compileSchema } from './src/policy/json-schema/index.ts';
  export { UPSTREAM_LIMITS } from './src/wire/limits.ts';
  export { scan } from './src/wire/scan.ts';`);
const DRAFTS = [
  ['draft2020-12', 'https://json-schema.org/draft/2020-12/schema'],
  ['draft7', 'http://json-schema.org/draft-07/schema#'],
];
let failed = 0;
for (const [draft, dialect] of DRAFTS) {
  const count = { passed: 0, failed: 0, network: 0 };
  for (const file of readdirSync(join(folder, 'tests', draft)).filter((name) => name.endsWith('.json'))) {
    const { root } = scan(readFileSync(join(folder, 'tests', draft, file)), UPSTREAM_LIMITS);
    for (const group of root.elements()) runGroup(`${draft}/${file}`, group, dialect, count);
  }
  failed += count.failed;
  console.log(`${draft}: ${count.passed} passed, ${count.failed} failed, ${count.network} refused because they need another document`);
}
process.exit(failed === 0 ? 0 : 1);

function runGroup(file, group, dialect, count) {
  const schema = group.get('schema');
  const compiled = compileSchema(declared(schema, dialect), 'upstream');
  const title = `${file}: ${group.get('description').text()}`;
  const network = !compiled.ok && compiled.problems.every(({ message }) => message.includes('points outside this schema') || message.startsWith('`$schema` is `http'));
  if (network && values.all) console.log(`network  ${title}`);
  for (const test of group.get('tests').elements()) {
    const expected = test.get('valid').kind === 'true';
    if (network) {
      count.network += 1;
      continue;
    }
    const actual = compiled.ok ? compiled.schema.validate(test.get('data')) : null;
    const good = compiled.ok && (actual === null) === expected && actual?.kind !== 'unusable';
    count[good ? 'passed' : 'failed'] += 1;
    if (!good) console.log(`FAILED   ${title} / ${test.get('description').text()}: ${compiled.ok ? (actual?.message ?? 'valid') : compiled.problems[0].message}`);
  }
}

/** Draft-07 files do not say what they are. */
function declared(schema, dialect) {
  if (schema.kind !== 'object' || schema.get('$schema') !== null) return schema;
  const text = schema.lexeme().replace('{', schema.members().length === 0 ? `{"$schema":${JSON.stringify(dialect)}` : `{"$schema":${JSON.stringify(dialect)},`);
  return scan(Buffer.from(text), UPSTREAM_LIMITS).root;
}

/** Node 20 cannot import TypeScript. */
async function load(contents) {
  const stdin = { contents, resolveDir: join(import.meta.dirname, '../../..'), loader: 'ts' };
  const { outputFiles } = await build({ stdin, bundle: true, write: false, platform: 'node', format: 'esm' });
  return import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString('base64')}`);
}
