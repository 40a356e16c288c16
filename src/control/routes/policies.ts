import { z } from 'zod';
import type { Change, Stored } from '../../state/registry/types.ts';
import { cutPage, pageOf, pageQuery, readCursor } from '../api/paging.ts';
import { ApiProblem, invalid, notFound } from '../api/problem.ts';
import { ANYWHERE, defineRoute, type Call, type Route } from '../api/route.ts';
import type { ControlServices } from '../api/services.ts';
import { auditOf, changedFields } from '../auth/audit-entry.ts';
import { save } from '../config/save.ts';
import { demandSound } from '../policies/diagnostics.ts';
import { lineDiff } from '../policies/line-diff.ts';
import { newPolicyBody, POLICY_BODY_BYTES, policyBody, policyParams, policyReply, publishBody, rollbackBody, versionReply, type PolicyReply } from '../policies/schemas.ts';
import { maySee, policyUse, shownPolicies } from '../policies/view.ts';
import { expected } from './servers.ts';

type PolicyCall = Pick<Call<{ readonly policy: string }, unknown, unknown>, 'params' | 'caller'>;

/** Whose rights count for a policy: those for its server, or for the organisation. Undefined: there is none, or it may not be seen. */
async function scopeOf(call: PolicyCall, services: ControlServices): Promise<string | null | undefined> {
  const { policy } = call.params;
  if (services.owned().policies.has(policy)) return null;
  const stored = await services.registry.get('policy', policy);
  return stored === null || !maySee(call.caller, stored.value.server) ? undefined : stored.value.server;
}

/** A policy for everybody can be read by all who see a server. */
async function readScope(call: PolicyCall, services: ControlServices): Promise<string | null | undefined> {
  const scope = await scopeOf(call, services);
  return scope === null ? ANYWHERE : scope;
}

async function shownPolicy(name: string, services: ControlServices, { caller }: PolicyCall): Promise<PolicyReply> {
  const [policy] = await shownPolicies(services, caller, name);
  if (policy === undefined) throw notFound('policy');
  return policy;
}

async function storedPolicy(name: string, services: ControlServices): Promise<Stored<'policy'>> {
  if (services.owned().policies.has(name)) throw new ApiProblem('owned_by_file', `the policy ${name} is written in gateway.yaml: change its file`);
  const stored = await services.registry.get('policy', name);
  if (stored === null) throw notFound('policy');
  return stored;
}

async function publish(call: Call<{ readonly policy: string }, unknown, unknown>, services: ControlServices, stored: Stored<'policy'>, what: { readonly text: string; readonly stage: 'observe' | 'enforce'; readonly comment: string | null; readonly action: string; readonly summary: string }): Promise<{ body: PolicyReply; version: number }> {
  const { name } = stored;
  await demandSound(name, what.text);
  const change: Change = { op: 'publish', policy: name, text: what.text, stage: what.stage, comment: what.comment, author: call.caller.name, expect: expected(call.ifMatch, stored) };
  const audit = auditOf(call, { action: what.action, kind: 'policy', name, summary: what.summary, before: stored.value.published, after: { stage: what.stage, comment: what.comment } });
  await save(services, [change], [audit], { what: 'policy', guarded: call.ifMatch !== undefined });
  const body = await shownPolicy(name, services, call);
  return { body, version: body.version };
}

async function textOf(name: string, which: string, stored: Stored<'policy'>, services: ControlServices, pointer: string): Promise<string> {
  if (which === 'draft') {
    if (stored.value.draft !== null) return stored.value.draft;
    throw invalid(pointer, 'the policy has no draft', { in: 'query' });
  }
  const version = await services.registry.policyVersion(name, Number(which));
  if (version === null) throw invalid(pointer, `the policy has no version ${which}`, { in: 'query' });
  return version.text;
}

const number = z.string().regex(/^[1-9]\d{0,8}$/, 'the number of a version is expected');

export const policyRoutes: readonly Route[] = [
  defineRoute({
    method: 'get', path: '/policies', id: 'listPolicies', summary: 'The policies that you may see', tag: 'policies', permission: 'read', scope: () => ANYWHERE, query: z.strictObject(pageQuery), reply: pageOf(policyReply),
    handle: async (call, services) => {
      const after = readCursor('policies', call.query.cursor, 'string') ?? '';
      const all = (await shownPolicies(services, call.caller)).filter(({ name }) => name > after);
      return { body: cutPage('policies', all, call.query.limit, ({ name }) => name) };
    },
  }),
  defineRoute({
    method: 'post', path: '/policies', id: 'createPolicy', summary: 'Begin a policy; `text` becomes its draft', tag: 'policies', permission: 'policies.write', scope: (call) => call.body.server, maxBody: POLICY_BODY_BYTES,
    body: newPolicyBody, reply: policyReply,
    handle: async (call, services) => {
      const { name, server, description, text } = call.body;
      if (services.owned().policies.has(name)) throw new ApiProblem('owned_by_file', `the policy ${name} is written in gateway.yaml: choose another name`);
      const audit = auditOf(call, { action: 'policy.create', kind: 'policy', name, summary: `began the policy ${name}`, after: { server, description } });
      await save(services, [{ op: 'put', kind: 'policy', name, value: { server, description, draft: text ?? null, published: null }, expect: null }], [audit], { what: 'policy', guarded: false });
      const body = await shownPolicy(name, services, { ...call, params: { policy: name } });
      return { status: 201, body, version: body.version, location: `/api/v1/policies/${name}` };
    },
  }),
  defineRoute({
    method: 'get', path: '/policies/{policy}', id: 'getPolicy', summary: 'One policy with its draft and what holds', tag: 'policies', permission: 'read', scope: readScope, params: policyParams, reply: policyReply,
    handle: async (call, services) => {
      const body = await shownPolicy(call.params.policy, services, call);
      return { body, version: body.version };
    },
  }),
  defineRoute({
    method: 'put', path: '/policies/{policy}', id: 'replacePolicy', summary: 'Save a draft, which may have errors; nothing that holds changes', tag: 'policies', permission: 'policies.write', scope: scopeOf, params: policyParams, body: policyBody, maxBody: POLICY_BODY_BYTES, reply: policyReply, needsIfMatch: true,
    handle: async (call, services) => {
      const stored = await storedPolicy(call.params.policy, services);
      const { draft, description, server } = call.body;
      if (server !== stored.value.server) await demandMove(stored.name, server, call, services);
      const value = { ...stored.value, draft, description, server };
      const { before, after } = changedFields({ ...stored.value, draft: null }, { ...value, draft: null });
      const audit = auditOf(call, { action: 'policy.draft', kind: 'policy', name: stored.name, summary: `saved a draft of the policy ${stored.name}`, before, after });
      await save(services, [{ op: 'put', kind: 'policy', name: stored.name, value, expect: expected(call.ifMatch, stored) }], [audit], { what: 'policy', guarded: true });
      const body = await shownPolicy(stored.name, services, call);
      return { body, version: body.version };
    },
  }),
  defineRoute({
    method: 'delete', path: '/policies/{policy}', id: 'deletePolicy', summary: 'Remove a policy that no grant uses; its published texts are kept', tag: 'policies', permission: 'policies.write', scope: scopeOf, params: policyParams, reply: z.undefined(), needsIfMatch: true,
    handle: async (call, services) => {
      const stored = await storedPolicy(call.params.policy, services);
      const use = (await policyUse(services)).get(stored.name) ?? [];
      if (use.length > 0) throw new ApiProblem('conflict', `${use.length === 1 ? 'a grant uses' : `${use.length} grants use`} this policy: take it out of them first`);
      const audit = auditOf(call, { action: 'policy.remove', kind: 'policy', name: stored.name, summary: `removed the policy ${stored.name}`, before: { server: stored.value.server, published: stored.value.published } });
      await save(services, [{ op: 'delete', kind: 'policy', name: stored.name, expect: expected(call.ifMatch, stored) }], [audit], { what: 'policy', guarded: true });
      return { status: 204, body: undefined };
    },
  }),
  defineRoute({
    method: 'post', path: '/policies/{policy}/publish', id: 'publishPolicy', summary: 'Make a text the one that holds', tag: 'policies', permission: 'policies.write', scope: scopeOf, params: policyParams, body: publishBody, maxBody: POLICY_BODY_BYTES, reply: policyReply, needsIfMatch: true,
    handle: async (call, services) => {
      const stored = await storedPolicy(call.params.policy, services);
      const { published, draft } = stored.value;
      const held = published === null ? null : await services.registry.policyVersion(stored.name, published.number);
      const text = call.body.text ?? draft ?? held?.text;
      if (text === undefined) throw new ApiProblem('conflict', 'there is nothing to publish: the policy has neither a draft nor a version');
      const { stage } = call.body;
      return publish(call, services, stored, { text, stage, comment: call.body.comment ?? null, action: 'policy.publish', summary: `published the policy ${stored.name} ${stage === 'observe' ? 'to observe' : 'to enforce'}` });
    },
  }),
  defineRoute({
    method: 'post', path: '/policies/{policy}/rollback', id: 'rollBackPolicy', summary: 'Publish the text of an earlier version anew', tag: 'policies', permission: 'policies.write', scope: scopeOf, params: policyParams, body: rollbackBody, reply: policyReply,
    handle: async (call, services) => {
      const stored = await storedPolicy(call.params.policy, services);
      const version = await services.registry.policyVersion(stored.name, call.body.number);
      if (version === null) throw invalid('/number', `the policy has no version ${call.body.number}`);
      const comment = call.body.comment ?? `back to version ${version.number}`;
      return publish(call, services, stored, { text: version.text, stage: call.body.stage ?? version.stage, comment, action: 'policy.rollback', summary: `rolled the policy ${stored.name} back to version ${version.number}` });
    },
  }),
  defineRoute({
    method: 'get', path: '/policies/{policy}/versions', id: 'listPolicyVersions', summary: 'Published texts, newest first, without the texts', tag: 'policies', permission: 'read', scope: readScope, params: policyParams, query: z.strictObject(pageQuery), reply: pageOf(versionReply),
    handle: async (call, services) => {
      const before = readCursor('versions', call.query.cursor, 'number');
      const versions = services.owned().policies.has(call.params.policy) ? [] : await services.registry.policyVersions(call.params.policy, { limit: call.query.limit + 1, ...(before === undefined ? {} : { before }) });
      const items = versions.map(({ number, stage, author, comment, at }) => ({ number, stage, author, comment, at }));
      return { body: cutPage('versions', items, call.query.limit, (item) => item.number) };
    },
  }),
  defineRoute({
    method: 'get', path: '/policies/{policy}/versions/{number}', id: 'getPolicyVersion', summary: 'One published text', tag: 'policies', permission: 'read', scope: readScope, params: policyParams.extend({ number }), reply: versionReply,
    handle: async (call, services) => {
      const version = await services.registry.policyVersion(call.params.policy, Number(call.params.number));
      if (version === null || services.owned().policies.has(call.params.policy)) throw notFound('version');
      const { number: found, stage, author, comment, at, text } = version;
      return { body: { number: found, stage, author, comment, at, text } };
    },
  }),
  defineRoute({
    method: 'get', path: '/policies/{policy}/diff', id: 'diffPolicy', summary: 'What became of the lines of a text', tag: 'policies', permission: 'read', scope: readScope, params: policyParams,
    query: z.strictObject({ from: number, to: z.union([z.literal('draft'), number]) }),
    reply: z.object({ lines: z.array(z.object({ kind: z.enum(['same', 'add', 'remove']), text: z.string(), from: z.int().optional(), to: z.int().optional() })) }),
    handle: async (call, services) => {
      const stored = await storedPolicy(call.params.policy, services);
      const { from, to } = call.query;
      return { body: { lines: lineDiff(await textOf(stored.name, from, stored, services, '/from'), await textOf(stored.name, to, stored, services, '/to')) } };
    },
  }),
];

/** A policy that moves to another server is taken from one group of people and given to another; grants of other servers must not be left with it. */
async function demandMove(name: string, server: string | null, { caller }: PolicyCall, services: ControlServices): Promise<void> {
  if (!caller.can('policies.write', server)) throw new ApiProblem('forbidden', 'you may not give this policy to that server');
  const others = server === null ? [] : ((await policyUse(services)).get(name) ?? []).filter((grant) => grant.server !== server);
  if (others.length > 0) throw new ApiProblem('conflict', `${others.length === 1 ? 'a grant' : `${others.length} grants`} for another server ${others.length === 1 ? 'uses' : 'use'} this policy: take it out of ${others.length === 1 ? 'it' : 'them'} first`);
}
