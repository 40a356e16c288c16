import { z } from 'zod';
import { ApiProblem, invalid, tooMany } from '../api/problem.ts';
import { ANYWHERE, defineRoute, type Route } from '../api/route.ts';
import { liveOf } from '../live/live.ts';

const LAST_EVENT_ID = /^\d{1,15}$/;

export const eventRoutes: readonly Route[] = [
  defineRoute({
    method: 'get', path: '/events', id: 'streamEvents', tag: 'live', permission: 'read', scope: () => ANYWHERE,
    summary: 'What happens, while it happens: events call, approval, server, stats, config; gap, dropped and end say that something is missing or over',
    query: z.strictObject({ lastEventId: z.string().regex(LAST_EVENT_ID, 'the `id` of an event is expected').optional().describe('as the header Last-Event-ID, for clients that cannot set it') }),
    raw: 'text/event-stream', reply: z.string(),
    handle: async (call, services) => {
      const { caller, query } = call;
      const { hub } = liveOf(services);
      const given = call.header('last-event-id') ?? query.lastEventId ?? null;
      if (given !== null && given !== '' && !LAST_EVENT_ID.test(given)) throw invalid('/last-event-id', 'the `id` of an event is expected', { in: 'header' });
      const full = (): ApiProblem => tooMany('too many streams of events are open; close one', 10);
      if (hub.isFullFor(caller.id)) throw full();
      if (hub.hasEnded) throw new ApiProblem('unavailable', 'the gateway is ending', { headers: { 'retry-after': '2' } });
      const stream = await hub.open({ member: caller.id, servers: caller.servers('read'), after: given === null || given === '' ? null : Number(given) });
      if (stream === null) throw full();
      return { status: 200, headers: { 'content-type': 'text/event-stream', 'cache-control': 'no-cache, no-transform', 'x-accel-buffering': 'no' }, stream };
    },
  }),
];
