import type { Head } from '../../gateway/http/head.ts';

/**
 * True when a browser says that another site has sent this. The listener has let through the origins that `allow_origins` names, which may speak
 * MCP and nothing else. A request without these headers comes from no browser, or from one that sends no cookie of ours along (SameSite).
 * @param navigable a public GET to which people may be sent from elsewhere (the end of a sign-in at an identity provider)
 */
export function isCrossSite(head: Pick<Head, 'get'>, publicUrl: string, navigable: boolean): boolean {
  const site = head.get('sec-fetch-site');
  if (site !== null && site !== 'same-origin' && site !== 'none') return !(navigable && head.get('sec-fetch-mode') === 'navigate');
  const origin = head.get('origin')?.toLowerCase() ?? null;
  if (origin === null) return false;
  const host = head.get('host')?.toLowerCase() ?? '';
  return origin !== `http://${host}` && origin !== `https://${host}` && origin !== originOf(publicUrl);
}

/** The address by which the browser reached us, without a trailing slash. TLS ends before us, so only the public address can tell. */
export function reachedAt(head: Pick<Head, 'get'>, publicUrl: string): string {
  const host = head.get('host')?.toLowerCase() ?? '';
  const own = originOf(publicUrl);
  if (own !== null && own.replace(/^https?:\/\//, '') === host) return own;
  const origin = head.get('origin')?.toLowerCase() ?? null;
  return origin === `https://${host}` ? origin : `http://${host}`;
}

function originOf(url: string): string | null {
  return URL.canParse(url) ? new URL(url).origin : null;
}
