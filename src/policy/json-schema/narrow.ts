import type { JsonNode } from '../../wire/json-node.ts';
import type { Edit } from '../../wire/splice.ts';
import { dialectOf } from './dialect.ts';
import { MAX_SCHEMA_BYTES } from './limits.ts';
import { portableConstraint } from './narrow-constraint.ts';
import { mergeSchema } from './narrow-merge.ts';
import { Patch } from './narrow-patch.ts';

/** Bytes that may be added to one listed schema. */
const LARGEST_ADDITION = 256 * 1024;

/**
 * The splices that merge the policy's range into a listed schema: a value is valid against the result exactly if it is valid against
 * both. Bounds are tightened where they stand, properties that the policy does not name disappear when it forbids them, and what has
 * no simple form is added under `allOf`. Every other byte stays (policy.md, "What the agent sees").
 *
 * The result is what the model is told; the policy itself decides the call. So `format` is written though clients need not check it,
 * and a pattern that ECMA-262 cannot read is left out.
 *
 * @param inputSchema the schema that the upstream lists; offsets of the edits are those of its buffer
 * @param constraint a JSON Schema (2020-12) of the arguments, as `PolicySet.narrow` gives it
 * @returns null when they cannot be merged (the listed schema refers to itself, is of an unknown version or too large); the schema is
 *   then listed as it is
 */
export function narrowInputSchema(inputSchema: JsonNode, constraint: JsonNode): Edit[] | null {
  if (inputSchema.kind !== 'object' || inputSchema.end - inputSchema.start > MAX_SCHEMA_BYTES) return null;
  const dialect = dialectOf(inputSchema);
  if (typeof dialect !== 'string') return null;
  if (dialect === 'draft-07' && inputSchema.get('$ref') !== null) return null;
  const demanded = portableConstraint(constraint, dialect);
  const listed = survey(inputSchema);
  if (demanded === null || listed === null) return null;
  const patch = new Patch(inputSchema);
  // Under `not` nothing counts as evaluated, so that an `unevaluatedProperties` of the listed schema means what it meant.
  if (listed.hasUnevaluated) patch.demand(`{"not":{"not":${demanded.lexeme()}}}`);
  else if (listed.refersInside) patch.demand(demanded.lexeme());
  else mergeSchema(patch, demanded, dialect);
  const edits = patch.edits();
  const added = edits.reduce((sum, edit) => sum + edit.with.length, 0);
  return added > LARGEST_ADDITION ? null : edits;
}

interface Survey {
  readonly hasUnevaluated: boolean;
  /** Something refers to a part of the schema that would be changed: only the root may be added to. */
  readonly refersInside: boolean;
}

/** What in a listed schema limits how it may be changed; null when a change of the root would change other parts too. */
function survey(root: JsonNode): Survey | null {
  let hasUnevaluated = false;
  let refersInside = false;
  const waiting = [root];
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    // One by one: a list can have more elements than a call takes arguments.
    for (const element of node.elements()) waiting.push(element);
    for (const { key, value } of node.members()) {
      waiting.push(value);
      hasUnevaluated ||= key === 'unevaluatedProperties' || key === 'unevaluatedItems';
      if (key !== '$ref' && key !== '$dynamicRef' && key !== '$recursiveRef') continue;
      const target = value.text();
      if (target === null || /^#\/(?:\$defs|definitions)\/./.test(target)) continue;
      if (!/^#\/./.test(target)) return null;
      refersInside = true;
    }
  }
  return { hasUnevaluated, refersInside };
}
