import { z } from 'zod';
import type { GrantDefinition, Stored } from '../../state/registry/types.ts';
import { cutPage, pageOf, pageQuery, readCursor } from '../api/paging.ts';
import { ApiProblem, notFound } from '../api/problem.ts';
import { ANYWHERE, defineRoute, type Call, type Route } from '../api/route.ts';
import type { ControlServices } from '../api/services.ts';
import { auditOf, changedFields } from '../auth/audit-entry.ts';
import { grantPhase } from '../config/grant-config.ts';
import { save } from '../config/save.ts';
import { checkGrant } from '../grants/check.ts';
import { clientConfigurations } from '../grants/clients.ts';
import { grantBody, grantParams, grantReply, mintedReply, newGrantBody, rotateBody, type GrantReply } from '../grants/schemas.ts';
import { newGrantToken } from '../grants/token.ts';
import { shownGrants } from '../grants/view.ts';
import { expected } from './servers.ts';

type GrantCall = Pick<Call<{ readonly label: string }, unknown, unknown>, 'params' | 'caller'>;

/** The rights for a grant are those for its server. Undefined: there is none. */
async function scopeOf(call: GrantCall, services: ControlServices): Promise<string | undefined> {
  const own = services.effective().file.config.grants.find(({ label }) => label === call.params.label);
  return own?.server ?? (await services.registry.get('grant', call.params.label))?.value.server;
}

async function shownGrant(label: string, services: ControlServices, { caller }: Pick<GrantCall, 'caller'>): Promise<GrantReply> {
  const [grant] = await shownGrants(services, caller, label);
  if (grant === undefined) throw notFound('grant');
  return grant;
}

async function storedGrant(label: string, services: ControlServices): Promise<Stored<'grant'>> {
  if (services.owned().grants.has(label)) throw new ApiProblem('owned_by_file', `the grant ${label} is written in gateway.yaml: change it there`);
  const stored = await services.registry.get('grant', label);
  if (stored === null) throw notFound('grant');
  return stored;
}

/** What the audit tells of a grant: no hash of a token. */
function told({ tokenSha256: _token, previous, ...rest }: GrantDefinition): object {
  return { ...rest, previousUntil: previous?.until ?? null };
}

async function change(call: Call<{ readonly label: string }, unknown, unknown>, services: ControlServices, stored: Stored<'grant'>, value: GrantDefinition, what: { readonly action: string; readonly summary: string }): Promise<GrantReply> {
  const audit = auditOf(call, { ...what, kind: 'grant', name: stored.name, ...changedFields(told(stored.value), told(value)) });
  await save(services, [{ op: 'put', kind: 'grant', name: stored.name, value, expect: expected(call.ifMatch, stored) }], [audit], { what: 'grant', guarded: call.ifMatch !== undefined });
  return shownGrant(stored.name, services, call);
}

export const grantRoutes: readonly Route[] = [
  defineRoute({
    method: 'get', path: '/grants', id: 'listGrants', summary: 'The grants that you may see', tag: 'grants', permission: 'read', scope: () => ANYWHERE, query: z.strictObject(pageQuery), reply: pageOf(grantReply),
    handle: async (call, services) => {
      const after = readCursor('grants', call.query.cursor, 'string') ?? '';
      const all = (await shownGrants(services, call.caller)).filter(({ label }) => label > after);
      return { body: cutPage('grants', all, call.query.limit, ({ label }) => label) };
    },
  }),
  defineRoute({
    method: 'post', path: '/grants', id: 'createGrant', summary: 'Make a grant; its token is shown once', tag: 'grants', permission: 'grants.write', scope: (call) => call.body.server, body: newGrantBody, reply: mintedReply,
    handle: async (call, services) => {
      const { label, token: withToken, server, policies, tags, expiresAt, oauth } = call.body;
      if (services.owned().grants.has(label)) throw new ApiProblem('owned_by_file', `the grant ${label} is written in gateway.yaml: choose another label`);
      if (!withToken && oauth === null) throw new ApiProblem('invalid_request', 'a grant needs a token, or callers by OAuth', { problems: [{ pointer: '/token', message: 'true is expected where there is no `oauth`' }] });
      await checkGrant(label, call.body, services);
      const made = withToken ? newGrantToken() : null;
      const value: GrantDefinition = {
        server, tags, policies, tokenSha256: made?.tokenSha256 ?? null, tokenHint: made?.tokenHint ?? null, previous: null, oauth, expiresAt, revokedAt: null, rotatedAt: null, createdBy: call.caller.id,
      };
      const audit = auditOf(call, { action: 'grant.create', kind: 'grant', name: label, summary: `made the grant ${label} for ${server}`, after: told(value) });
      await save(services, [{ op: 'put', kind: 'grant', name: label, value, expect: null }], [audit], { what: 'grant', guarded: false });
      const grant = await shownGrant(label, services, call);
      return { status: 201, body: { grant, token: made?.token ?? null }, version: grant.version, location: `/api/v1/grants/${encodeURIComponent(label)}` };
    },
  }),
  defineRoute({
    method: 'get', path: '/grants/{label}', id: 'getGrant', summary: 'One grant', tag: 'grants', permission: 'read', scope: scopeOf, params: grantParams, reply: grantReply,
    handle: async (call, services) => {
      const body = await shownGrant(call.params.label, services, call);
      return { body, version: body.version };
    },
  }),
  defineRoute({
    method: 'patch', path: '/grants/{label}', id: 'changeGrant', summary: 'Change policies, tags, expiry or callers of a grant', tag: 'grants', permission: 'grants.write', scope: scopeOf, params: grantParams, body: grantBody, reply: grantReply, needsIfMatch: true,
    handle: async (call, services) => {
      const stored = await storedGrant(call.params.label, services);
      const { policies, tags, expiresAt, oauth } = call.body;
      const value: GrantDefinition = {
        ...stored.value, ...(policies === undefined ? {} : { policies }), ...(tags === undefined ? {} : { tags }), ...(expiresAt === undefined ? {} : { expiresAt }), ...(oauth === undefined ? {} : { oauth }),
      };
      if (value.tokenSha256 === null && value.oauth === null) throw new ApiProblem('invalid_request', 'a grant without a token needs callers by OAuth', { problems: [{ pointer: '/oauth', message: 'it cannot be taken away here' }] });
      // What was so before does not keep anybody from changing the rest.
      await checkGrant(stored.name, { ...value, expiresAt: expiresAt ?? null, oauth: oauth ?? null }, services);
      const body = await change(call, services, stored, value, { action: 'grant.change', summary: `changed the grant ${stored.name}` });
      return { body, version: body.version };
    },
  }),
  defineRoute({
    method: 'delete', path: '/grants/{label}', id: 'deleteGrant', summary: 'Remove a grant that is revoked or has expired; with `force` any', tag: 'grants', permission: 'grants.write', scope: scopeOf, params: grantParams,
    query: z.strictObject({ force: z.enum(['true', 'false']).optional() }), reply: z.undefined(), needsIfMatch: true,
    handle: async (call, services) => {
      const stored = await storedGrant(call.params.label, services);
      if (call.query.force !== 'true' && grantPhase(stored.value, services.now()) === 'active') throw new ApiProblem('conflict', 'the grant is in force: revoke it first, or add ?force=true');
      const audit = auditOf(call, { action: 'grant.remove', kind: 'grant', name: stored.name, summary: `removed the grant ${stored.name}`, before: told(stored.value) });
      await save(services, [{ op: 'delete', kind: 'grant', name: stored.name, expect: expected(call.ifMatch, stored) }], [audit], { what: 'grant', guarded: true });
      return { status: 204, body: undefined };
    },
  }),
  defineRoute({
    method: 'post', path: '/grants/{label}/rotate', id: 'rotateGrant', summary: 'Give a grant a new token; the one before can stay valid for a while', tag: 'grants', permission: 'grants.write', scope: scopeOf, params: grantParams, body: rotateBody, reply: mintedReply,
    handle: async (call, services) => {
      const stored = await storedGrant(call.params.label, services);
      if (stored.value.revokedAt !== null) throw new ApiProblem('conflict', 'the grant is revoked: make a new one');
      const made = newGrantToken();
      const now = services.now();
      const seconds = call.body?.keepPreviousSeconds ?? 0;
      const { tokenSha256 } = stored.value;
      const previous = seconds > 0 && tokenSha256 !== null ? { tokenSha256, until: new Date(now + seconds * 1000).toISOString() } : null;
      const value: GrantDefinition = { ...stored.value, tokenSha256: made.tokenSha256, tokenHint: made.tokenHint, previous, rotatedAt: new Date(now).toISOString() };
      const kept = previous === null ? '' : `; the token before works until ${previous.until}`;
      const grant = await change(call, services, stored, value, { action: 'grant.rotate', summary: `gave the grant ${stored.name} a new token${kept}` });
      return { body: { grant, token: made.token }, version: grant.version };
    },
  }),
  defineRoute({
    method: 'post', path: '/grants/{label}/revoke', id: 'revokeGrant', summary: 'End a grant at once, with its open sessions', tag: 'grants', permission: 'grants.write', scope: scopeOf, params: grantParams, reply: grantReply,
    handle: async (call, services) => {
      const stored = await storedGrant(call.params.label, services);
      if (stored.value.revokedAt !== null) throw new ApiProblem('conflict', 'the grant is revoked already');
      const value: GrantDefinition = { ...stored.value, revokedAt: new Date(services.now()).toISOString(), previous: null };
      const body = await change(call, services, stored, value, { action: 'grant.revoke', summary: `revoked the grant ${stored.name}` });
      return { body, version: body.version };
    },
  }),
  defineRoute({
    method: 'get', path: '/grants/{label}/clients', id: 'listClientConfigurations', summary: 'What to paste into six clients, with <TOKEN> in place of the token', tag: 'grants', permission: 'read', scope: scopeOf, params: grantParams,
    reply: z.object({ clients: z.array(z.object({ id: z.enum(['claude-code', 'claude-desktop', 'cursor', 'vscode', 'codex', 'gemini']), title: z.string(), path: z.string(), format: z.enum(['json', 'toml', 'shell']), text: z.string() })) }),
    handle: async (call, services) => {
      const grant = await shownGrant(call.params.label, services, call);
      const withToken = grant.source === 'file' ? grant.oauth === null : grant.tokenHint !== null;
      return { body: { clients: clientConfigurations(grant, `${services.publicUrl()}/mcp/${grant.server}`, withToken) } };
    },
  }),
];
