import type { NewAuditEntry } from '../../state/registry/types.ts';
import type { Caller } from '../api/caller.ts';

/** What of a call goes into its audit entry. */
export interface Doer {
  readonly caller: Caller;
  readonly requestId: string;
  readonly address: string | null;
}

/**
 * An audit entry of what a caller did.
 * @param what `kind` and `name` of the thing, `summary` for people, `before` and `after`: the fields that changed, without secrets
 */
export function auditOf({ caller, requestId, address }: Doer, what: { readonly action: string; readonly kind: string; readonly name: string; readonly summary: string; readonly before?: unknown; readonly after?: unknown }): NewAuditEntry {
  return {
    actor: caller.via === 'nobody' ? 'system' : caller.id, actorName: caller.via === 'nobody' ? 'nobody' : caller.name, via: caller.via === 'nobody' ? 'system' : caller.via,
    action: what.action, kind: what.kind, name: what.name, summary: what.summary, before: what.before ?? null, after: what.after ?? null, requestId, address,
  };
}

/** The fields of two objects that differ, each side by itself. */
export function changedFields(before: object, after: object): { readonly before: Record<string, unknown>; readonly after: Record<string, unknown> } {
  const [old, now] = [before as Record<string, unknown>, after as Record<string, unknown>];
  const names = [...new Set([...Object.keys(old), ...Object.keys(now)])].filter((name) => JSON.stringify(old[name]) !== JSON.stringify(now[name]));
  const pick = (from: Record<string, unknown>): Record<string, unknown> => Object.fromEntries(names.map((name) => [name, from[name] ?? null]));
  return { before: pick(old), after: pick(now) };
}
