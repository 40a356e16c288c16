import { mediaType } from '../content-type.ts';
import { type GuardedRequestOptions, guardedRequest } from '../guarded-request.ts';

/** Where and how documents are fetched. */
export type DocumentOptions = Pick<GuardedRequestOptions, 'guard' | 'tls' | 'timeoutMs'>;

/** A JSON object; `absent` when the server says that there is none there; else why it could not be had. */
export type Fetched = { readonly document: Readonly<Record<string, unknown>> } | { readonly absent: true } | { readonly problem: string };

/** Larger than any honest metadata. */
const MAX_BYTES = 128 * 1024;

/** Fetches one metadata document. Redirects are not followed: they lead to where nobody has looked. Never throws. */
export async function fetchJson(url: URL, options: DocumentOptions): Promise<Fetched> {
  const answer = await guardedRequest(url, { ...options, headers: { accept: 'application/json', 'user-agent': 'policylayer' }, maxBytes: MAX_BYTES });
  if ('kind' in answer) return { problem: answer.text };
  if (answer.status >= 300 && answer.status < 400) return { problem: `it answered with a redirect (HTTP ${answer.status}), which is not followed` };
  if (answer.status >= 400 && answer.status < 500) return { absent: true };
  if (answer.status !== 200) return { problem: `it answered with HTTP ${answer.status}` };
  const type = mediaType(answer.headers);
  if (type === null || !/^application\/(?:[\w.+-]+\+)?json$/.test(type)) return { absent: true };
  try {
    const document: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(answer.body));
    if (typeof document === 'object' && document !== null && !Array.isArray(document)) return { document: document as Record<string, unknown> };
  } catch {
    // Told below: what the text says is nothing for a message.
  }
  return { problem: 'it answered with something that is no JSON object' };
}
