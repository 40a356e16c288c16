import { z } from 'zod';
import { LABEL, LABEL_EXPECTED } from '../../gateway/checks/names.ts';
import { plainName } from '../servers/schemas.ts';

export const label = z.string().regex(LABEL, `expected ${LABEL_EXPECTED}`);
export const grantParams = z.strictObject({ label });

const tag = z.string().min(1).max(64).regex(/^[^\p{Cc}]*$/u, 'it must not hold control characters');
const tags = z.array(tag).max(32).refine((all) => new Set(all).size === all.length, 'a tag is there twice');
const policies = z.array(plainName).max(32).refine((all) => new Set(all).size === all.length, 'a policy is there twice');
/** A moment in ISO 8601, with its offset from UTC. */
const moment = z.iso.datetime({ offset: true }).transform((text) => new Date(text).toISOString());
const issuer = z.string().max(2_000).refine((text) => /^https?:\/\//.test(text) && URL.canParse(text), 'expected the address of an issuer, as in the claim `iss`');
const claims = z.record(z.string().min(1).max(256), z.string().min(1).max(2_000)).refine((all) => Object.keys(all).length > 0 && Object.keys(all).length <= 16, 'expected 1 to 16 claims');
export const oauth = z.strictObject({ issuer, claims });

export const newGrantBody = z.strictObject({
  label, server: plainName, policies: policies.default([]), tags: tags.default([]), expiresAt: moment.nullable().default(null), oauth: oauth.nullable().default(null),
  token: z.boolean().default(true).describe('false, with `oauth`: no token of ours'),
});
export const grantBody = z.strictObject({ policies, tags, expiresAt: moment.nullable(), oauth: oauth.nullable() }).partial();
/** At most 30 days: two tokens for one caller are meant for the time in which clients are changed. */
export const rotateBody = z.strictObject({ keepPreviousSeconds: z.int().min(0).max(30 * 86_400).default(0) }).optional();

export const grantReply = z.object({
  label: z.string(), server: z.string(), tags: z.array(z.string()), policies: z.array(z.string()), tokenHint: z.string().nullable(),
  oauth: z.object({ issuer: z.string(), claims: z.record(z.string(), z.string()) }).nullable(),
  expiresAt: z.string().nullable(), revokedAt: z.string().nullable(), rotatedAt: z.string().nullable(), previousUntil: z.string().nullable(), createdBy: z.string(), createdAt: z.string().nullable(),
  version: z.int(), source: z.enum(['file', 'registry']), status: z.enum(['active', 'expired', 'revoked', 'unusable']), problem: z.string().nullable(),
  lastUsedAt: z.string().nullable(), calls24h: z.int(),
});
export type GrantReply = z.input<typeof grantReply>;
export const mintedReply = z.object({ grant: grantReply, token: z.string().nullable().describe('shown once') });
