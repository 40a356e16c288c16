import type { Principal } from '../principal.ts';
import type { GatewayConfig } from '../config-types.ts';
import type { Endpoint, EndpointContext, EndpointStats, Incoming } from './context.ts';
import { HostEndpoint } from './host.ts';
import type { LinkPool } from './link-pool.ts';
import { sendProblem } from './reply.ts';
import { SseFront } from './sse-front.ts';

/** One `/mcp/<server>` path with its two transports. */
export interface ServerEndpoint {
  /** @param suffix what follows the server's name: ``, `/sse` or `/messages` */
  handle(incoming: Incoming, suffix: string): void;
  stats(): EndpointStats;
  endPrincipal(principal: Principal, reason: string): void;
  close(): Promise<void>;
}

/**
 * Builds what serves one server: a byte relay for an HTTP upstream in its own era, a hosted endpoint for everything else, and the
 * deprecated HTTP+SSE transport beside either.
 */
export async function openEndpoint(context: EndpointContext, edge: Principal | null, config: GatewayConfig): Promise<ServerEndpoint> {
  const { server } = context;
  let main: Endpoint;
  let openForSse: () => Promise<LinkPool>;
  if (server.upstream.kind === 'http' && !server.bridge) {
    const { RelayEndpoint } = await import('./relay.ts');
    main = new RelayEndpoint(context, server.upstream.spec, null);
    let opening: Promise<LinkPool> | null = null;
    openForSse = () => (opening ??= openPool(context));
  } else {
    const pool = await openPool(context);
    main = new HostEndpoint(context, pool);
    // A pool is closed by the front that owns it; the second front only borrows it.
    openForSse = () => Promise.resolve(borrowed(pool));
  }
  const sse = new SseFront(context, openForSse);
  let edgeListener: { stats(): EndpointStats; close(): Promise<void> } | null = null;
  if (server.edge !== null && edge !== null && server.upstream.kind === 'http') {
    const { EdgeListener } = await import('./edge.ts');
    try {
      edgeListener = await EdgeListener.open(context, server.upstream.spec, server.edge.listen, edge, config);
    } catch (error) {
      await main.close();
      await sse.close();
      throw error;
    }
  }
  return {
    handle: (incoming, suffix) => {
      const { method } = incoming.head;
      if (suffix === '/sse' && method === 'GET') return sse.open(incoming);
      if (suffix === '/messages' && method === 'POST') return sse.post(incoming);
      if (suffix === '' && method === 'POST') return main.post(incoming);
      if (suffix === '' && method === 'GET') return main.get(incoming);
      if (suffix === '' && method === 'DELETE') return main.delete(incoming);
      sendProblem(incoming.response, 405, 'Method not allowed', { allow: suffix === '/sse' ? 'GET' : suffix === '/messages' ? 'POST' : 'POST, GET, DELETE', connection: 'close' });
    },
    stats: () => {
      const a = main.stats();
      const b = sse.stats();
      const c = edgeListener?.stats() ?? NOTHING;
      return {
        sessions: a.sessions + b.sessions + c.sessions, children: main instanceof HostEndpoint ? a.children : b.children,
        inFlight: a.inFlight + b.inFlight + c.inFlight, streams: a.streams + b.streams + c.streams,
      };
    },
    endPrincipal: (principal, reason) => {
      main.endPrincipal(principal, reason);
      sse.endPrincipal(principal, reason);
    },
    close: async () => {
      await edgeListener?.close();
      await sse.close();
      await main.close();
    },
  };
}

const NOTHING: EndpointStats = { sessions: 0, children: 0, inFlight: 0, streams: 0 };

async function openPool(context: EndpointContext): Promise<LinkPool> {
  const { server, limits } = context;
  if (server.bridge) {
    const { bridgedPool } = await import('../bridge/bridged-pool.ts');
    return bridgedPool(context);
  }
  if (server.upstream.kind === 'command') {
    const { ChildPool } = await import('./child-pool.ts');
    return new ChildPool(context, server.upstream.spec);
  }
  const { HttpLinkPool } = await import('./http-link-pool.ts');
  return new HttpLinkPool(server.upstream.spec, limits.upstream);
}

function borrowed(pool: LinkPool): LinkPool {
  return {
    session: (observer, principal) => pool.session(observer, principal),
    stateless: (observer, principal, message) => pool.stateless(observer, principal, message),
    children: () => pool.children(),
    endPrincipal: () => undefined,
    close: async () => undefined,
  };
}
