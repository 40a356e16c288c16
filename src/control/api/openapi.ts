import { z } from 'zod';
import { BASE } from './base.ts';
import { PROBLEMS, type ProblemCode } from './problem.ts';
import { hasNoBody, type Route } from './route.ts';

type Json = Record<string, unknown>;

const DESCRIPTION = `Register servers, write policies, mint grants, decide approvals, read the journal.

Lists are \`{ items, next }\`; \`next\` goes into \`cursor\`. What has a version answers it in \`ETag\`; PUT, PATCH and DELETE of it need \`If-Match\`.
Any POST may carry an \`Idempotency-Key\`. Every answer has an \`X-Request-Id\`. Every refusal is \`application/problem+json\` with a stable \`code\`.
A thing on a server that the caller may not see is not found.`;

/** The OpenAPI 3.1 document of routes, made of the schemas that validate them. */
export function openApiDocument(routes: readonly Route[], version: string): Json {
  const schemas: Json = { Problem: problemSchema() };
  /** Components by their text. */
  const named = new Map<string, string>();
  const paths: Record<string, Json> = {};
  for (const route of [...routes].sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0))) {
    const path = `${BASE}${route.path}`;
    (paths[path] ??= {})[route.method] = operation(route, schemas, named);
  }
  return {
    openapi: '3.1.0',
    info: { title: 'PolicyLayer control plane', version, description: DESCRIPTION, license: { name: 'Apache-2.0', identifier: 'Apache-2.0' } },
    servers: [{ url: '/' }],
    tags: [...new Set(routes.map(({ tag }) => tag))].sort().map((name) => ({ name })),
    paths,
    components: {
      schemas: Object.fromEntries(Object.entries(schemas).sort(([a], [b]) => (a < b ? -1 : 1))),
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer', description: 'An API token: `pla_` and 43 characters.' },
        session: { type: 'apiKey', in: 'cookie', name: 'policylayer_session', description: 'The cookie of a sign-in (`__Host-policylayer_session` over https).' },
        csrf: { type: 'apiKey', in: 'header', name: 'X-CSRF-Token', description: 'csrfToken of GET /session, for everything that changes something in a session.' },
      },
      responses: {
        Problem: { description: 'Refused, or failed: `code` says why.', headers: REQUEST_ID, content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } } },
      },
    },
  };
}

const REQUEST_ID = { 'X-Request-Id': { schema: { type: 'string' }, description: 'names this request in the log and in the audit' } };

function operation(route: Route, schemas: Json, named: Map<string, string>): Json {
  const reading = route.method === 'get';
  const json = (schema: z.ZodType, io: 'input' | 'output', name: string): Json => jsonSchema(schema, io, `${capital(route.id)}${name}`, schemas);
  const parameters = [...parametersOf(route, 'path', json), ...parametersOf(route, 'query', json), ...headerParameters(route)];
  const session = reading ? { session: [] } : { session: [], csrf: [] };
  const security = route.permission === 'public' ? [] : route.sessionOnly === true ? [session] : [{ token: [] }, session];
  const shared = (schema: z.ZodType, io: 'input' | 'output', name: string): Json => share(json(schema, io, name), `${capital(route.id)}${name}`, schemas, named);
  const body = route.body === undefined ? null : { required: !route.body.safeParse(undefined).success, content: { 'application/json': { schema: shared(route.body, 'input', 'Body') } } };
  return {
    operationId: route.id, summary: route.summary, tags: [route.tag], description: `Right: \`${route.permission}\`.`, security,
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body === null ? {} : { requestBody: body }),
    responses: responsesOf(route, shared),
  };
}

function parametersOf(route: Route, where: 'path' | 'query', json: (schema: z.ZodType, io: 'input', name: string) => Json): Json[] {
  const schema = where === 'path' ? route.params : route.query;
  if (schema === undefined) return [];
  const { properties = {}, required = [] } = json(schema, 'input', where === 'path' ? 'Path' : 'Query') as { properties?: Record<string, Json>; required?: string[] };
  return Object.entries(properties).map(([name, property]) => {
    const { description, ...rest } = property;
    return { name, in: where, required: where === 'path' || required.includes(name), ...(description === undefined ? {} : { description }), schema: rest };
  });
}

function headerParameters(route: Route): Json[] {
  const headers: Json[] = [];
  if (route.needsIfMatch === true) headers.push({ name: 'If-Match', in: 'header', required: true, description: 'the ETag that was read, or `*`', schema: { type: 'string' } });
  if (route.method === 'post') headers.push({ name: 'Idempotency-Key', in: 'header', required: false, description: 'a repeated request with the same key is answered with the first answer', schema: { type: 'string', minLength: 1, maxLength: 128, pattern: '^[!-~]{1,128}$' } });
  return headers;
}

/** A schema as a component, which routes with the same one share. */
function share(schema: Json, name: string, schemas: Json, named: Map<string, string>): Json {
  if (typeof schema['$ref'] === 'string') return schema;
  const text = JSON.stringify(schema);
  const same = named.get(text) ?? name;
  if (same === name) schemas[name] = schema;
  named.set(text, same);
  return { $ref: `#/components/schemas/${same}` };
}

function responsesOf(route: Route, json: (schema: z.ZodType, io: 'output', name: string) => Json): Json {
  const responses: Record<string, unknown> = {};
  const empty = hasNoBody(route);
  const versioned = { ETag: { schema: { type: 'string' }, description: 'where the thing has a version' } };
  if (route.redirects === true) responses['303'] = { description: 'The browser goes on', headers: { ...REQUEST_ID, Location: { schema: { type: 'string' } } } };
  else if (route.raw !== undefined) responses['200'] = { description: 'A stream', headers: REQUEST_ID, content: Object.fromEntries(route.raw.split(', ').map((type) => [type, { schema: { type: 'string' } }])) };
  else if (empty) responses['204'] = { description: 'Done', headers: REQUEST_ID };
  else {
    const content = { 'application/json': { schema: json(route.reply, 'output', 'Reply') } };
    for (const status of route.method === 'post' ? ['200', '201', '202'] : ['200']) responses[status] = { description: status === '201' ? 'Made' : status === '202' ? 'Begun' : 'Done', headers: { ...REQUEST_ID, ...versioned }, content };
  }
  for (const status of refusals(route)) responses[String(status)] = { $ref: '#/components/responses/Problem' };
  // Said by the HTTP parser, before there is a request of ours.
  responses['431'] = { description: 'The head of the request is too long' };
  return responses;
}

/** Which refusals a route can give. */
function refusals(route: Route): number[] {
  const codes = new Set<ProblemCode>(['invalid_request', 'cross_site', 'not_found', 'too_many_requests', 'internal', 'unavailable', 'unauthenticated', 'conflict', 'timeout']);
  if (route.method !== 'get') for (const code of ['owned_by_file', 'invalid_policy', 'bad_gateway'] as const) codes.add(code);
  if (route.body !== undefined) for (const code of ['too_large', 'unsupported_media_type'] as const) codes.add(code);
  if (route.needsIfMatch === true) codes.add('precondition_required');
  if (route.method !== 'get') codes.add('precondition_failed');
  return [...new Set([...codes].map((code) => PROBLEMS[code][0]))].sort((a, b) => a - b);
}

function problemSchema(): Json {
  return {
    type: 'object', required: ['type', 'title', 'status', 'code', 'detail', 'requestId'],
    properties: {
      type: { const: 'about:blank' }, title: { type: 'string' }, status: { type: 'integer' }, code: { enum: Object.keys(PROBLEMS) }, detail: { type: 'string' }, requestId: { type: 'string' },
      problems: {
        type: 'array', description: 'everything that is wrong, at once',
        items: { type: 'object', required: ['pointer', 'message'], properties: { pointer: { type: 'string', description: 'JSON Pointer into the part that `in` names' }, in: { enum: ['body', 'query', 'path', 'header'] }, message: { type: 'string' }, help: { type: 'string' } } },
      },
    },
  };
}

/** A schema as JSON Schema 2020-12. What refers to itself moves to the components, because a reference is relative to the whole document. */
function jsonSchema(schema: z.ZodType, io: 'input' | 'output', name: string, schemas: Json): Json {
  const made = z.toJSONSchema(schema, { target: 'draft-2020-12', io, unrepresentable: 'any', override: ({ zodSchema, jsonSchema: out }) => overridden(zodSchema, out) }) as Json;
  const { $schema: _, $defs, ...rest } = made;
  const text = JSON.stringify(rest);
  if ($defs === undefined && !text.includes('"$ref":"#')) return rest;
  const renamed = (value: unknown): unknown => JSON.parse(JSON.stringify(value).replaceAll('"$ref":"#/$defs/', `"$ref":"#/components/schemas/${name}.`).replaceAll('"$ref":"#"', `"$ref":"#/components/schemas/${name}"`));
  for (const [key, value] of Object.entries(($defs ?? {}) as Json)) schemas[`${name}.${key}`] = renamed(value);
  if (!text.includes('"$ref":"#"')) return renamed(rest) as Json;
  schemas[name] = renamed(rest);
  return { $ref: `#/components/schemas/${name}` };
}

/** A query parameter is text for us and a number for who reads the document. Classes of Unicode are not known to all who read patterns. */
function overridden(schema: z.core.$ZodTypes, out: z.core.JSONSchema.BaseSchema): void {
  if (out.pattern?.includes('\\p{') === true) delete out.pattern;
  const meta = z.globalRegistry.get(schema as unknown as z.ZodType) as { readonly override?: Json } | undefined;
  if (meta?.override === undefined) return;
  for (const key of Object.keys(out)) if (key !== 'description') delete out[key];
  Object.assign(out, meta.override);
}

function capital(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;
}
