import type { IncomingMessage } from 'node:http';
import { z } from 'zod';
import type { Head } from '../../gateway/http/head.ts';
import { StateUnavailable } from '../../state/types.ts';
import { authenticate, isCsrfToken, type Identity } from '../auth/authenticate.ts';
import { cookieOf } from '../auth/cookies.ts';
import type { Caller, Permission } from './caller.ts';
import { once, readIdempotencyKey, type Answer } from './idempotency.ts';
import { ApiProblem, notFound, problemDocument, type Detail } from './problem.ts';
import { DEFAULT_MAX_BODY, hasBody, readJsonBody } from './request-body.ts';
import { ANYWHERE, type Call, type RawReply, type Reply, type Route } from './route.ts';
import { isCrossSite, reachedAt } from './same-site.ts';
import type { ControlServices } from './services.ts';
import { strictJson } from './strict-json.ts';
import { check } from './validation.ts';
import { etagOf, hasVersion, readIfMatch } from './versions.ts';

/** A request whose route has been found. */
export interface Incoming {
  readonly head: Head;
  readonly request: IncomingMessage;
  readonly requestId: string;
  readonly params: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

/** What is sent back: a text, or a stream that is guarded by `stillAllowed`. */
export type Outgoing =
  | Answer
  | { readonly raw: RawReply; readonly stillAllowed: () => Promise<boolean> };

export const API_HEADERS: Readonly<Record<string, string>> = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};

const EMPTY = z.strictObject({});

/**
 * One request's path: same site -> who -> may he at all -> CSRF -> body -> schemas -> may he here -> If-Match -> once -> handler -> reply schema.
 * What is cheap and needs no body comes first. Never throws: every failure is a problem document.
 */
export async function dispatch(route: Route, incoming: Incoming, services: ControlServices): Promise<Outgoing> {
  try {
    return await judged(route, incoming, services);
  } catch (error) {
    return refusal(error, incoming, services, route.id);
  }
}

async function judged(route: Route, incoming: Incoming, services: ControlServices): Promise<Outgoing> {
  const { head, request } = incoming;
  const reading = route.method === 'get';
  if (isCrossSite(head, services.publicUrl(), reading && route.permission === 'public')) throw new ApiProblem('cross_site', 'requests from pages of other sites are refused');
  const identity = await authenticate(head, services);
  demandAnywhere(route, identity, head);
  if (!reading) demandCsrf(identity, head, route);
  const ifMatch = readIfMatch(head.get('if-match'));
  if (route.needsIfMatch === true && ifMatch === undefined) throw new ApiProblem('precondition_required', 'say with If-Match which version you have seen (the ETag of the thing), so that nobody overwrites what another has changed');
  const key = route.method === 'post' ? readIdempotencyKey(head.get('idempotency-key')) : null;

  const bytes = await bodyOf(route, head, request);
  const { params, query, body } = validated(route, incoming, bytes);
  const publicUrl = services.publicUrl();
  const call: Call<unknown, unknown, unknown> = {
    params, query, body, caller: identity.caller, ifMatch, requestId: incoming.requestId, signal: incoming.signal,
    session: identity.session === null ? null : { hash: identity.session.hash, csrfToken: identity.session.csrfToken },
    header: (name) => head.get(name),
    cookie: (name) => cookieOf(head.get('cookie'), name),
    address: request.socket.remoteAddress ?? null,
    origin: reachedAt(head, publicUrl),
  };
  await demandHere(route, call, services);

  const work = async (): Promise<Outgoing> => shaped(route, await route.handle(call as Call<never, never, never>, services), { head, identity, services });
  // Nobody has no keys of his own: two people behind one address would share theirs.
  // What changes nothing can be done again; keeping its answers for a day would let whoever may only look fill the disk.
  if (key === null || identity.caller.via === 'nobody' || route.raw !== undefined || route.permission === 'read') return work();
  return once(key, { caller: identity.caller.id, method: route.method, path: `${head.path}?${head.query}`, body: bytes ?? Buffer.alloc(0) }, services, async () => {
    const outgoing = await work();
    if ('raw' in outgoing) throw new Error(`${route.id} answers a POST with a stream, and says no media type`);
    return outgoing;
  });
}

function mayAnywhere(caller: Caller, permission: Permission): boolean {
  const servers = caller.servers(permission);
  return caller.can(permission, null) || servers === 'all' || servers.size > 0;
}

function demandAnywhere(route: Route, { caller }: Identity, head: Head): void {
  if (route.permission === 'public') return;
  if (caller.via === 'nobody') {
    // A browser would ask for a name and password of its own if it were told a scheme.
    throw new ApiProblem('unauthenticated', 'sign in, or send an API token', head.get('sec-fetch-site') === null ? { headers: { 'www-authenticate': 'Bearer realm="policylayer-api"' } } : {});
  }
  if (route.sessionOnly === true && caller.via === 'token') throw new ApiProblem('forbidden', 'API tokens may not do this; sign in');
  if (!mayAnywhere(caller, route.permission)) throw new ApiProblem('forbidden', `this needs the right ${route.permission}`);
}

function demandCsrf({ session }: Identity, head: Head, route: Route): void {
  // A sign-in has no session yet, and one that is replaced by it protects nothing.
  if (session === null || route.permission === 'public') return;
  if (!isCsrfToken(head.get('x-csrf-token'), session.csrfToken)) throw new ApiProblem('cross_site', 'the header X-CSRF-Token must hold the csrfToken of GET /api/v1/session');
}

async function bodyOf(route: Route, head: Head, request: IncomingMessage): Promise<Buffer | null> {
  const announced = hasBody(head);
  if (route.body === undefined) {
    if (announced) throw new ApiProblem('invalid_request', 'this request takes no body', { problems: [{ pointer: '', in: 'body', message: 'no body is expected' }] });
    return null;
  }
  if (!announced) {
    // Said by the schema, if it can be left out.
    return null;
  }
  return readJsonBody(head, request, route.maxBody ?? DEFAULT_MAX_BODY);
}

/** @throws ApiProblem invalid_request with everything that is wrong in path, query and body */
function validated(route: Route, { head, params }: Incoming, bytes: Buffer | null): { params: unknown; query: unknown; body: unknown } {
  const problems: Detail[] = [];
  const take = (schema: z.ZodType, value: unknown, part: NonNullable<Detail['in']>): unknown => {
    const found = check(schema, value, part);
    if (found.ok) return found.value;
    problems.push(...found.problems);
    return undefined;
  };
  const query = take(strict(route.query), queryOf(head.query, problems), 'query');
  const path = take(strict(route.params), Object.fromEntries(Object.entries(params)), 'path');
  let body: unknown;
  if (route.body !== undefined) {
    if (bytes === null) {
      if (!route.body.safeParse(undefined).success) problems.push({ pointer: '', in: 'body', message: 'a JSON body is expected' });
      else body = route.body.parse(undefined);
    } else body = take(route.body, strictJson(bytes), 'body');
  }
  if (problems.length === 0) return { params: path, query, body };
  throw new ApiProblem('invalid_request', problems.length === 1 ? `one thing is wrong: ${problems[0]?.message ?? ''}` : `${problems.length} things are wrong`, { problems });
}

function strict(schema: z.ZodType | undefined): z.ZodType {
  return schema === undefined ? EMPTY : schema instanceof z.ZodObject ? schema.strict() : schema;
}

/** Each parameter once: of two, different readers take different ones. */
function queryOf(query: string, problems: Detail[]): Record<string, string> {
  const values: Record<string, string> = Object.create(null) as Record<string, string>;
  for (const [name, value] of new URLSearchParams(query)) {
    if (name in values) problems.push({ pointer: `/${name}`, in: 'query', message: 'this parameter is repeated' });
    else if (value.includes('\0') || value.includes('\ufffd')) problems.push({ pointer: `/${name}`, in: 'query', message: 'the value is no text in UTF-8' });
    else values[name] = value;
  }
  return { ...values };
}

async function demandHere(route: Route, call: Call<unknown, unknown, unknown>, services: ControlServices): Promise<void> {
  const { caller } = call;
  if (route.permission === 'public' || route.permission === 'self') return;
  const scope = route.scope === undefined ? namedServer(call) : await route.scope(call as Call<never, never, never>, services);
  if (scope === undefined) throw notFound('thing');
  if (scope === ANYWHERE || caller.can(route.permission, scope)) return;
  if (scope !== null && !caller.can('read', scope)) throw notFound('thing');
  throw new ApiProblem('forbidden', scope === null ? `this needs the right ${route.permission} in the whole organisation` : `this needs the right ${route.permission} for this server`);
}

function namedServer({ params, query }: Call<unknown, unknown, unknown>): string | null {
  for (const part of [params, query]) {
    const server = (part as { readonly server?: unknown } | undefined)?.server;
    if (typeof server === 'string') return server;
  }
  return null;
}

function shaped(route: Route, reply: Reply<unknown> | RawReply, { head, identity, services }: { head: Head; identity: Identity; services: ControlServices }): Outgoing {
  if ('stream' in reply) return { raw: reply, stillAllowed: () => stillAllowed(route, head, identity, services) };
  const headers: Record<string, string> = {};
  const cookies = reply.cookies ?? [];
  if (reply.version !== undefined) headers['etag'] = etagOf(reply.version);
  if (reply.location !== undefined) headers['location'] = reply.location;
  if (reply.status === 204) return { status: 204, headers, body: '', cookies };
  if (route.method === 'get' && reply.version !== undefined && hasVersion(head.get('if-none-match'), reply.version)) return { status: 304, headers, body: '', cookies };
  const parsed = route.reply.safeParse(reply.body);
  // Also what keeps a field that nobody meant to show inside.
  if (!parsed.success) throw new Error(`${route.id} answered what its schema does not allow: ${z.prettifyError(parsed.error)}`);
  return { status: reply.status ?? 200, headers: { ...headers, 'content-type': 'application/json' }, body: JSON.stringify(parsed.data), cookies };
}

/** A stream can be longer than the rights of who reads it. */
async function stillAllowed(route: Route, head: Head, before: Identity, services: ControlServices): Promise<boolean> {
  if (route.permission === 'public') return true;
  try {
    const { caller } = await authenticate(head, services);
    if (caller.id !== before.caller.id || !mayAnywhere(caller, route.permission)) return false;
    // What the stream shows was chosen by these rights.
    return caller.role === before.caller.role && JSON.stringify(caller.serverRoles) === JSON.stringify(before.caller.serverRoles);
  } catch {
    return false;
  }
}

/** Writes any failure as a problem document. What we did not expect is told to the operator, with the request's id, and to nobody else. */
export function refusal(error: unknown, { requestId, signal }: Pick<Incoming, 'requestId' | 'signal'>, services: ControlServices, what: string): Answer {
  let problem: ApiProblem;
  if (error instanceof ApiProblem) problem = error;
  else if (error instanceof StateUnavailable) {
    services.log(`api: ${what} (request ${requestId}): ${error.message}`);
    problem = new ApiProblem('unavailable', 'the database does not answer; nothing was changed', { headers: { 'retry-after': '1' } });
  } else {
    if (!signal.aborted) services.log(`api: ${what} failed (request ${requestId}): ${error instanceof Error ? (error.stack ?? error.message) : 'not an Error'}`);
    problem = new ApiProblem('internal', `this was not expected; the log of the gateway says more under the request id ${requestId}`);
  }
  return { status: problem.status, headers: { ...problem.headers, 'content-type': 'application/problem+json' }, body: JSON.stringify(problemDocument(problem, requestId)) };
}
