import type { JsonNode } from './json-node.ts';

/** Replaces the bytes [start, end) of a text; start === end inserts. */
export interface Edit {
  readonly start: number;
  readonly end: number;
  readonly with: string | Buffer;
}

/**
 * Applies edits to the original text, so that every byte that no edit names survives (protocol.md T3). Insertions at the same offset are
 * made in the order given, before a replacement that starts there.
 *
 * @param edits in any order; they must not overlap
 * @returns the new text; `bytes` itself when there is nothing to do
 * @throws RangeError when edits overlap or leave the text
 */
export function splice(bytes: Buffer, edits: readonly Edit[]): Buffer {
  if (edits.length === 0) return bytes;
  const ordered = edits.toSorted((a, b) => a.start - b.start || a.end - b.end);
  const parts: Buffer[] = [];
  let at = 0;
  for (const edit of ordered) {
    if (!Number.isSafeInteger(edit.start) || !Number.isSafeInteger(edit.end) || edit.start > edit.end || edit.end > bytes.length) {
      throw new RangeError(`an edit of bytes ${edit.start} to ${edit.end} does not fit a text of ${bytes.length} bytes`);
    }
    if (edit.start < at) throw new RangeError(`an edit that starts at byte ${edit.start} overlaps one that ends at ${at}`);
    parts.push(bytes.subarray(at, edit.start), typeof edit.with === 'string' ? Buffer.from(edit.with, 'utf8') : edit.with);
    at = edit.end;
  }
  parts.push(bytes.subarray(at));
  return Buffer.concat(parts);
}

/**
 * The edits that take elements out of an array with the right commas: what remains is a valid array, its elements unchanged.
 *
 * @param remove asked once per element, in order
 * @returns no edit when nothing is removed, or when the node is no array
 */
export function removeElements(array: JsonNode, remove: (index: number) => boolean): Edit[] {
  return removeItems(array.elements().map((e, index) => ({ start: e.start, end: e.end, gone: remove(index) })));
}

/**
 * The edits that make several changes to one object. Changes to the same object must be made by one call: edits from separate calls
 * do not know of each other's commas.
 *
 * @param changes member name to its new value as JSON text, or to null to remove the member; new members are added at the end, in order
 * @throws TypeError when the node is no object
 */
export function editObject(object: JsonNode, changes: ReadonlyMap<string, string | null>): Edit[] {
  if (object.kind !== 'object') throw new TypeError(`expected an object to edit, found ${object.kind}`);
  const edits: Edit[] = [];
  const items: Item[] = [];
  const rest = new Map(changes);
  for (const { key, keyStart, value } of object.members()) {
    const change = rest.get(key);
    rest.delete(key);
    items.push({ start: keyStart, end: value.end, gone: change === null });
    if (typeof change === 'string') edits.push({ start: value.start, end: value.end, with: change });
  }
  const added: string[] = [];
  for (const [key, json] of rest) {
    if (json !== null) added.push(`${JSON.stringify(key)}:${json}`);
  }
  const removals = removeItems(items);
  if (added.length === 0) return [...edits, ...removals];
  const last = items.findLast((item) => !item.gone);
  if (last !== undefined) return [...edits, ...removals, { start: last.end, end: last.end, with: `,${added.join(',')}` }];
  const only = removals[0] ?? { start: object.start + 1, end: object.start + 1 };
  return [{ start: only.start, end: only.end, with: added.join(',') }];
}

/**
 * The edit that gives a member a value: replaces the value in place, or adds the member at the end. For several changes to one object
 * use `editObject`.
 *
 * @param json the value as JSON text; not checked
 * @throws TypeError when the node is no object
 */
export function setMember(object: JsonNode, key: string, json: string): Edit {
  return editObject(object, new Map([[key, json]]))[0] as Edit;
}

/**
 * The edit that takes a member out with the right comma; null when there is none of this name. For several changes to one object use
 * `editObject`.
 *
 * @throws TypeError when the node is no object
 */
export function removeMember(object: JsonNode, key: string): Edit | null {
  return editObject(object, new Map([[key, null]]))[0] ?? null;
}

/** An element, or a member from its name to its value. */
interface Item {
  readonly start: number;
  readonly end: number;
  readonly gone: boolean;
}

/** One edit per run of removed items: it takes the comma before the run if an item before it stays, else the one behind it. */
function removeItems(items: readonly Item[]): Edit[] {
  const edits: Edit[] = [];
  let k = 0;
  while (k < items.length) {
    const first = items[k] as Item;
    if (!first.gone) {
      k++;
      continue;
    }
    const before = items[k - 1];
    while (items[k]?.gone === true) k++;
    const last = items[k - 1] as Item;
    const next = items[k];
    if (before !== undefined) edits.push({ start: before.end, end: last.end, with: '' });
    else edits.push({ start: first.start, end: next === undefined ? last.end : next.start, with: '' });
  }
  return edits;
}
