import { createHash } from 'node:crypto';
import type { CommandSpec, HttpSpec } from '../upstream/types.ts';

/**
 * SHA-256 (hex) of where a server's calls go: its address, or its command line and folder. Of headers and environment only the names count:
 * a rotated credential is no other server.
 */
export function upstreamTarget(upstream: { readonly kind: 'command'; readonly spec: CommandSpec } | { readonly kind: 'http'; readonly spec: HttpSpec }): string {
  const place = upstream.kind === 'command'
    ? { command: upstream.spec.command, cwd: upstream.spec.cwd ?? process.cwd(), env: Object.keys(upstream.spec.env).toSorted() }
    : { url: upstream.spec.url.href, headers: Object.keys(upstream.spec.headers).map((name) => name.toLowerCase()).toSorted() };
  return createHash('sha256').update(JSON.stringify(place)).digest('hex');
}
