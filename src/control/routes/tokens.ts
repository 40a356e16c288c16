import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { Stored } from '../../state/registry/types.ts';
import { cutPage, pageOf, pageQuery, readCursor } from '../api/paging.ts';
import { ApiProblem, invalid, notFound } from '../api/problem.ts';
import { defineRoute, type Route } from '../api/route.ts';
import { refusedChange } from '../api/versions.ts';
import { auditOf } from '../auth/audit-entry.ts';
import { hashSecret, newSecret } from '../auth/secret-text.ts';
import { role, shownName } from './session-schemas.ts';

/** Tokens of one member that can be there at once. */
const MOST = 50;

const tokenReply = z.object({
  id: z.string(), label: z.string(), member: z.string(), role: role.nullable().describe('at most these rights; null: those of the member'), hint: z.string(), status: z.enum(['active', 'expired']),
  expiresAt: z.string().nullable(), lastUsedAt: z.string().nullable(), createdAt: z.string(),
});

function shown({ name, value, createdAt }: Stored<'token'>, now: number): z.input<typeof tokenReply> {
  const ended = value.revokedAt !== null || (value.expiresAt !== null && Date.parse(value.expiresAt) <= now);
  return { id: name, label: value.label, member: value.member, role: value.role, hint: value.tokenHint, status: ended ? 'expired' : 'active', expiresAt: value.expiresAt, lastUsedAt: value.lastUsedAt, createdAt };
}

export const tokenRoutes: readonly Route[] = [
  defineRoute({
    method: 'get', path: '/tokens', id: 'listTokens', summary: 'API tokens: one\'s own, or with all=true everybody\'s', tag: 'tokens', permission: 'self',
    query: z.strictObject({ ...pageQuery, all: z.enum(['true', 'false']).default('false') }), reply: pageOf(tokenReply),
    handle: async ({ query, caller }, { registry, now }) => {
      const all = query.all === 'true';
      if (all && !caller.can('members.write', null)) throw new ApiProblem('forbidden', 'only who manages members sees the tokens of all');
      const items: Stored<'token'>[] = [];
      for (let after = readCursor('tokens', query.cursor, 'string'); items.length <= query.limit; ) {
        const page = await registry.list('token', { ...(after === undefined ? {} : { after }), limit: 500 });
        items.push(...page.filter(({ value }) => all || value.member === caller.id));
        after = page.at(-1)?.name;
        if (page.length < 500) break;
      }
      const page = cutPage('tokens', items, query.limit, ({ name }) => name);
      return { body: { items: page.items.map((token) => shown(token, now())), next: page.next } };
    },
  }),
  defineRoute({
    method: 'post', path: '/tokens', id: 'createToken', summary: 'Make an API token; its secret is shown once', tag: 'tokens', permission: 'self', sessionOnly: true,
    body: z.strictObject({ label: shownName, role: role.nullable().default(null), expiresAt: z.iso.datetime({ offset: true }).nullable().default(null) }), reply: z.object({ token: tokenReply, secret: z.string() }),
    handle: async (call, { registry, now }) => {
      const { body, caller } = call;
      if (body.expiresAt !== null && Date.parse(body.expiresAt) <= now()) throw invalid('/expiresAt', 'this is in the past');
      let own = 0;
      for (let after: string | undefined; ; ) {
        const page = await registry.list('token', { ...(after === undefined ? {} : { after }), limit: 1_000 });
        own += page.filter(({ value }) => value.member === caller.id).length;
        after = page.at(-1)?.name;
        if (page.length < 1_000) break;
      }
      if (own >= MOST) throw new ApiProblem('conflict', `there are ${own} API tokens of yours; remove one first`);
      const secret = `pla_${newSecret()}`;
      const name = randomBytes(9).toString('base64url');
      const expiresAt = body.expiresAt === null ? null : new Date(body.expiresAt).toISOString();
      const result = await registry.apply(
        [{ op: 'put', kind: 'token', name, expect: null, value: { label: body.label, member: caller.id, role: body.role, tokenSha256: hashSecret(secret), tokenHint: secret.slice(-4), expiresAt, revokedAt: null, lastUsedAt: null } }],
        [auditOf(call, { action: 'token.create', kind: 'token', name, summary: `API token ${body.label} was made`, after: { label: body.label, role: body.role, expiresAt } })],
      );
      const token = await registry.get('token', name);
      if (!result.ok || token === null) throw result.ok ? notFound('token') : refusedChange(result, 'token', false);
      return { status: 201, body: { token: shown(token, now()), secret }, location: '/api/v1/tokens' };
    },
  }),
  defineRoute({
    method: 'delete', path: '/tokens/{id}', id: 'deleteToken', summary: 'Remove an API token; it ends at once', tag: 'tokens', permission: 'self',
    params: z.strictObject({ id: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, 'this is no id of a token') }), reply: z.null(),
    handle: async (call, { registry }) => {
      const token = await registry.get('token', call.params.id);
      const { caller } = call;
      if (token === null || (token.value.member !== caller.id && !caller.can('members.write', null))) throw notFound('token');
      const result = await registry.apply([{ op: 'delete', kind: 'token', name: token.name }],
        [auditOf(call, { action: 'token.delete', kind: 'token', name: token.name, summary: `API token ${token.value.label} was removed`, before: { label: token.value.label, member: token.value.member } })]);
      if (!result.ok) throw refusedChange(result, 'token', false);
      return { status: 204, body: null };
    },
  }),
];
