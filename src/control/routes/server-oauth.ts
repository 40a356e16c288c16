import { z } from 'zod';
import { auditOf } from '../auth/audit-entry.ts';
import { Cookies } from '../auth/cookies.ts';
import { ApiProblem, notFound } from '../api/problem.ts';
import { type Call, defineRoute, type Route } from '../api/route.ts';
import type { ControlServices } from '../api/services.ts';
import { FLOW_SECONDS, flowCookieName } from '../oauth/flow-cookie.ts';
import { isTargetRefused, OAuthProblem } from '../oauth/problem.ts';
import type { Actor, UpstreamOAuth } from '../oauth/upstream-oauth.ts';

const params = z.strictObject({ server: z.string().min(1).max(200) });
/** A path of the dashboard itself: `//host` and `/\host` would be another site. */
const ownPath = z.string().max(500).regex(/^\/(?![/\\])[\x21-\x5b\x5d-\x7e]*$/, 'expected a path of the dashboard, such as /servers/tickets');
const scope = z.string().regex(/^[\x21\x23-\x5b\x5d-\x7e]{1,200}$/, 'expected a scope: printable ASCII without space, quote or backslash');
const clientBody = z.strictObject({
  clientId: z.string().regex(/^[\x21-\x7e]{1,2000}$/, 'expected printable ASCII without spaces'),
  /** Left out: the one that is kept stays, as long as the client id does. Null: there is none. */
  clientSecret: z.string().regex(/^[\x20-\x7e]{1,2000}$/, 'expected printable ASCII').nullable().optional(),
  scopes: z.array(scope).max(64).nullable().optional(),
  grant: z.enum(['authorization_code', 'client_credentials']).optional(),
});

type AnyCall = Pick<Call<{ readonly server: string }, unknown, unknown>, 'params' | 'caller' | 'requestId' | 'address'>;

function actorOf(call: AnyCall): Actor {
  const { actor, actorName } = auditOf(call, { action: '', kind: 'server', name: call.params.server, summary: '' });
  return { id: actor, name: actorName, via: call.caller.via === 'token' ? 'token' : 'session', requestId: call.requestId, address: call.address };
}

/** The service, once the server is known to be one of ours. @throws ApiProblem */
async function serviceFor(server: string, services: ControlServices): Promise<UpstreamOAuth> {
  if (services.owned().servers.has(server)) throw new ApiProblem('owned_by_file', 'the server is written in gateway.yaml, which has no OAuth for upstreams: register it here to give it access');
  const stored = await services.registry.get('server', server);
  if (stored === null) throw notFound('server');
  if (stored.value.kind !== 'http' || stored.value.auth !== 'oauth') throw new ApiProblem('conflict', 'the server does not use OAuth: set its `auth` to `oauth` first');
  if (services.upstreamOAuth === undefined) throw new ApiProblem('unavailable', 'this gateway was started without OAuth for upstreams');
  return services.upstreamOAuth;
}

async function told<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof OAuthProblem)) throw error;
    throw new ApiProblem(isTargetRefused(error) ? 'target_not_allowed' : error.final ? 'conflict' : 'bad_gateway', error.message);
  }
}

export const serverOAuthRoutes: readonly Route[] = [
  defineRoute({
    method: 'post', path: '/servers/{server}/oauth/start', id: 'startServerOAuth', summary: 'Begin a consent: send the browser to the address in the answer. Null: the client needed no person, and has its token', tag: 'servers',
    permission: 'servers.write', params, body: z.strictObject({ redirect: ownPath.optional() }), reply: z.object({ authorizationUrl: z.string().nullable() }),
    handle: async (call, services) => {
      const { server } = call.params;
      const oauth = await serviceFor(server, services);
      const started = await told(() => oauth.start(server, actorOf(call), call.body.redirect ?? `/servers/${encodeURIComponent(server)}`));
      if (started.authorizationUrl === null) return { body: { authorizationUrl: null } };
      // Lax: the browser comes back from another site.
      const cookie = new Cookies(services.publicUrl()).set(flowCookieName(started.state), started.cookie, FLOW_SECONDS, true);
      return { body: { authorizationUrl: started.authorizationUrl }, cookies: [cookie] };
    },
  }),
  defineRoute({
    method: 'put', path: '/servers/{server}/oauth/client', id: 'setServerOAuthClient', summary: 'Set a client that was registered at the authorization server by hand', tag: 'servers',
    permission: 'servers.write', params, body: clientBody, reply: z.object({ clientId: z.string() }),
    handle: async (call, services) => {
      const { server } = call.params;
      const oauth = await serviceFor(server, services);
      await told(() => oauth.setClient(server, call.body, actorOf(call)));
      return { body: { clientId: call.body.clientId } };
    },
  }),
  defineRoute({
    method: 'delete', path: '/servers/{server}/oauth', id: 'endServerOAuth', summary: 'Give the access up: tokens are revoked and forgotten', tag: 'servers',
    permission: 'servers.write', params, reply: z.undefined(),
    handle: async (call, services) => {
      const { server } = call.params;
      const oauth = await serviceFor(server, services);
      await oauth.disconnect(server, actorOf(call));
      return { status: 204, body: undefined };
    },
  }),
];
