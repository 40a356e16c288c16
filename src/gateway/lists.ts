import type { JsonNode } from '../wire/json-node.ts';
import { editObject, removeElements, splice, type Edit } from '../wire/splice.ts';
import type { TargetKind } from '../policy/types.ts';
import { listedQuery } from './call/context.ts';
import { listedFacts } from './call/decide.ts';
import type { Conversation } from './conversation.ts';
import type { InFlight } from './in-flight.ts';
import { narrowedSchema } from './narrowing.ts';
import { factsOf as plainFacts } from '../policy/tool-facts.ts';

/** A filtered list may be kept by a client this long at most, so that a policy edit shows soon (L5). */
const MAX_TTL_MS = 60_000;

const NOTHING_HELD: ReadonlySet<number> = new Set();

/** Which items a list holds, and under which names. */
export interface ListShape {
  readonly kind: TargetKind;
  readonly member: string;
  /** The member of an item that names it. */
  readonly id: string;
}

/**
 * Takes hidden items out of one page of a list, and shows the legal range of arguments in those that stay, in place: order, cursors and
 * every other byte stay as they were (L2, L3, T3).
 * @param bytes the message that holds `result`
 * @param held places of definitions that are kept back (L7); left out like what is hidden
 * @returns the message to deliver, or null when the list cannot be read although something may have to be hidden (B4)
 */
export function filterList(conversation: Conversation, call: InFlight, bytes: Buffer, result: JsonNode, { kind, member, id }: ListShape, held: ReadonlySet<number> = NOTHING_HELD): Buffer | null {
  const { policies } = call;
  const mayHide = policies.mayHide(kind);
  const mayNarrow = kind === 'tool' && policies.mayNarrow;
  if (!mayHide && !mayNarrow && held.size === 0) return bytes;
  const list = result.get(member);
  if (list === null) return bytes;
  if (list.kind !== 'array') return mayHide ? null : bytes;
  const hidden: boolean[] = [];
  const edits: Edit[] = [];
  for (const [place, item] of list.elements().entries()) {
    const name = item.get(id)?.text() ?? null;
    if (name === null && mayHide) return null;
    if (held.has(place)) {
      hidden.push(true);
      continue;
    }
    const query = name === null ? null : listedQuery(conversation, kind, name, factsOf(conversation, call, kind, name, item));
    const hide = query !== null && mayHide && policies.visibility(query) === 'hide';
    hidden.push(hide);
    const constraint = query === null || hide || !mayNarrow ? null : policies.narrow(query);
    const schema = constraint === null ? null : item.get('inputSchema');
    if (constraint !== null && schema !== null) edits.push(...narrowedSchema(schema, constraint));
  }
  if (hidden.includes(true)) edits.push(...removeElements(list, (index) => hidden[index] === true));
  if (call.era === 'modern') edits.push(...privateCache(result));
  return splice(bytes, edits);
}

/** What a call of this name is judged by: tools of one name share the definition that was listed first, and the class of the most severe (L6). */
function factsOf(conversation: Conversation, call: InFlight, kind: TargetKind, name: string, item: JsonNode) {
  return kind === 'tool' ? (listedFacts(conversation, call.policies, name) ?? plainFacts(item)) : null;
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
