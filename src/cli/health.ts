import { get } from 'node:http';

const MAX_BYTES = 64 * 1024;

export type Health =
  | { readonly ok: true; readonly status: number; /** The answer, when it is a JSON object. */ readonly body: Readonly<Record<string, unknown>> }
  | { readonly ok: false; readonly reason: string };

/** Asks a gateway for a sign of life. @param base base URL without a trailing slash */
export function askHealth(base: string, timeoutMs = 2_000): Promise<Health> {
  return new Promise((resolve) => {
    const request = get(`${base}/healthz`, { timeout: timeoutMs, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      let size = 0;
      response.on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (size > MAX_BYTES) request.destroy(new Error('the answer is too large'));
        else chunks.push(chunk);
      });
      response.on('end', () => resolve({ ok: true, status: response.statusCode ?? 0, body: parseObject(Buffer.concat(chunks).toString('utf8')) }));
      response.on('error', (error) => resolve({ ok: false, reason: error.message }));
    });
    request.on('timeout', () => request.destroy(new Error(`no answer within ${timeoutMs} ms`)));
    request.on('error', (error: NodeJS.ErrnoException) => resolve({ ok: false, reason: error.code ?? error.message }));
  });
}

function parseObject(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
