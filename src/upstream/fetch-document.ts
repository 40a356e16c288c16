import { createAddressGuard } from './address-guard.ts';
import { guardedRequest } from './guarded-request.ts';

/** How long a document may take, from the connection to its last byte. */
const TIMEOUT_MS = 5_000;

/** A document could not be had. The message says why, without what the server has written. */
export class DocumentError extends Error {
  override readonly name = 'DocumentError';
}

/**
 * What gets the JSON documents of one issuer. The hosts that the operator named may be anywhere; what these documents name in turn may be on the
 * public internet only. Redirects are not followed, and a document has at most 256 KiB.
 * @param named addresses out of the configuration
 * @returns rejects with a DocumentError when there is no answer in time, or it is not 200, too long or not JSON
 */
export function documentFetcher(named: readonly URL[]): (url: URL) => Promise<unknown> {
  const guard = createAddressGuard(named.map((url) => url.hostname.toLowerCase().replace(/^\[|\]$|\.$/g, '')));
  return async (url) => {
    const answer = await guardedRequest(url, { guard, timeoutMs: TIMEOUT_MS, headers: { accept: 'application/json', 'user-agent': 'policylayer' } });
    if ('kind' in answer) throw new DocumentError(`${url.host}: ${answer.text}`);
    if (answer.status !== 200) throw new DocumentError(`${url.host} answered HTTP ${answer.status}`);
    try {
      return JSON.parse(answer.body.toString('utf8')) as unknown;
    } catch {
      throw new DocumentError(`${url.host} did not answer with JSON`);
    }
  };
}
