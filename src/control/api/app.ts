import type { IncomingMessage } from 'node:http';
import { Hono } from 'hono';
import type { Head } from '../../gateway/http/head.ts';
import { BASE } from './base.ts';
import { API_HEADERS, dispatch, refusal, type Outgoing } from './dispatch.ts';
import { ApiProblem } from './problem.ts';
import type { Route } from './route.ts';
import type { ControlServices } from './services.ts';
import { guarded } from './stream.ts';

/** What the bridge hands to the app beside the Request. */
export interface Bindings {
  readonly head: Head;
  readonly request: IncomingMessage;
  readonly requestId: string;
  readonly signal: AbortSignal;
}

type Env = { readonly Bindings: Bindings };

/** The API as a hono app: finds the route of a request; everything else is `dispatch`. */
export function apiApp(routes: readonly Route[], services: ControlServices): Hono<Env> {
  const app = new Hono<Env>();
  const byPath = new Map<string, Map<string, Route>>();
  for (const route of routes) {
    const methods = byPath.get(route.path) ?? new Map<string, Route>();
    if (methods.has(route.method)) throw new Error(`two routes for ${route.method} ${route.path}`);
    byPath.set(route.path, methods.set(route.method, route));
  }
  // The first that fits is taken: `/journal/export` before `/journal/{id}`.
  for (const [path, methods] of [...byPath].sort(([a], [b]) => bySpecificity(a, b))) {
    app.all(`${BASE}${path.replaceAll(/\{(\w+)\}/g, ':$1')}`, async (context) => {
      const { env } = context;
      const asked = env.request.method ?? '';
      const method = asked === 'HEAD' ? 'get' : asked.toLowerCase();
      const route = methods.get(method);
      if (route !== undefined) return responseOf(await dispatch(route, { ...env, params: context.req.param() }, services), env, asked === 'HEAD');
      const allow = allowed(methods);
      if (asked === 'OPTIONS') return new Response(null, { status: 204, headers: headersOf({ allow }, env.requestId) });
      return responseOf(refusal(new ApiProblem('method_not_allowed', `here are ${allow}`, { headers: { allow } }), env, services, path), env, false);
    });
  }
  app.notFound((context) => responseOf(refusal(new ApiProblem('not_found', 'there is no such address in the API; see /api/v1/openapi.json'), context.env, services, 'address'), context.env, false));
  app.onError((error, context) => responseOf(refusal(error, context.env, services, 'routing'), context.env, false));
  return app;
}

function allowed(methods: ReadonlyMap<string, Route>): string {
  const names = [...methods.keys()].map((name) => name.toUpperCase());
  return [...(methods.has('get') ? ['HEAD'] : []), ...names, 'OPTIONS'].sort().join(', ');
}

/** Fixed parts before parameters, part by part. */
function bySpecificity(a: string, b: string): number {
  const left = a.split('/');
  const right = b.split('/');
  for (let index = 0; index < Math.min(left.length, right.length); index++) {
    const difference = Number(left[index]?.startsWith('{') ?? false) - Number(right[index]?.startsWith('{') ?? false);
    if (difference !== 0) return difference;
  }
  return right.length - left.length;
}

function headersOf(own: Readonly<Record<string, string>>, requestId: string, cookies: readonly string[] = []): Headers {
  const headers = new Headers({ ...API_HEADERS, ...own, 'x-request-id': requestId });
  for (const cookie of cookies) headers.append('set-cookie', cookie);
  return headers;
}

function responseOf(outgoing: Outgoing, { requestId, signal }: Bindings, headOnly: boolean): Response {
  if ('raw' in outgoing) {
    const { raw, stillAllowed } = outgoing;
    const headers = headersOf(raw.headers, requestId, raw.cookies);
    if (headOnly) {
      void Promise.resolve(raw.stream[Symbol.asyncIterator]().return?.()).catch(() => undefined);
      return new Response(null, { status: raw.status, headers });
    }
    return new Response(guarded(raw.stream, stillAllowed, signal), { status: raw.status, headers });
  }
  const { status, body } = outgoing;
  const empty = status === 204 || status === 304;
  const headers = headersOf(outgoing.headers, requestId, outgoing.cookies);
  if (!empty) headers.set('content-length', String(Buffer.byteLength(body)));
  return new Response(empty || headOnly ? null : body, { status, headers });
}
