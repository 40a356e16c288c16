import { z } from 'zod';
import { LABEL, LABEL_EXPECTED } from '../../gateway/checks/names.ts';
import { newGrantBody } from '../grants/schemas.ts';
import { policyText } from '../policies/schemas.ts';
import { plainName, serverBody } from '../servers/schemas.ts';

/** One document for everything that the registry owns, without a secret. */
export const MAX_DOCUMENT_BODY = 32 * 1024 * 1024;

const few = (all: Record<string, unknown>): boolean => Object.keys(all).length <= 5_000;
const documentPolicy = z.strictObject({
  server: plainName.nullable().default(null), description: z.string().max(2_000).nullable().default(null), text: policyText,
  stage: z.enum(['draft', 'observe', 'enforce']).default('enforce').describe('`draft`: kept, and not published'),
});
const { server, policies, tags, expiresAt, oauth } = newGrantBody.shape;
const documentGrant = z.strictObject({
  server, policies, tags, expiresAt, oauth,
  token: z.union([z.string().min(16).max(512).regex(/^[A-Za-z0-9._~+/-]+=*$/, 'it holds a character that a bearer token cannot have'), z.literal(false)]).optional()
    .describe('left out: the stored one, or a new one that is told once; false, with `oauth`: none'),
});

export const gitopsDocument = z.strictObject({
  version: z.literal('1'),
  servers: z.record(plainName, serverBody).refine(few, 'at most 5000 are possible').default({}),
  policies: z.record(plainName, documentPolicy).refine(few, 'at most 5000 are possible').default({}),
  grants: z.record(z.string().regex(LABEL, `expected ${LABEL_EXPECTED}`), documentGrant).refine(few, 'at most 5000 are possible').default({}),
});
export type GitopsDocument = z.output<typeof gitopsDocument>;
export type DocumentPolicy = z.output<typeof documentPolicy>;
export type DocumentGrant = z.output<typeof documentGrant>;

export const changeReply = z.object({ op: z.enum(['create', 'update', 'delete']), kind: z.enum(['server', 'policy', 'grant']), name: z.string(), fields: z.array(z.string()) });
export type PlannedChange = z.input<typeof changeReply>;
