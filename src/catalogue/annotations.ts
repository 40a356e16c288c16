import type { Hints } from './definition.ts';
import { severity } from './severity.ts';
import type { Trail } from './trail.ts';
import type { Category } from './types.ts';

/**
 * Annotations come from an untrusted party: they raise, they support, and they lower only for a server that the operator trusts.
 *
 * @param found the category that name, description and parameters speak for
 */
export function judgeAnnotations(hints: Hints, found: Category, trusted: boolean, trail: Trail): Category {
  if (hints.readOnly === true) {
    if (found === 'read') {
      trail.note('annotations', '/annotations/readOnlyHint', 'readOnlyHint: true', 'read');
      return found;
    }
    trail.finding('contradiction', 'annotations', '/annotations/readOnlyHint', 'readOnlyHint: true');
    return trusted ? 'read' : found;
  }
  if (hints.readOnly === false && found === 'read') {
    trail.effect('write', 'annotations', '/annotations/readOnlyHint', 'readOnlyHint: false');
    return 'write';
  }
  if (hints.destructive === false && severity(found) === 3 && found === 'destructive') {
    trail.finding('contradiction', 'annotations', '/annotations/destructiveHint', 'destructiveHint: false');
    return trusted ? 'write' : found;
  }
  if (hints.destructive === true && found === 'destructive') trail.note('annotations', '/annotations/destructiveHint', 'destructiveHint: true', 'destructive');
  return found;
}
