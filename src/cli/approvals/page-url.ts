import { formatAddress } from '../config/listen-address.ts';
import type { Location } from '../config/locate.ts';
import { readRunFile } from '../run-file.ts';

/**
 * Base of the approval pages, without a trailing slash: what the configuration says, else where the gateway of this data directory listens.
 * Null when no gateway has said so: a `policylayer run` serves no page.
 */
export function pageBase(location: Location): string | null {
  if (location.publicUrl !== null) return location.publicUrl;
  const running = readRunFile(location.dataDir);
  if (running !== null) return running.url;
  return location.listen === null || location.listen.port === 0 ? null : `http://${formatAddress(location.listen)}`;
}

/** The page of one request. */
export function pageUrl(location: Location, id: string): string | null {
  const base = pageBase(location);
  return base === null ? null : `${base}/approvals/${id}`;
}
