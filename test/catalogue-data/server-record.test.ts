import { describe, expect, it } from 'vitest';
import { parameterFacts } from '../../src/catalogue/parameter-facts.ts';
import { readServerRecord, serverRecord, serverRecordText } from '../../src/catalogue/server-record.ts';
import { UPSTREAM_LIMITS } from '../../src/wire/limits.ts';
import type { JsonNode } from '../../src/wire/json-node.ts';
import { scan } from '../../src/wire/scan.ts';

const HASH = 'a'.repeat(64);
const FACTS = {
  slug: 'example-server',
  package: { registry: 'npm', name: '@example/server', version: '1.2.3' },
  server: { name: 'Example', version: '1.2.3', protocol: '2025-11-25' },
  scannedOn: '2026-01-31',
  classifiedOn: '2026-02-01',
} as const;

function node(value: unknown): JsonNode {
  const scanned = scan(Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)), UPSTREAM_LIMITS);
  if (!scanned.ok) throw new Error(scanned.message);
  return scanned.root;
}

function recordOf(...definitions: unknown[]): ReturnType<typeof serverRecord> {
  return serverRecord(FACTS, definitions.map((definition) => ({ definition: node(definition), sha256: HASH })));
}

const DELETE_ROW = {
  name: 'delete_row',
  title: 'Delete a row',
  description: 'Deletes one row for good.',
  inputSchema: { type: 'object', properties: { table: { type: 'string' }, id: { type: 'integer' } }, required: ['id'] },
  annotations: { title: 'other', destructiveHint: true, weight: 3 },
};

describe('the record of a server', () => {
  it('holds facts and our classification, and no text of a description', () => {
    const record = recordOf(DELETE_ROW);
    const bytes = JSON.stringify(DELETE_ROW).length;
    expect(record).toMatchObject({ ...FACTS, format: 1, status: 'ok', bytes, approximateTokens: Math.round(bytes / 4), unnamed: 0 });
    expect(record.tools[0]).toMatchObject({
      name: 'delete_row',
      title: 'Delete a row',
      parameters: [{ name: 'table', type: 'string', required: false }, { name: 'id', type: 'integer', required: true }],
      annotations: { destructiveHint: true },
      bytes,
      descriptionBytes: DELETE_ROW.description.length,
      sha256: HASH,
      classification: { category: 'destructive', risk: 'critical' },
    });
    expect(serverRecordText(record)).not.toContain(DELETE_ROW.description);
  });

  it('reads back what it wrote, one tool per line, and the same bytes for the same scan', () => {
    const record = recordOf(DELETE_ROW, { name: 'list_rows' });
    const text = serverRecordText(record);
    expect(readServerRecord(JSON.parse(text))).toEqual(record);
    expect(text.split('\n').filter((line) => line.startsWith('{"name":'))).toHaveLength(2);
    expect(serverRecordText(recordOf(DELETE_ROW, { name: 'list_rows' }))).toBe(text);
  });

  it('counts items without a name, and keeps a tool that is listed twice, under a status of its own', () => {
    const record = recordOf({ name: 'a' }, {}, 'null', { name: 7 }, { name: 'a' });
    expect(record).toMatchObject({ status: 'duplicate_tools', unnamed: 3, bytes: 24 });
    expect(record.tools.map(({ name }) => name)).toEqual(['a', 'a']);
  });

  it('bounds every text that the server chose', () => {
    const long = 'x'.repeat(10_000);
    const record = recordOf({ name: long, title: long, inputSchema: { type: 'object', properties: { [long]: { type: long } } }, annotations: { [long]: true } });
    expect(serverRecordText(record).length).toBeLessThan(4_000);
    expect(record.tools[0]?.parameters[0]?.type).toBe('any');
  });

  it.each(['Delete a row', 'Pods: List', 'Node.js: run', 'v1.2 import'])('keeps the title %s', (title) => expect(recordOf({ name: 'a', title }).tools[0]?.title).toBe(title));

  it.each(['Deletes a row. Cannot be undone', 'Deletes a row.', 'One line\nand another', 'x'.repeat(65)])('keeps no sentence of others that stands in place of a title: %s', (title) => {
    expect(recordOf({ name: 'a', title }).tools[0]?.title).toBeNull();
    expect(recordOf({ name: 'a', annotations: { title } }).tools[0]?.title).toBeNull();
  });

  it('keeps a member named __proto__ as a name, not as a prototype', () => {
    const record = recordOf('{"name":"__proto__","inputSchema":{"type":"object","properties":{"__proto__":{"type":"string"}},"required":["__proto__"]}}');
    expect(readServerRecord(JSON.parse(serverRecordText(record))).tools[0]?.parameters).toEqual([{ name: '__proto__', type: 'string', required: true }]);
  });
});

describe('the type of a parameter', () => {
  it.each([
    [{ type: 'string' }, 'string'],
    [{ type: 'string', enum: ['a'] }, 'enum'],
    [{ const: 'a' }, 'enum'],
    [{}, 'any'],
    [true, 'any'],
    [7, null],
    [{ type: 'strnig' }, 'any'],
    [{ type: ['string', 'null'] }, 'string | null'],
    [{ anyOf: [{ type: 'null' }, { type: 'string' }] }, 'string | null'],
    [{ oneOf: [{ type: 'integer' }, { type: 'string' }] }, 'integer | string'],
    [{ anyOf: [{ type: 'string' }, {}] }, 'any'],
    [{ anyOf: [] }, 'any'],
    [{ type: 'array' }, 'array'],
    [{ type: 'array', items: { type: 'object' } }, 'array of object'],
    [{ type: 'array', items: { type: 'array', items: { type: 'string' } } }, 'array of array'],
    [{ $ref: '#/$defs/One' }, 'number'],
    [{ $ref: '#/$defs/Circle' }, 'any'],
    [{ $ref: 'https://example.com/schema' }, 'any'],
    [{ allOf: [{ $ref: '#/$defs/One' }] }, 'number'],
  ])('%j is %s', (schema, type) => {
    const input = { type: 'object', properties: { p: schema }, $defs: { One: { type: 'number' }, Circle: { $ref: '#/$defs/Circle' } } };
    expect(parameterFacts(node(input))).toEqual([{ name: 'p', type, required: false }]);
  });

  it.each([7, 'text', [], {}, { properties: [] }, { properties: {}, required: 7 }])('there are no parameters in %j', (schema) => {
    expect(parameterFacts(node(JSON.stringify(schema)))).toEqual([]);
  });
});

describe('a record that is wrong is refused with its place', () => {
  const good = (): Record<string, unknown> => JSON.parse(serverRecordText(recordOf(DELETE_ROW))) as Record<string, unknown>;
  const tool = (change: object): Record<string, unknown> => {
    const record = good();
    const [first] = record['tools'] as object[];
    return { ...record, tools: [{ ...first, ...change }] };
  };
  it.each<[string, () => unknown, string]>([
    ['no object', () => 7, 'the record: expected an object'],
    ['another format', () => ({ ...good(), format: 2 }), '/format: expected 1'],
    ['a slug with a path in it', () => ({ ...good(), slug: '../x' }), '/slug: expected a slug'],
    ['a date in words', () => ({ ...good(), scannedOn: 'today' }), '/scannedOn: expected a date'],
    ['a registry we do not know', () => ({ ...good(), package: { registry: 'x', name: 'x', version: '1' } }), '/package/registry: expected one of npm, pypi'],
    ['a total that is none', () => ({ ...good(), bytes: 1 }), '/bytes: expected'],
    ['a hash that is none', () => tool({ sha256: 'abc' }), '/tools/0/sha256: expected a SHA-256'],
    ['a parameter without a name', () => tool({ parameters: [{}] }), '/tools/0/parameters/0/name: expected text'],
    ['an unknown category', () => tool({ classification: { category: 'x' } }), '/tools/0/classification/category: expected one of read'],
    ['effects without the category', () => tool({ classification: { category: 'read', effects: ['write'] } }), '/tools/0/classification/effects: expected a list that holds'],
    ['a hint that is no flag', () => tool({ annotations: { readOnlyHint: 'yes' } }), '/tools/0/annotations/readOnlyHint: expected true or false'],
  ])('%s', (_title, record, message) => {
    expect(() => readServerRecord(record())).toThrow(message);
  });
});
