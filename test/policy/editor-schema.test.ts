import { Ajv2020 } from 'ajv/dist/2020.js';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { loadPolicy } from '../../src/policy/index.ts';
import { editorSchema } from '../../src/policy/editor-schema.ts';
import { document } from './arbitrary-documents.ts';

const schema = editorSchema() as { $id: string; $defs: Record<string, unknown>; properties: Record<string, unknown> };
const validate = new Ajv2020({ strict: true, strictRequired: false, strictTypes: false, allErrors: true, validateFormats: false }).compile(schema as object);

function isValid(text: string): boolean {
  const data = parse(text, { version: '1.2', schema: 'core', merge: false }) as unknown;
  return validate(data);
}

async function isLoaded(text: string): Promise<boolean> {
  return (await loadPolicy(text, { name: 'p' })).ok;
}

/** The keys that the loader knows in one place, from what it says about a key that it does not know. */
async function keysAt(text: string): Promise<readonly string[]> {
  const result = await loadPolicy(text, { name: 'p' });
  const [, list = ''] = (result.ok ? [] : result.errors).map(({ message }) => /unknown key `zz` in .*; expected (.*)$/.exec(message)).find((match) => match !== null) ?? [];
  return [...list.matchAll(/`([^`]+)`/g)].map(([, key = '']) => key).sort();
}

function propertiesOf(part: unknown): readonly string[] {
  return Object.keys((part as { properties: object }).properties).sort();
}

describe('the schema for editors', () => {
  it('is named without a host', () => expect(schema.$id).toBe('urn:policylayer:policy:1'));

  it('describes every field that a person writes', () => {
    const silent: string[] = [];
    const look = (part: unknown, at: string): void => {
      if (typeof part !== 'object' || part === null) return;
      for (const [name, field] of Object.entries((part as { properties?: object }).properties ?? {})) {
        if (typeof field === 'object' && !('description' in field) && !('$ref' in field) && !at.includes('argument_schema') && at !== '/client') silent.push(`${at}/${name}`);
        look(field, `${at}/${name}`);
      }
    };
    look(schema, '');
    for (const [name, part] of Object.entries(schema.$defs)) look(part, `$defs/${name}`);
    expect(silent).toEqual([]);
  });

  it.each<[place: string, text: string, keys: () => readonly string[]]>([
    ['the document', '{ version: "1", default: deny, zz: 1 }', () => propertiesOf(schema)],
    ['a rule for tools', '{ version: "1", default: deny, tools: { x: { action: deny, zz: 1 } } }', () => propertiesOf(schema.$defs['tools_rule'])],
    ['a limit', '{ version: "1", default: deny, tools: { x: { rate_limit: { max: 1, window: 1, zz: 1 } } } }', () => propertiesOf((schema.$defs['limit'] as { anyOf: unknown[] }).anyOf[1])],
    ['a budget', '{ version: "1", default: deny, tools: { x: { budget: { sum: args.a, max: 1, window: 1, zz: 1 } } } }', () => propertiesOf(schema.$defs['budget'])],
    ['a condition', '{ version: "1", default: deny, tools: { x: { require: { if: args.a, zz: 1 } } } }', () => propertiesOf((schema.$defs['condition'] as { anyOf: unknown[] }).anyOf[1])],
    ['an approval', '{ version: "1", default: deny, tools: { x: { action: require_approval, approval: { zz: 1 } } } }', () => propertiesOf(schema.$defs['approval'])],
    ['client', '{ version: "1", default: deny, client: { zz: 1 } }', () => propertiesOf(schema.properties['client'])],
  ])('knows the keys of %s that the loader knows, and no others', async (_place, text, keys) => {
    const known = await keysAt(text);
    expect(known.length).toBeGreaterThan(1);
    expect(keys()).toEqual(known);
  });

  it.each([
    'version: "1"\ndefault: deny',
    'version: "1"\ndefault: require_approval\nmode: observe\ndescription: ""\nclient: { sampling: deny, roots: allow }',
    'version: "1"\ndefault: deny\ntools:\n  CloneContainerToECR:\n    rate_limit: { max: 10, window: 60 }',
    'version: "1"\ndefault: deny\ntools:\n  "describe_*": allow\n  x: require_approval\nresources:\n  "file:///srv/*": deny\nprompts: {}',
    'version: "1"\ndefault: deny\ntools:\n  x:\n    - { when: "args.a == 1.0", action: deny }\n    - allow',
    'version: "1"\ndefault: deny\ntools:\n  x:\n    action: require_approval\n    approval: { timeout: 1h, wait: 0, approvers: { needed: 2, of: [a, b] }, via: [cli, link] }',
    'version: "1"\ndefault: deny\ntools:\n  x:\n    arguments: { amount: { type: number, maximum: 500 }, card.number: { type: string, pattern: "^[0-9]+$" }, note: false }\n    additional: false\n    schema: upstream\n    require: [ "args.amount > 0.0", { if: "has(args.note)", reason: Say why. } ]\n    deny_if: "args.amount > 5.0"\n    rate_limit: [10/minute, 100/2h, { max: 5, window: 1d, per: [grant, tool], on_state_error: allow }]\n    budget: { sum: args.amount, max: 500.5, window: 1d }\n    reason: No.\n    mode: observe',
  ])('accepts what the loader accepts: %s', async (text) => {
    expect(await isLoaded(text)).toBe(true);
    expect(isValid(text), JSON.stringify(validate.errors)).toBe(true);
  });

  it.each([
    '[]',
    '{ default: deny }',
    '{ version: "1" }',
    '{ version: 1, default: deny }',
    '{ version: "2", default: deny }',
    '{ version: "1", default: maybe }',
    '{ version: "1", default: deny, tool: {} }',
    '{ version: "1", default: deny, mode: off }',
    '{ version: "1", default: deny, tools: [] }',
    '{ version: "1", default: deny, tools: { "": deny } }',
    '{ version: "1", default: deny, tools: { "a**": deny } }',
    '{ version: "1", default: deny, tools: { x: block } }',
    '{ version: "1", default: deny, tools: { x: [] } }',
    '{ version: "1", default: deny, tools: { x: [[deny]] } }',
    '{ version: "1", default: deny, tools: { x: {} } }',
    '{ version: "1", default: deny, tools: { x: { reason: only } } }',
    '{ version: "1", default: deny, tools: { x: { action: deny, reason: " " } } }',
    '{ version: "1", default: deny, tools: { x: { action: deny, mode: enforce } } }',
    '{ version: "1", default: deny, tools: { x: { action: deny, approval: { timeout: 1h } } } }',
    '{ version: "1", default: deny, tools: { x: { action: require_approval, approval: {} } } }',
    '{ version: "1", default: deny, tools: { x: { action: require_approval, approval: { timeout: 1 } } } }',
    '{ version: "1", default: deny, tools: { x: { action: require_approval, approval: { via: [] } } } }',
    '{ version: "1", default: deny, tools: { x: { action: require_approval, approval: { approvers: 0 } } } }',
    '{ version: "1", default: deny, tools: { x: { rate_limit: 10/fortnight } } }',
    '{ version: "1", default: deny, tools: { x: { rate_limit: 0/hour } } }',
    '{ version: "1", default: deny, tools: { x: { rate_limit: { max: 1 } } } }',
    '{ version: "1", default: deny, tools: { x: { rate_limit: { max: 1.5, window: 1 } } } }',
    '{ version: "1", default: deny, tools: { x: { rate_limit: { max: 1, window: 1, per: user } } } }',
    '{ version: "1", default: deny, tools: { x: { rate_limit: [] } } }',
    '{ version: "1", default: deny, tools: { x: { budget: { max: 1, window: 1 } } } }',
    '{ version: "1", default: deny, tools: { x: { budget: { sum: args.a, max: -1, window: 1 } } } }',
    '{ version: "1", default: deny, tools: { x: { require: [] } } }',
    '{ version: "1", default: deny, tools: { x: { require: { reason: none } } } }',
    '{ version: "1", default: deny, tools: { x: { arguments: {} } } }',
    '{ version: "1", default: deny, tools: { x: { arguments: { a: 5 } } } }',
    '{ version: "1", default: deny, tools: { x: { arguments: { a: { maxmum: 5 } } } } }',
    '{ version: "1", default: deny, tools: { x: { arguments: { additional: false } } } }',
    '{ version: "1", default: deny, tools: { x: { additional: true } } }',
    '{ version: "1", default: deny, resources: { "file:///a": { schema: upstream } } }',
    '{ version: "1", default: deny, client: { sampling: maybe } }',
  ])('refuses what the loader refuses: %s', async (text) => {
    expect(await isLoaded(text)).toBe(false);
    expect(isValid(text)).toBe(false);
  });

  it('accepts every document of this repository that loads: golden files, cookbook, examples, broken policies that are not', async () => {
    const root = join(import.meta.dirname, '../..');
    const files = ['test/policy/golden', 'docs/cookbook', 'examples', 'test/policy/broken'].flatMap((folder) => readdirSync(join(root, folder), { recursive: true, withFileTypes: true }));
    let sound = 0;
    for (const { name, parentPath } of files.filter((file) => file.isFile() && /\.(?:ya?ml|txt)$/.test(file.name))) {
      const [text = ''] = readFileSync(join(parentPath, name), 'utf8').split(`${'-'.repeat(40)}\n`);
      if (!(await isLoaded(text))) continue;
      sound += 1;
      expect(isValid(text), `${name}: ${JSON.stringify(validate.errors)}`).toBe(true);
    }
    expect(sound).toBeGreaterThan(10);
  });

  it('refuses the broken policies whose mistake is one of structure', async () => {
    const structural = new Set(['unknown_key', 'wrong_type', 'missing_key', 'bad_action', 'bad_version', 'bad_mode', 'bad_rate', 'bad_max', 'bad_window', 'bad_per', 'duplicate_per', 'empty_list', 'empty_rule', 'empty_reason', 'approval_without_action', 'empty_approval', 'bad_via', 'duplicate_via', 'duplicate_approver', 'empty_arguments', 'bad_additional', 'misplaced_additional', 'bad_schema_source', 'no_arguments', 'no_schema', 'bad_on_state_error', 'bad_client_answer', 'double_star', 'empty_selector', 'empty_condition']);
    const folder = join(import.meta.dirname, 'broken');
    let broken = 0;
    for (const name of readdirSync(folder).filter((file) => file.endsWith('.yaml'))) {
      const text = readFileSync(join(folder, name), 'utf8');
      const result = await loadPolicy(text, { name: 'p' });
      if (result.ok || !result.errors.every(({ code }) => structural.has(code))) continue;
      broken += 1;
      expect(isValid(text), `${name}: ${result.errors.map(({ code, message }) => `${code} ${message}`).join(' | ')}`).toBe(false);
    }
    expect(broken).toBeGreaterThan(10);
  });

  it('accepts whatever the loader accepts', async () => {
    let loaded = 0;
    await fc.assert(
      fc.asyncProperty(document, async (random) => {
        const text = JSON.stringify(random);
        if (!(await isLoaded(text))) return;
        loaded += 1;
        expect(isValid(text), `${text}: ${JSON.stringify(validate.errors)}`).toBe(true);
      }),
      { numRuns: 600 },
    );
    expect(loaded).toBeGreaterThan(100);
  });
});
