import { foldKey } from '../mcp/keys.ts';
import type { JsonNode } from '../wire/json-node.ts';
import { splice, type Edit } from '../wire/splice.ts';

/** What stands in the place of a value that is not kept. */
export const REDACTED = '"[redacted]"';

/** Paths as a tree of folded names; `whole`: everything here goes. */
interface Wanted {
  whole: boolean;
  readonly inside: Map<string, Wanted>;
}

/**
 * The text of arguments without the values at some paths. It rather takes too much than too little: names are compared as a lenient server would
 * (case, width, invisible characters), a path goes through every element of an array, and where it does not fit, what is in its way goes whole.
 */
export function redactedArguments(args: JsonNode, paths: readonly (readonly string[])[]): Buffer {
  const bytes = args.buffer.subarray(args.start, args.end);
  if (paths.length === 0) return bytes;
  const root: Wanted = { whole: false, inside: new Map() };
  for (const path of paths) {
    let at = root;
    for (const name of path) {
      const key = foldKey(name);
      const next = at.inside.get(key) ?? { whole: false, inside: new Map<string, Wanted>() };
      at.inside.set(key, next);
      at = next;
    }
    at.whole = true;
  }
  const edits: Edit[] = [];
  collect(args, root, args.start, edits);
  return splice(bytes, edits);
}

function collect(node: JsonNode, wanted: Wanted, offset: number, edits: Edit[]): void {
  if (node.kind === 'null') return;
  if (wanted.whole || (node.kind !== 'object' && node.kind !== 'array')) {
    edits.push({ start: node.start - offset, end: node.end - offset, with: REDACTED });
    return;
  }
  if (node.kind === 'array') {
    for (const element of node.elements()) collect(element, wanted, offset, edits);
    return;
  }
  for (const { key, value } of node.members()) {
    const inner = wanted.inside.get(foldKey(key));
    if (inner !== undefined) collect(value, inner, offset, edits);
  }
}
