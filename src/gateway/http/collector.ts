import { parseMessage, type Message } from '../../mcp/message.ts';
import { failure } from '../../upstream/failure.ts';
import type { HttpHandlers } from '../../upstream/http-pool.ts';
import { sample } from '../../upstream/sample.ts';
import type { UpstreamFailure } from '../../upstream/types.ts';
import type { WireLimits } from '../../wire/limits.ts';
import { SseReader } from '../../wire/sse.ts';
import { mediaType } from './head.ts';
import { headerOf } from './relay-headers.ts';

/**
 * Takes the messages out of an upstream's answer, whether it is one JSON text or a stream of events, for exchanges whose answer is not
 * relayed as it is: requests of our own, and the elements of a batch.
 * @param message called for each message
 * @param garbage called for bytes that are none
 * @param end called once; null after a complete answer
 */
export function collectMessages(limits: WireLimits, message: (message: Message) => void, garbage: (code: string, sample: string) => void, end: (failure: UpstreamFailure | null) => void): HttpHandlers {
  let reader: SseReader | null = null;
  let chunks: Buffer[] = [];
  let size = 0;
  let status = 0;
  let over = false;
  const finish = (problem: UpstreamFailure | null): void => {
    if (over) return;
    over = true;
    end(problem);
  };
  const take = (bytes: Buffer): void => {
    const parsed = parseMessage(bytes, limits);
    if (parsed.ok) message(parsed.message);
    else garbage(parsed.code, sample(bytes));
  };
  return {
    head: (code, headers) => {
      status = code;
      if (code < 300 && mediaType(headerOf(headers, 'content-type')) === 'text/event-stream') {
        reader = new SseReader(limits.maxBytes, {
          event: (event) => {
            if (event.data !== null && event.data.length > 0) take(event.data);
          },
          overflow: () => finish(failure('bad_response', 'the upstream sent an event that is too large', true)),
        });
      }
    },
    data: (chunk) => {
      if (reader !== null) {
        reader.push(chunk);
        return true;
      }
      size += chunk.length;
      if (size > limits.maxBytes) finish(failure('bad_response', 'the answer of the upstream is too large', true));
      else chunks.push(Buffer.from(chunk));
      return true;
    },
    end: () => {
      if (reader === null && size > 0 && !over) take(Buffer.concat(chunks));
      chunks = [];
      finish(status >= 400 ? failure('http_status', `the upstream answered HTTP ${status}`, true, status) : null);
    },
    error: finish,
  };
}
