import type { IncomingMessage } from 'node:http';
import { readBody, type BodyProblem } from '../../gateway/http/body.ts';
import { isUtf8Charset, mediaType, type Head } from '../../gateway/http/head.ts';
import { ApiProblem } from './problem.ts';

export const DEFAULT_MAX_BODY = 256 * 1024;
const BODY_TIMEOUT_MS = 15_000;

/** True when a body has been announced. */
export function hasBody(head: Pick<Head, 'get'>): boolean {
  return head.get('transfer-encoding') !== null || (head.get('content-length') ?? '0') !== '0';
}

/**
 * Reads a JSON body. What its headers alone make wrong is refused before a byte of it is read.
 * @throws ApiProblem unsupported_media_type, too_large, timeout, invalid_request
 */
export async function readJsonBody(head: Pick<Head, 'get'>, request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const type = head.get('content-type');
  const encoding = head.get('content-encoding');
  if (encoding !== null && encoding.toLowerCase() !== 'identity') throw new ApiProblem('unsupported_media_type', 'a compressed body is not accepted; send it as it is');
  if (mediaType(type) !== 'application/json' || !isUtf8Charset(type ?? '')) throw new ApiProblem('unsupported_media_type', 'a body in UTF-8 with the content type application/json is expected');
  const found = await new Promise<Buffer | BodyProblem>((resolve) => readBody(request, maxBytes, BODY_TIMEOUT_MS, resolve));
  if (Buffer.isBuffer(found)) return found;
  throw new ApiProblem(found.status === 413 ? 'too_large' : found.status === 408 ? 'timeout' : 'invalid_request', found.text);
}
