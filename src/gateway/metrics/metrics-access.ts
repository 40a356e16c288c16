import { hash, timingSafeEqual } from 'node:crypto';
import type { Head } from '../http/head.ts';

/** What says that somebody stands between the peer and us: then the peer's address says nothing of who asks. */
const RELAYED = ['forwarded', 'via', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip'];

/**
 * Who may read the figures. With a configured token only its holder, and whoever `known` knows; without one, also every process of this machine
 * that asks directly. A proxy on this machine asks for others, so what it relays is not from this machine.
 * @param remote address of the peer
 * @param tokenSha256 32 bytes; null: none is configured
 * @param known holders of tokens that a room above knows
 */
export async function mayReadMetrics(head: Head, remote: string | undefined, tokenSha256: Buffer | null, known: ((bearer: string) => boolean | Promise<boolean>) | null): Promise<boolean> {
  const bearer = /^Bearer +([\x21-\x7e]{1,512})$/i.exec(head.get('authorization') ?? '')?.[1] ?? null;
  if (bearer !== null) {
    if (tokenSha256 !== null && timingSafeEqual(hash('sha256', bearer, 'buffer'), tokenSha256)) return true;
    return known !== null && (await known(bearer));
  }
  return tokenSha256 === null && isLoopback(remote) && RELAYED.every((name) => head.get(name) === null);
}

function isLoopback(address: string | undefined): boolean {
  const bare = address?.replace(/^::ffff:/i, '') ?? '';
  return bare === '::1' || bare.startsWith('127.');
}
