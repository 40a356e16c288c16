import type { FoundServer } from './discover.ts';
import { sha256 } from './config-file.ts';
import type { HttpServer, StdioServer } from './server-spec.ts';

export interface Member extends FoundServer {
  readonly spec: StdioServer | HttpServer;
}

/** One server, whichever clients use it: the same command and arguments, or the same URL, under the same name. It is scanned once and has one policy. */
export interface Group {
  /** SHA-256 of what makes it this server. */
  readonly identity: string;
  readonly name: string;
  readonly members: readonly [Member, ...Member[]];
}

export function isWrappable(server: FoundServer): server is Member {
  return server.spec.kind === 'stdio' || server.spec.kind === 'http';
}

export function groupServers(servers: readonly Member[]): readonly Group[] {
  const groups = new Map<string, { name: string; members: [Member, ...Member[]] }>();
  for (const server of servers) {
    const identity = identityOf(server);
    const group = groups.get(identity);
    if (group === undefined) groups.set(identity, { name: server.entry.name, members: [server] });
    else group.members.push(server);
  }
  return [...groups].map(([identity, group]) => ({ identity, ...group }));
}

function identityOf({ entry, spec }: Member): string {
  return sha256(JSON.stringify([entry.name, spec.kind === 'stdio' ? [spec.command, spec.args, spec.cwd] : spec.url]));
}
