import type { ApprovalDemand } from './types.ts';
import type { ApprovalModel } from './document.ts';
import { APPROVAL_WAYS } from './document.ts';

const DEFAULT_TIMEOUT_SECONDS = 3600;
const DEFAULT_WAIT_SECONDS = 30;
/** The client's own user is asked only where a policy says so: whoever runs the agent must not approve for others unnoticed. */
const DEFAULT_WAYS = APPROVAL_WAYS.filter((way) => way !== 'elicitation');

/** What the rules of one policy demand together. What none of them says has its default. */
export function approvalDemand(models: readonly ApprovalModel[]): ApprovalDemand {
  const timeouts = models.flatMap((model) => model.timeoutSeconds ?? []);
  const waits = models.flatMap((model) => model.waitSeconds ?? []);
  return settled({
    timeoutMs: (timeouts.length === 0 ? DEFAULT_TIMEOUT_SECONDS : Math.min(...timeouts)) * 1000,
    waitMs: (waits.length === 0 ? DEFAULT_WAIT_SECONDS : Math.min(...waits)) * 1000,
    needed: Math.max(1, ...models.flatMap((model) => model.needed ?? [])),
    approvers: common(models.map((model) => model.approvers)),
    via: common(models.map((model) => model.via)) ?? DEFAULT_WAYS,
  });
}

/** What several policies demand together: of each part the strictest, and only the people and ways that all of them accept. */
export function strictestDemand(demands: readonly [ApprovalDemand, ...ApprovalDemand[]]): ApprovalDemand {
  return settled({
    timeoutMs: Math.min(...demands.map((demand) => demand.timeoutMs)),
    waitMs: Math.min(...demands.map((demand) => demand.waitMs)),
    needed: Math.max(...demands.map((demand) => demand.needed)),
    approvers: common(demands.map((demand) => demand.approvers)),
    via: common(demands.map((demand) => demand.via)) ?? [],
  });
}

/** When fewer people are left than are needed, there is no way to approve, and the caller says so at once. */
function settled(demand: ApprovalDemand): ApprovalDemand {
  const { approvers, needed } = demand;
  return approvers !== null && approvers.length < needed ? { ...demand, via: [] } : demand;
}

/** What all lists hold; null stands for everything. */
function common<T>(lists: readonly (readonly T[] | null)[]): readonly T[] | null {
  const [first, ...rest] = lists.filter((list) => list !== null);
  return first === undefined ? null : first.filter((item) => rest.every((list) => list.includes(item)));
}
