import { stat } from 'node:fs/promises';
import { z } from 'zod';
import { databasePath } from '../../state/open.ts';
import { defineRoute, type Route } from '../api/route.ts';
import { liveOf } from '../live/live.ts';

const ops = z.object({
  databaseBytes: z.int(), walBytes: z.int(), journalRows: z.int().describe('from the oldest that is kept to the newest'), lastSeq: z.int(),
  memoryBytes: z.int(), uptimeSeconds: z.int(), watching: z.int().describe('open streams of events'),
  keys: z.object({ newest: z.int() }), node: z.string(), version: z.string(),
});

export const opsRoutes: readonly Route[] = [
  defineRoute({
    method: 'get', path: '/ops', id: 'getOps', summary: 'How the gateway and its database do', tag: 'live', permission: 'settings.write', scope: () => null, reply: ops,
    handle: async (_call, services) => {
      const path = databasePath(services.config().dataDir);
      // From the beginning of time: the first row that is kept.
      const { after, last } = await services.state.figures.span(new Date(0));
      return {
        body: {
          databaseBytes: await sizeOf(path), walBytes: await sizeOf(`${path}-wal`), journalRows: last === 0 ? 0 : last - after, lastSeq: last,
          memoryBytes: process.memoryUsage.rss(), uptimeSeconds: Math.round(process.uptime()), watching: liveOf(services).hub.size,
          keys: { newest: services.secrets.newest }, node: process.versions.node, version: services.version,
        },
      };
    },
  }),
];

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch {
    // There is no write-ahead log right after a checkpoint.
    return 0;
  }
}
