import type { z } from 'zod';
import type { Caller, Permission } from './caller.ts';
import type { ControlServices } from './services.ts';

/** What a handler gets: everything has been validated against the schemas of its route, and the caller may do this. */
export interface Call<Params, Query, Body> {
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  readonly caller: Caller;
  /** The version of `If-Match`; null for `*`, undefined where none was sent. */
  readonly ifMatch: number | null | undefined;
  readonly requestId: string;
  /** The browser's session; null for a token and for nobody. */
  readonly session: { readonly hash: string; readonly csrfToken: string } | null;
  /** A header of the request by lower-case name. */
  readonly header: (name: string) => string | null;
  /** A cookie of the request. */
  readonly cookie: (name: string) => string | null;
  /** Address of the peer, for the audit. */
  readonly address: string | null;
  /** The address by which the browser reached us, without a trailing slash. */
  readonly origin: string;
  /** Ends when the client is gone. */
  readonly signal: AbortSignal;
}

/** A handler's answer: JSON that fits the route's `reply` schema, with an ETag where the thing has a version. */
export interface Reply<Body> {
  readonly status?: 200 | 201 | 202 | 204;
  readonly body: Body;
  readonly version?: number;
  readonly location?: string;
  /** Values of Set-Cookie. */
  readonly cookies?: readonly string[];
}

/** An answer that is no JSON document: an export, a stream of events. */
export interface RawReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Read as fast as the client takes it; ended (`return`) when he is gone, or may not see it any more. */
  readonly stream: AsyncIterable<string | Uint8Array>;
  /** Values of Set-Cookie. */
  readonly cookies?: readonly string[];
}

/** As a route's scope: whoever has the permission for at least one server. The handler shows and does only what `caller.can` and `caller.servers` say. */
export const ANYWHERE = '*';

export interface RouteSpec<Params extends z.ZodType, Query extends z.ZodType, Body extends z.ZodType, Answer extends z.ZodType> {
  readonly method: 'get' | 'post' | 'put' | 'patch' | 'delete';
  /** Below `/api/v1`; parameters as `{name}`. */
  readonly path: string;
  /** Unique; camelCase: `listServers`. */
  readonly id: string;
  readonly summary: string;
  readonly tag: string;
  readonly permission: Permission;
  /**
   * The server whose rights count, from the checked request; null: the whole organisation. Left out: the parameter or query member `server`
   * where there is one, else the organisation. `undefined`: there is no such thing, which is told to nobody apart from "forbidden". ANYWHERE: for
   * lists, which show only what the caller may see.
   */
  readonly scope?: (call: Call<z.output<Params>, z.output<Query>, z.output<Body>>, services: ControlServices) => Promise<string | null | undefined> | string | null | undefined;
  readonly params?: Params;
  readonly query?: Query;
  readonly body?: Body;
  /** Largest body in bytes; default 256 KiB. */
  readonly maxBody?: number;
  readonly reply: Answer;
  /** Media types of a RawReply, separated by `, `, for the OpenAPI document. */
  readonly raw?: string;
  /** The RawReply is a redirect (303), for browsers. */
  readonly redirects?: boolean;
  /** A change that a version guards: without If-Match it is 428. */
  readonly needsIfMatch?: boolean;
  /** Only for people who are signed in: no API token may do this, so that a stolen one cannot make itself last. */
  readonly sessionOnly?: boolean;
  readonly handle: (call: Call<z.output<Params>, z.output<Query>, z.output<Body>>, services: ControlServices) => Promise<Reply<z.input<Answer>> | RawReply> | Reply<z.input<Answer>> | RawReply;
}

/** A route with its types forgotten, as the router, the OpenAPI document and the authorization matrix see it. */
export type Route = Omit<RouteSpec<z.ZodType, z.ZodType, z.ZodType, z.ZodType>, 'handle' | 'scope'> & {
  readonly handle: (call: Call<never, never, never>, services: ControlServices) => Promise<Reply<unknown> | RawReply> | Reply<unknown> | RawReply;
  readonly scope?: (call: Call<never, never, never>, services: ControlServices) => Promise<string | null | undefined> | string | null | undefined;
};

/** One route of the API: the schemas that validate it are those of the OpenAPI document. */
export function defineRoute<Params extends z.ZodType = z.ZodType<Record<string, never>>, Query extends z.ZodType = z.ZodType<Record<string, never>>, Body extends z.ZodType = z.ZodType<undefined>, Answer extends z.ZodType = z.ZodType>(
  spec: RouteSpec<Params, Query, Body, Answer>,
): Route {
  return spec;
}

/** True for a route that answers 204: its `reply` schema is that of null or undefined. */
export function hasNoBody(route: Route): boolean {
  const { type } = (route.reply as { readonly def?: { readonly type?: string } }).def ?? {};
  return route.raw === undefined && (type === 'null' || type === 'undefined');
}
