import { createHash } from 'node:crypto';
import { z } from 'zod';
import { ApiProblem, invalid } from './problem.ts';
import type { ControlServices } from './services.ts';

/** An answer as it is sent, and as it is given again to the same request. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Values of Set-Cookie. */
  readonly cookies?: readonly string[];
}

const keptSchema = z.object({ body: z.string(), cookies: z.array(z.string()) });

/** @throws ApiProblem when the key is none */
export function readIdempotencyKey(value: string | null): string | null {
  if (value === null) return null;
  if (!/^[\x21-\x7e]{1,128}$/.test(value)) throw invalid('/idempotency-key', 'Idempotency-Key must be 1 to 128 printable ASCII characters without spaces', { in: 'header' });
  return value;
}

/**
 * Does something once for each key of a caller. A request that fails leaves its key free, because nothing was changed. Answers are kept sealed: they
 * may hold a token that is shown once, or the cookie without which a consent cannot be ended.
 */
export async function once(key: string, request: { readonly caller: string; readonly method: string; readonly path: string; readonly body: Buffer }, services: ControlServices, work: () => Promise<Answer>): Promise<Answer> {
  const { registry, secrets } = services;
  const id = sha256(JSON.stringify([request.caller, key, request.method, request.path]));
  const digest = sha256(request.body);
  const name = `answer/${id}`;
  const before = await registry.beginRepeatable(id, digest);
  if (before?.kind === 'other_body') throw new ApiProblem('idempotency_reused', 'this Idempotency-Key came before with another body; use a new key for a new request');
  if (before?.kind === 'in_progress') throw new ApiProblem('conflict', 'the first request with this Idempotency-Key is still being worked on; repeat this one in a moment', { headers: { 'retry-after': '1' } });
  if (before?.kind === 'answer') {
    return { status: before.answer.status, headers: { ...before.answer.headers, 'idempotent-replayed': 'true' }, ...opened(name, before.answer.body, secrets) };
  }
  let answer: Answer;
  try {
    answer = await work();
  } catch (error) {
    await registry.endRepeatable({ key: id, failed: true });
    throw error;
  }
  const { key: ring, sealed } = secrets.seal(name, JSON.stringify({ body: answer.body, cookies: answer.cookies ?? [] }));
  await registry.endRepeatable({ key: id, digest, status: answer.status, headers: answer.headers, body: JSON.stringify({ key: ring, sealed: sealed.toString('base64') }) });
  return answer;
}

function opened(name: string, kept: string, secrets: ControlServices['secrets']): z.infer<typeof keptSchema> {
  try {
    const { key, sealed } = JSON.parse(kept) as { key: number; sealed: string };
    return keptSchema.parse(JSON.parse(secrets.open({ name, key, sealed: Buffer.from(sealed, 'base64') })));
  } catch {
    throw new ApiProblem('conflict', 'this was done, but its answer cannot be given again: the key that sealed it is gone. Look at what is there, and use a new Idempotency-Key');
  }
}

function sha256(data: string | Buffer): string {
  return createHash('sha256').update(data).digest('hex');
}
