import { z } from 'zod';
import type { SecretBox } from '../api/services.ts';

/** People read what they agree to, and look for a second factor; after this they start again. */
export const FLOW_SECONDS = 900;

const NAME = 'oauth flow';

/** What a consent is bound to, from its start to the return of the browser that started it. */
const flowSchema = z.object({
  state: z.string(),
  verifier: z.string(),
  server: z.string(),
  /** Address of the MCP server. */
  url: z.string(),
  issuer: z.string(),
  clientId: z.string(),
  redirectUri: z.string(),
  resource: z.string(),
  scopes: z.array(z.string()),
  /** Path of the dashboard to go on with. */
  back: z.string(),
  member: z.object({ id: z.string(), name: z.string(), via: z.enum(['session', 'token']) }),
  /** Milliseconds since the epoch. */
  endsAt: z.number(),
});
export type Flow = z.infer<typeof flowSchema>;

/** Name of the cookie of one flow, without the prefix for https: two consents may be under way in one browser. */
export function flowCookieName(state: string): string {
  return `policylayer_oauth_${/^[A-Za-z0-9_-]{12}/.exec(state)?.[0] ?? 'none'}`;
}

/** The flow as a cookie's value: sealed, so the browser holds it and nobody reads or makes one. No server keeps anything, so any process can end it. */
export function sealFlow(box: SecretBox, flow: Flow): string {
  const { key, sealed } = box.seal(NAME, JSON.stringify(flow));
  return `${key.toString(36)}.${sealed.toString('base64url')}`;
}

/** @returns null when it is not one of ours, or too old */
export function openFlow(box: SecretBox, value: string, now: number): Flow | null {
  const parts = /^([0-9a-z]{1,11})\.([A-Za-z0-9_-]{1,4000})$/.exec(value);
  if (parts === null) return null;
  try {
    const text = box.open({ name: NAME, key: Number.parseInt(parts[1] ?? '', 36), sealed: Buffer.from(parts[2] ?? '', 'base64url') });
    const flow = flowSchema.parse(JSON.parse(text));
    return flow.endsAt > now ? flow : null;
  } catch {
    return null;
  }
}
