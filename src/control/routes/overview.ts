import { z } from 'zod';
import { ANYWHERE, defineRoute, type Route } from '../api/route.ts';
import { liveOf } from '../live/live.ts';
import { serverHealth } from '../live/server-health.ts';

const counts = { admitted: z.int(), refused: z.int(), failed: z.int() };
const overview = z.object({
  gateway: z.object({ version: z.string(), startedAt: z.string(), uptimeSeconds: z.int(), sessions: z.int().nullable(), children: z.int().nullable(), inFlight: z.int().nullable() })
    .describe('what runs is null for who may not see every server'),
  calls: z.object({ last24h: z.object({ ...counts, pendingApprovals: z.int() }) }),
  series: z.array(z.object({ t: z.string(), ...counts })).describe('five-minute buckets of 24 hours; failed calls are admitted ones'),
  topRules: z.array(z.object({ policy: z.string(), rule: z.string(), count: z.int(), codes: z.record(z.string(), z.int()) })),
  topTools: z.array(z.object({ server: z.string(), name: z.string(), count: z.int() })),
  approvalsWaiting: z.int(),
  sickServers: z.array(z.object({ name: z.string(), status: z.string(), problem: z.string().nullable() })),
  heldDefinitions: z.int(),
  unreadMessages: z.int(),
  complete: z.boolean().describe('false while older rows of the journal are still being counted'),
});

const MAX_HELD = 10_000;
const MAX_UNREAD = 1_000;

export const overviewRoutes: readonly Route[] = [
  defineRoute({
    method: 'get', path: '/overview', id: 'getOverview', summary: 'The last 24 hours, and what waits for somebody', tag: 'live', permission: 'read', scope: () => ANYWHERE, reply: overview,
    handle: async ({ caller }, services) => {
      const live = liveOf(services);
      const servers = caller.servers('read');
      const sees = (name: string): boolean => servers === 'all' || servers.has(name);
      await live.overview.update();
      const { last24h, ...figures } = live.overview.read(servers);
      const { sessions, children, inFlight } = services.stats();
      const running = servers === 'all' ? { sessions, children, inFlight } : { sessions: null, children: null, inFlight: null };
      const waiting = [...(await services.state.approvalsWaiting())].filter(([name]) => sees(name));
      const held = services.state.pins.list({ held: true, limit: MAX_HELD }).filter(({ server }) => sees(server));
      const unread = caller.can('settings.write', null) ? (await services.state.messages.list({ unread: true, limit: MAX_UNREAD })).length : 0;
      const now = services.now();
      return {
        body: {
          gateway: { version: services.version, startedAt: new Date(live.startedAt).toISOString(), uptimeSeconds: Math.max(0, Math.round((now - live.startedAt) / 1_000)), ...running },
          calls: { last24h }, ...figures, series: [...figures.series], topRules: figures.topRules.map((rule) => ({ ...rule, codes: { ...rule.codes } })), topTools: [...figures.topTools],
          approvalsWaiting: waiting.reduce((sum, [, count]) => sum + count, 0),
          sickServers: (await serverHealth(services)).filter(({ name, status }) => status === 'failing' && sees(name)),
          heldDefinitions: held.length, unreadMessages: unread,
        },
      };
    },
  }),
];
