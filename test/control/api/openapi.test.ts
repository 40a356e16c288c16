import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { z } from 'zod';
import { beforeAll, describe, expect, it } from 'vitest';
import { openApiDocument } from '../../../src/control/api/openapi.ts';
import { routes } from '../../../src/control/routes/index.ts';

const REPOSITORY = resolve(import.meta.dirname, '../../..');
const KEPT = join(REPOSITORY, 'docs/openapi.json');

interface Operation {
  readonly operationId: string;
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly required: boolean; readonly schema: object }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: object }>> };
  readonly responses: Readonly<Record<string, { readonly $ref?: string; readonly description?: string; readonly content?: Readonly<Record<string, { readonly schema: object }>> }>>;
  readonly security: readonly object[];
}
interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, object>>; readonly securitySchemes: object };
}

let document: Document;
let operations: (Operation & { readonly path: string; readonly method: string })[];
beforeAll(() => {
  const { version } = JSON.parse(readFileSync(join(REPOSITORY, 'package.json'), 'utf8')) as { version: string };
  document = JSON.parse(JSON.stringify(openApiDocument(routes, version))) as Document;
  operations = Object.entries(document.paths).flatMap(([path, methods]) => Object.entries(methods).map(([method, operation]) => ({ ...operation, path, method })));
});

describe('the OpenAPI document', () => {
  it('is the one in docs/openapi.json; UPDATE_OPENAPI=1 with this test writes it anew', () => {
    const text = `${JSON.stringify(document, null, 1)}\n`;
    if (process.env['UPDATE_OPENAPI'] === '1') writeFileSync(KEPT, text);
    expect(readFileSync(KEPT, 'utf8') === text, 'docs/openapi.json is not what the routes say').toBe(true);
  });

  it('has every route once, under an id of its own', () => {
    expect(operations.map(({ operationId }) => operationId).sort()).toEqual(routes.map(({ id }) => id).sort());
    expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(routes.length);
  });

  it('declares exactly the parameters of each path, each parameter once', () => {
    for (const { path, operationId, parameters = [] } of operations) {
      const named = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      expect(parameters.filter((one) => one.in === 'path').map(({ name }) => name).sort().join(), operationId).toBe(named.map(String).sort().join());
      expect(parameters.filter((one) => one.in === 'path').every(({ required }) => required), operationId).toBe(true);
      expect(new Set(parameters.map((one) => `${one.in} ${one.name.toLowerCase()}`)).size, operationId).toBe(parameters.length);
    }
  });

  it('holds schemas of JSON Schema 2020-12 only, whose references lead somewhere', () => {
    const ajv = new Ajv2020({ strict: false, validateFormats: false });
    ajv.addSchema({ $id: 'document', components: document.components });
    const rooted = (schema: object): object => JSON.parse(JSON.stringify(schema).replaceAll('"$ref":"#/', '"$ref":"document#/')) as object;
    for (const [name, schema] of Object.entries(document.components.schemas)) expect(() => ajv.compile(rooted(schema)), name).not.toThrow();
    for (const { operationId, parameters = [], requestBody, responses } of operations) {
      for (const { name, schema } of parameters) expect(() => ajv.compile(rooted(schema)), `${operationId} ${name}`).not.toThrow();
      for (const { schema } of Object.values(requestBody?.content ?? {})) expect(() => ajv.compile(rooted(schema)), operationId).not.toThrow();
      for (const { schema } of Object.values(responses).flatMap(({ content }) => Object.values(content ?? {}))) expect(() => ajv.compile(rooted(schema)), operationId).not.toThrow();
    }
  });

  it('says of everything but public routes how one signs in, and of every change in a session that it needs the CSRF token', () => {
    for (const { operationId, security, method } of operations) {
      const { permission } = routes.find(({ id }) => id === operationId) ?? expect.fail(operationId);
      expect(security.length > 0, operationId).toBe(permission !== 'public');
      if (permission !== 'public' && method !== 'get') expect(JSON.stringify(security), operationId).toContain('"csrf"');
    }
  });
});

describe('the routes', () => {
  it('take no field that they do not know, at any depth', () => {
    for (const route of routes) for (const [part, schema] of [['body', route.body], ['params', route.params]] as const) if (schema !== undefined) expect(openObjects(schema), `${route.id}: ${part}`).toEqual([]);
  });

  it('that change something with a version say so, and name no more than one body', () => {
    for (const route of routes) if (route.method === 'put' || route.method === 'patch') expect(route.body, route.id).toBeDefined();
    for (const route of routes) if (route.method === 'get') expect(route.body, route.id).toBeUndefined();
  });

  it('have ids and addresses of one form', () => {
    for (const { id, path, tag, summary } of routes) {
      expect(id).toMatch(/^[a-z][A-Za-z]+$/);
      expect(path).toMatch(/^(?:\/(?:[a-z]+(?:[.-][a-z]+)*|\{[a-z]+\}))+$/);
      expect(tag).toMatch(/^[a-z ]+$/);
      expect(summary.length).toBeGreaterThan(5);
    }
  });
});

/** Places of objects in a schema that would let unknown fields in. */
function openObjects(schema: z.ZodType): string[] {
  const found: string[] = [];
  z.toJSONSchema(schema, {
    io: 'input', unrepresentable: 'any',
    override: ({ zodSchema, path }) => {
      const { def } = zodSchema._zod;
      if (def.type === 'object' && (def.catchall === undefined || def.catchall._zod.def.type !== 'never')) found.push(path.join('/'));
    },
  });
  return found;
}
