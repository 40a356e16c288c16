import type { ApprovalRecord } from '../../state/types.ts';
import type { Caller } from '../api/caller.ts';
import type { ControlServices } from '../api/services.ts';

/**
 * Why a request is somebody's own, so that he cannot decide it; null when it is not. A grant acts for whoever made it, and for whoever its OAuth
 * identity names: the same subject of the same issuer, or the same e-mail address. The label of a grant is compared in the store.
 */
export async function ownRequest(record: ApprovalRecord, caller: Caller, { registry, config }: ControlServices): Promise<string | null> {
  const stored = await registry.get('grant', record.grant);
  if (stored !== null && stored.value.createdBy !== '' && (stored.value.createdBy === caller.id || stored.value.createdBy === caller.email)) return 'you made the grant that asks';
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
