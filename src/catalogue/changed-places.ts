import type { JsonNode } from '../wire/json-node.ts';
import { foldedJson } from './folded-definition.ts';

/** One place of a definition that says something else than before. */
export interface ChangedPlace {
  /** JSON Pointer; of the place before for `removed`, else of the place after. */
  readonly pointer: string;
  readonly change: 'added' | 'removed' | 'changed';
}

/** Places that are told at most. */
export const MOST_PLACES = 200;

/**
 * Where two definitions differ once both are folded. Objects are looked into; a list counts as one place.
 * @returns at most `MOST_PLACES`, in the order of the names
 */
export function changedPlaces(before: JsonNode, after: JsonNode): readonly ChangedPlace[] {
  const places: ChangedPlace[] = [];
  compare(before, after, '', null, false, places);
  return places;
}

function compare(before: JsonNode, after: JsonNode, pointer: string, key: string | null, sample: boolean, places: ChangedPlace[]): void {
  if (places.length >= MOST_PLACES) return;
  if (before.kind !== 'object' || after.kind !== 'object') {
    if (foldedJson(before, key, sample) !== foldedJson(after, key, sample)) places.push({ pointer, change: 'changed' });
    return;
  }
  const sampled = sample || key === 'default' || key === 'example' || key === 'examples';
  const old = new Map(before.members().map((member) => [member.key, member.value]));
  const now = new Map(after.members().map((member) => [member.key, member.value]));
  for (const name of [...new Set([...old.keys(), ...now.keys()])].toSorted()) {
    if (places.length >= MOST_PLACES) return;
    const [was, is] = [old.get(name), now.get(name)];
    const place = `${pointer}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
    if (was !== undefined && is !== undefined) compare(was, is, place, name, sampled, places);
    else places.push({ pointer: place, change: is === undefined ? 'removed' : 'added' });
  }
}
