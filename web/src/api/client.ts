import { ApiProblem, problemOf } from './problem.ts';

export type Query = Readonly<Record<string, string | number | boolean | readonly string[] | null | undefined>>;

export interface Send {
  readonly query?: Query;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** The version that the person has seen; null for whatever there is. Becomes `If-Match`. */
  readonly version?: number | null;
  readonly signal?: AbortSignal;
  /** Of a POST that a person repeats by hand (a form sent twice): the same key gives the same answer. Default: a new one for each call. */
  readonly idempotencyKey?: string;
}

/** A thing with the version that its ETag told; 0 where there was none. */
export interface Versioned<Value> {
  readonly value: Value;
  readonly version: number;
}

let csrfToken: string | null = null;
const ended = new Set<() => void>();

/** From GET /session; null when nobody is signed in. */
export function setCsrfToken(token: string | null): void {
  csrfToken = token;
}

/** Called when a call finds that the session is over. @returns undo */
export function onSessionEnd(listener: () => void): () => void {
  ended.add(listener);
  return () => ended.delete(listener);
}

/** Path below /api/v1, its parts made safe. `apiPath('servers', name)` */
export function apiPath(...parts: readonly string[]): string {
  return parts.map((part) => `/${encodeURIComponent(part)}`).join('');
}

/** Address of an API path with a query; empty members are left out. */
export function apiUrl(path: string, query: Query = {}): string {
  const search = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) {
    if (value === null || value === undefined || value === '') continue;
    if (typeof value === 'object') for (const one of value) search.append(key, one);
    else search.set(key, String(value));
  }
  const text = search.toString();
  return `/api/v1${path}${text === '' ? '' : `?${text}`}`;
}

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** @throws ApiProblem */
export async function request(method: Method, path: string, send: Send = {}): Promise<Response> {
  const headers: Record<string, string> = { accept: 'application/json, application/problem+json' };
  if (send.body !== undefined) headers['content-type'] = 'application/json';
  if (method !== 'GET' && csrfToken !== null) headers['x-csrf-token'] = csrfToken;
  if (send.version !== undefined) headers['if-match'] = send.version === null ? '*' : `"${send.version}"`;
  if (method === 'POST') headers['idempotency-key'] = send.idempotencyKey ?? crypto.randomUUID();
  let response: Response;
  try {
    response = await fetch(apiUrl(path, send.query), {
      method,
      headers,
      credentials: 'same-origin',
      redirect: 'error',
      ...(send.body === undefined ? {} : { body: JSON.stringify(send.body) }),
      ...(send.signal === undefined ? {} : { signal: send.signal }),
    });
  } catch (error) {
    if (send.signal?.aborted === true) throw error;
    throw new ApiProblem({ status: 0, code: 'network', title: 'No answer', detail: 'The gateway did not answer. Check that it runs and that you are online; nothing is known to have changed.' });
  }
  if (response.ok) return response;
  const problem = await problemOf(response);
  if (problem.code === 'unauthenticated') for (const listener of ended) listener();
  throw problem;
}

async function bodyOf<Value>(response: Response): Promise<Value> {
  if (response.status === 204) return undefined as Value;
  const text = await response.text();
  return (text === '' ? undefined : JSON.parse(text)) as Value;
}

/** @throws ApiProblem */
export async function get<Value>(path: string, query?: Query, signal?: AbortSignal): Promise<Value> {
  return bodyOf<Value>(await request('GET', path, { ...(query === undefined ? {} : { query }), ...(signal === undefined ? {} : { signal }) }));
}

/** @throws ApiProblem */
export async function getVersioned<Value>(path: string, signal?: AbortSignal): Promise<Versioned<Value>> {
  const response = await request('GET', path, signal === undefined ? {} : { signal });
  const version = Number(/^(?:W\/)?"(\d+)"$/.exec(response.headers.get('etag') ?? '')?.[1] ?? 0);
  return { value: await bodyOf<Value>(response), version };
}

/** @throws ApiProblem */
export async function post<Value>(path: string, body?: unknown, send: Omit<Send, 'body'> = {}): Promise<Value> {
  return bodyOf<Value>(await request('POST', path, { ...send, ...(body === undefined ? {} : { body }) }));
}

/** @throws ApiProblem */
export async function put<Value>(path: string, body: unknown, version: number | null): Promise<Value> {
  return bodyOf<Value>(await request('PUT', path, { body, version }));
}

/** @throws ApiProblem */
export async function patch<Value>(path: string, body: unknown, version: number | null): Promise<Value> {
  return bodyOf<Value>(await request('PATCH', path, { body, version }));
}

/** @throws ApiProblem */
export async function remove(path: string, version?: number | null, query?: Query): Promise<void> {
  await request('DELETE', path, { ...(version === undefined ? {} : { version }), ...(query === undefined ? {} : { query }) });
}

export interface Page<Item> {
  readonly items: readonly Item[];
  readonly next: string | null;
}

/** Every page of a list, at most `most` items: for choices and for tables that sort and filter in the browser. @throws ApiProblem */
export async function getAll<Item>(path: string, query: Query = {}, signal?: AbortSignal, most = 2000): Promise<Item[]> {
  const items: Item[] = [];
  let cursor: string | null = null;
  do {
    const page: Page<Item> = await get<Page<Item>>(path, { ...query, limit: 200, cursor }, signal);
    items.push(...page.items);
    cursor = page.next;
  } while (cursor !== null && items.length < most);
  return items;
}
