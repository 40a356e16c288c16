import type { Principal } from '../principal.ts';
import type { EndpointContext } from '../http/context.ts';
import type { LinkPool } from '../http/link-pool.ts';
import { BridgePool } from './bridge-pool.ts';
import { upstreamOpener } from './open-upstream.ts';

/** Where the HTTP front gets its links from when a server has `bridge: true`. */
export async function bridgedPool(context: EndpointContext): Promise<LinkPool> {
  const { server, limits, log } = context;
  const { upstream } = server;
  const principals = new Map<string, Principal>();
  const options = {
    limits: limits.upstream,
    // The links learn this by themselves.
    headersOf: () => null,
    // As without a bridge: what children write is not mixed into the log of a service.
    stderr: () => undefined,
    log,
    idleMs: limits.sessionIdleMs,
  };
  const direct = await directPool(context);
  const pool = new BridgePool(await upstreamOpener(upstream, options), upstream.kind === 'command' ? 'stdio' : 'http', {
    ...options,
    passThrough: (observer, key, message) => {
      const principal = principals.get(key);
      if (principal === undefined) throw new Error('a request of a principal that was never named');
      return direct.stateless(observer, principal, message);
    },
  });
  const keyOf = (principal: Principal): string => {
    principals.set(principal.grant, principal);
    return principal.grant;
  };
  return {
    session: (observer, principal) => pool.session(observer, keyOf(principal)),
    stateless: (observer, principal, message) => pool.stateless(observer, keyOf(principal), message),
    children: () => {
      const { links, upstreamSessions } = pool.stats();
      return (upstream.kind === 'command' ? links + upstreamSessions : 0) + direct.children();
    },
    endPrincipal: (principal) => {
      pool.endPrincipal(principal.grant);
      direct.endPrincipal(principal);
      principals.delete(principal.grant);
    },
    close: async () => {
      await pool.close();
      await direct.close();
    },
  };
}

/** The links of modern clients to an upstream that turns out to be modern: the same as without a bridge. */
async function directPool(context: EndpointContext): Promise<LinkPool> {
  const { server, limits } = context;
  if (server.upstream.kind === 'command') {
    const { ChildPool } = await import('../http/child-pool.ts');
    return new ChildPool(context, server.upstream.spec);
  }
  const { HttpLinkPool } = await import('../http/http-link-pool.ts');
  return new HttpLinkPool(server.upstream.spec, limits.upstream);
}
