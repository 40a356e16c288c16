import type { IncomingMessage, ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { Head } from '../../gateway/http/head.ts';
import type { Bindings } from './app.ts';

interface App {
  fetch(request: Request, env: Bindings): Response | Promise<Response>;
}

/**
 * Hands one request of the gateway's listener to the app, and its response back. The body is not touched here: the app reads it from the
 * request itself, with its bounds, once it knows whose it is.
 */
export async function bridge(app: App, head: Head, request: IncomingMessage, response: ServerResponse, requestId: string): Promise<void> {
  const gone = new AbortController();
  response.on('close', () => gone.abort());
  const address = `http://api.invalid${head.path}${head.query === '' ? '' : `?${head.query}`}`;
  const method = head.method === 'TRACE' || head.method === 'CONNECT' ? 'PATCH' : head.method;
  const answer = await app.fetch(new Request(address, { method, signal: gone.signal }), { head, request, requestId, signal: gone.signal });
  if (response.destroyed) {
    await answer.body?.cancel();
    return;
  }
  const headers: Record<string, string | string[]> = Object.fromEntries([...answer.headers].filter(([name]) => name !== 'set-cookie'));
  const cookies = answer.headers.getSetCookie();
  if (cookies.length > 0) headers['set-cookie'] = cookies;
  // Else Node would go on reading what nobody wants.
  if (!request.complete) headers['connection'] = 'close';
  response.writeHead(answer.status, headers);
  if (answer.body === null) {
    response.end();
    return;
  }
  await pour(answer.body, response, gone.signal);
}

async function pour(body: ReadableStream<Uint8Array>, response: ServerResponse, gone: AbortSignal): Promise<void> {
  const reader = body.getReader();
  // Also while the source is quiet: what it holds must not stay until it speaks again.
  const leave = (): void => void reader.cancel().catch(() => undefined);
  gone.addEventListener('abort', leave, { once: true });
  try {
    response.flushHeaders();
    for (;;) {
      const { done, value } = await reader.read();
      if (done || response.destroyed) break;
      if (!response.write(value)) await once(response, 'drain', { signal: gone });
    }
    response.end();
  } catch (error) {
    // The head is out: only a connection that breaks off says that this is not all.
    response.destroy();
    if (!gone.aborted) throw error;
  } finally {
    gone.removeEventListener('abort', leave);
  }
}
