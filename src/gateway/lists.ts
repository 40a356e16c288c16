import type { JsonNode } from '../wire/json-node.ts';
import { editObject, removeElements, splice, type Edit } from '../wire/splice.ts';
import type { PolicySet, TargetKind } from '../policy/types.ts';
import type { Era } from '../mcp/versions.ts';

/** A filtered list may be kept by a client this long at most, so that a policy edit shows soon (L5). */
const MAX_TTL_MS = 60_000;

/**
 * Takes hidden items out of one page of a list, in place: order, cursors and every other byte stay as they were (L2, L3, T3).
 * @returns the message to deliver, or null when the list cannot be read although something may have to be hidden (B4)
 */
export function filterList(bytes: Buffer, result: JsonNode, member: string, idMember: string, kind: TargetKind, policies: PolicySet, era: Era): Buffer | null {
  if (!policies.mayHide(kind)) return bytes;
  const list = result.get(member);
  if (list === null) return bytes;
  if (list.kind !== 'array') return null;
  const hidden: boolean[] = [];
  for (const item of list.elements()) {
    const name = item.get(idMember)?.text() ?? null;
    if (name === null) return null;
    hidden.push(policies.visibility({ kind, name }) === 'hide');
  }
  const edits: Edit[] = hidden.includes(true) ? removeElements(list, (index) => hidden[index] === true) : [];
  if (era === 'modern') edits.push(...privateCache(result));
  return splice(bytes, edits);
}

/** What a principal may see must not be served to another from a cache: every page says so, also one that lost nothing (L5). */
function privateCache(result: JsonNode): Edit[] {
  const changes = new Map<string, string>();
  if (result.get('cacheScope')?.text() !== 'private') changes.set('cacheScope', '"private"');
  const ttl = result.get('ttlMs');
  if (ttl !== null && ttl.kind === 'number' && !(Number(ttl.lexeme()) <= MAX_TTL_MS)) changes.set('ttlMs', String(MAX_TTL_MS));
  return changes.size === 0 ? [] : editObject(result, changes);
}

/** Takes out the items that `keep` refuses, wherever they can be read; items that cannot be read are taken out as well. */
export function keepOwn(bytes: Buffer, list: JsonNode | null, idMember: string, keep: (id: string) => boolean): Buffer {
  if (list === null) return bytes;
  const items = list.elements();
  const edits = removeElements(list, (index) => {
    const id = items[index]?.get(idMember)?.text() ?? null;
    return id === null || !keep(id);
  });
  return splice(bytes, edits);
}
