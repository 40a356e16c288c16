import { randomBytes } from 'node:crypto';
import type { JournalEntry } from './types.ts';

function entry(server: string, name: string | null, code: string, reason: string): JournalEntry {
  return {
    id: randomBytes(16).toString('base64url'), server, grant: null, session: null, transport: 'cli', protocol: null, method: 'pins/decide', name, requestId: null,
    outcome: 'ok', code, rule: null, policy: null, reason, retryAfterMs: null, observed: null, argKeys: null, argHash: null, argValues: null, upstreamStatus: null, latencyMs: null,
  };
}

/** An operator's word on a definition. The name is chosen by people outside: quoted. */
export function acceptEntry(server: string, name: string, hash: string, by: string, also: boolean): JournalEntry {
  return entry(server, name, 'definition_accepted', `definition ${hash} accepted by ${JSON.stringify(by)}${also ? ', beside what was pinned' : ''}`);
}

/** @param name null when all pins of the server went */
export function forgetEntry(server: string, name: string | null, count: number, by: string): JournalEntry {
  return entry(server, name, 'pin_forgotten', `${count} ${count === 1 ? 'pin' : 'pins'} forgotten by ${JSON.stringify(by)}`);
}
