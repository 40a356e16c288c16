import { isAbsolute } from 'node:path';
import { z } from 'zod';
import { PLAIN_NAME, PLAIN_NAME_EXPECTED, VARIABLE, VARIABLE_EXPECTED } from '../../gateway/checks/names.ts';

export const plainName = z.string().regex(PLAIN_NAME, `expected ${PLAIN_NAME_EXPECTED}`);
export const serverParams = z.strictObject({ server: plainName });

const noNul = (text: string): boolean => !text.includes('\0');
const shortText = z.string().max(2_000).refine(noNul, 'it must not hold a NUL character');
const secretText = z.string().max(32_768).refine(noNul, 'it must not hold a NUL character');

/** A value as it is written: in the clear, or a secret. `true` keeps the secret that is stored. */
export const writtenValue = z.union([z.strictObject({ plain: secretText }), z.strictObject({ secret: z.union([secretText.min(1), z.literal(true)]) })]);
const shownValue = z.union([z.object({ kind: z.literal('plain'), value: z.string() }), z.object({ kind: z.literal('secret'), set: z.boolean() })]);

const bounded = (values: Record<string, unknown>): boolean => Object.keys(values).length <= 200;
const variables = z.record(z.string().max(256).regex(VARIABLE, `expected ${VARIABLE_EXPECTED}`), writtenValue).refine(bounded, 'at most 200 are possible').default({});
const headers = z.record(z.string().min(1).max(256), writtenValue).refine(bounded, 'at most 200 are possible').default({});
const word = z.string().max(8_192).refine(noNul, 'it must not hold a NUL character');

const common = {
  description: shortText.nullable().default(null),
  isolation: z.enum(['session', 'grant', 'shared']).default('session'),
  bridge: z.boolean().default(false),
  trustedAnnotations: z.boolean().default(false),
  drift: z.enum(['hold', 'warn', 'off']).default('hold'),
  enabled: z.boolean().default(true),
};
const commandFields = {
  kind: z.literal('command'),
  command: z.array(word).min(1, 'expected a program, then its arguments').max(200).refine((words) => words[0] !== '', 'the program is empty'),
  cwd: z.string().max(4_096).refine((path) => isAbsolute(path) && noNul(path), 'expected an absolute path').nullable().default(null),
  env: variables,
};
const httpFields = { kind: z.literal('http'), url: z.string().max(4_096), headers, auth: z.enum(['none', 'oauth']).default('none') };

export const serverBody = z.discriminatedUnion('kind', [z.strictObject({ ...commandFields, ...common }), z.strictObject({ ...httpFields, ...common })]);
export const newServerBody = z.discriminatedUnion('kind', [z.strictObject({ name: plainName, ...commandFields, ...common }), z.strictObject({ name: plainName, ...httpFields, ...common })]);
export type ServerBody = z.output<typeof serverBody>;
export type WrittenValue = z.output<typeof writtenValue>;

export const serverReply = z.object({
  name: z.string(), description: z.string().nullable(), kind: z.enum(['command', 'http']),
  command: z.array(z.string()).optional().describe('of a server of gateway.yaml, and for those who may not change servers, the program alone'), cwd: z.string().nullable().optional(),
  env: z.record(z.string(), shownValue).optional(), url: z.string().optional(), headers: z.record(z.string(), shownValue).optional(), auth: z.enum(['none', 'oauth']).optional(),
  isolation: z.enum(['session', 'grant', 'shared']), bridge: z.boolean(), trustedAnnotations: z.boolean(), drift: z.enum(['hold', 'warn', 'off']), enabled: z.boolean(),
  source: z.enum(['file', 'registry']), version: z.int(), createdAt: z.string().nullable(), updatedAt: z.string().nullable(),
  proxyUrl: z.string(), status: z.enum(['ready', 'starting', 'failing', 'disabled', 'unknown']), problem: z.string().nullable(), lastSeenAt: z.string().nullable(),
  toolCount: z.int().nullable(), contextTokens: z.int().nullable().describe('tokens of a model that all definitions cost, about'), grants: z.int(), held: z.int(),
  oauth: z.object({ status: z.enum(['needs_consent', 'ready', 'dead']), issuer: z.string().nullable(), expiresAt: z.string().nullable(), problem: z.string().nullable() }).nullable(),
});
export type ServerReply = z.input<typeof serverReply>;
