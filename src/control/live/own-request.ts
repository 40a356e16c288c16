import type { Registry, Stored } from '../../state/registry/types.ts';
import type { ApprovalRecord } from '../../state/types.ts';
import type { Caller } from '../api/caller.ts';
import type { ControlServices } from '../api/services.ts';
import { callerOf, isActive } from '../auth/member-caller.ts';

/**
 * Why a request is somebody's own, so that he cannot decide it; null when it is not. A grant acts for whoever made it, and for whoever its OAuth
 * identity names: the same subject of the same issuer, or the same e-mail address. The label of a grant is compared in the store.
 *
 * Who made a grant may approve for it as long as nobody else could: one person alone has nobody to ask, and could give himself a second account.
 */
export async function ownRequest(record: ApprovalRecord, caller: Caller, { registry, config }: ControlServices): Promise<string | null> {
  const stored = await registry.get('grant', record.grant);
  if (stored !== null && stored.value.createdBy !== '' && (stored.value.createdBy === caller.id || stored.value.createdBy === caller.email) && (await othersCanDecide(record, caller, registry))) return 'you made the grant that asks';
  if ((await gaveAccess(record.grant, caller, registry)) && (await othersCanDecide(record, caller, registry))) return 'you gave the grant that asks its token or its callers';
  const identities = [stored?.value.oauth ?? null, config().grants.find(({ label }) => label === record.grant)?.oauth ?? null].filter((identity) => identity !== null);
  if (identities.length === 0) return null;
  const oidc = (await registry.get('member', caller.id))?.value.oidc ?? null;
  for (const { issuer, claims } of identities) {
    const email = claims['email']?.toLowerCase();
    if (email !== undefined && email === caller.email.toLowerCase()) return 'the grant that asks is for your e-mail address';
    if (oidc !== null && oidc.issuer === issuer && oidc.subject === claims['sub']) return 'the grant that asks is for you';
  }
  return null;
}

/**
 * Whether he had the token of a grant in his hands, or said who comes by it: a token that he gave to somebody else's grant lets him call as that grant.
 * The audit remembers it, also of a grant that was removed to be made anew. Of tokens only the newest and the one before it can be at work.
 */
async function gaveAccess(label: string, caller: Caller, registry: Registry): Promise<boolean> {
  for (const [action, limit] of [['grant.create', 2], ['grant.rotate', 2], ['grant.change', 100], ['grant.apply', 100]] as const) {
    const entries = await registry.audit({ action, kind: 'grant', name: label, limit });
    if (entries.some(({ actor, after }) => actor === caller.id && (action === 'grant.create' || action === 'grant.rotate' || concernsCallers(after)))) return true;
  }
  return false;
}

function concernsCallers(after: unknown): boolean {
  // `apply` made it.
  if (typeof after !== 'object' || after === null) return true;
  const fields = (after as { readonly fields?: unknown }).fields;
  return Object.hasOwn(after, 'oauth') || (Array.isArray(fields) && (fields.includes('token') || fields.includes('oauth')));
}

/** Whether another member who can sign in may decide this request. */
async function othersCanDecide({ server, approvers }: ApprovalRecord, caller: Caller, registry: Registry): Promise<boolean> {
  for (let after: string | undefined; ;) {
    const page = await registry.list('member', after === undefined ? { limit: PAGE } : { after, limit: PAGE });
    if (page.some((member) => member.name !== caller.id && canDecide(member, server, approvers))) return true;
    after = page.at(-1)?.name;
    if (page.length < PAGE || after === undefined) return false;
  }
}

const PAGE = 200;

function canDecide(member: Stored<'member'>, server: string, approvers: readonly string[] | null): boolean {
  const { value } = member;
  if (!isActive(value) || (value.passwordHash === null && value.oidc === null)) return false;
  return callerOf(member).can('approvals.decide', server) && (approvers === null || approvers.includes(value.email));
}
