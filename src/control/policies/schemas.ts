import { z } from 'zod';
import { MAX_DOCUMENT_BYTES } from '../../policy/load.ts';
import { plainName } from '../servers/schemas.ts';

/** A document may be as long as the language allows; JSON writes some characters as six. */
export const POLICY_BODY_BYTES = 3 * MAX_DOCUMENT_BYTES;

export const policyParams = z.strictObject({ policy: plainName });
export const policyText = z.string().refine((text) => Buffer.byteLength(text) <= MAX_DOCUMENT_BYTES, `at most ${MAX_DOCUMENT_BYTES} bytes are possible`);
export const stage = z.enum(['observe', 'enforce']);
export const comment = z.string().max(2_000).nullable().optional();

export const diagnosticReply = z.object({
  severity: z.enum(['error', 'warning']), code: z.string(), line: z.int(), column: z.int(), endLine: z.int().optional(), endColumn: z.int().optional(), pointer: z.string(), message: z.string(), help: z.string().optional(),
});
export const policyReply = z.object({
  name: z.string(), server: z.string().nullable(), description: z.string().nullable(), draft: z.string().nullable(),
  published: z.object({ number: z.int(), stage, text: z.string(), at: z.string().nullable().describe('null for a policy of gateway.yaml'), author: z.string(), comment: z.string().nullable() }).nullable(),
  mode: z.enum(['enforce', 'observe']).nullable().describe('what the published text does'), source: z.enum(['file', 'registry']), version: z.int(), createdAt: z.string().nullable(), updatedAt: z.string().nullable(),
  usedBy: z.array(z.string()).describe('labels of the grants that you may see'), problems: z.array(diagnosticReply).describe('of the draft, else of what is published'), problem: z.string().nullable(),
});
export type PolicyReply = z.input<typeof policyReply>;
export const versionReply = z.object({ number: z.int(), stage, author: z.string(), comment: z.string().nullable(), at: z.string(), text: z.string().optional() });

export const newPolicyBody = z.strictObject({ name: plainName, server: plainName.nullable().default(null), description: z.string().max(2_000).nullable().default(null), text: policyText.optional() });
export const policyBody = z.strictObject({ draft: policyText.nullable(), description: z.string().max(2_000).nullable().default(null), server: plainName.nullable().default(null) });
export const publishBody = z.strictObject({ text: policyText.optional().describe('left out: the draft, else what is published'), stage, comment });
export const rollbackBody = z.strictObject({ number: z.int().min(1), stage: stage.optional(), comment });
