import type { IncomingMessage } from 'node:http';

export type BodyProblem = { readonly status: 400 | 408 | 413; readonly code: string; readonly text: string };

/**
 * Reads a body with bounds on size and time (J8, B5), and hands it over in one buffer.
 * @param done called once, with the body or with why there is none
 */
export function readBody(request: IncomingMessage, maxBytes: number, timeoutMs: number, done: (body: Buffer | BodyProblem) => void): void {
  const declared = Number(request.headers['content-length'] ?? 0);
  if (declared > maxBytes) {
    done({ status: 413, code: 'too_large', text: `the body has ${declared} bytes, the limit is ${maxBytes}` });
    return;
  }
  const chunks: Buffer[] = [];
  let size = 0;
  let over = false;
  const finish = (result: Buffer | BodyProblem): void => {
    if (over) return;
    over = true;
    clearTimeout(timer);
    done(result);
  };
  const timer = setTimeout(() => finish({ status: 408, code: 'body_timeout', text: 'the body did not arrive in time' }), timeoutMs);
  request.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size > maxBytes) finish({ status: 413, code: 'too_large', text: `the body has more than ${maxBytes} bytes` });
    else if (!over) chunks.push(chunk);
  });
  request.on('end', () => finish(chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks)));
  request.on('error', () => finish({ status: 400, code: 'aborted', text: 'the body was cut off' }));
  request.on('close', () => finish({ status: 400, code: 'aborted', text: 'the body was cut off' }));
}
