import type { JsonNode } from '../../wire/json-node.ts';
import type { Check } from './schema-types.ts';
import type { Site } from './site.ts';
import { kindName } from './site.ts';

export function refKeyword(node: JsonNode, site: Site): Check | null {
  const text = referenceText('$ref', node, site);
  const found = text === null ? null : site.reference(text, '$ref');
  if (found === null) return null;
  const { target } = found;
  site.subschema.inPlace.push(target);
  return (value, place, run, seen) => run.applyHere(target, value, place, seen);
}

/**
 * `$dynamicRef`: like `$ref`, unless it points to a `$dynamicAnchor`; then the outermost resource that is being applied and has an
 * anchor of this name decides (JSON Schema 2020-12 core, section 8.2.3.2).
 */
export function dynamicRefKeyword(node: JsonNode, site: Site): Check | null {
  const text = referenceText('$dynamicRef', node, site);
  const found = text === null ? null : site.reference(text, '$dynamicRef');
  if (found === null) return null;
  const { target, resource, anchor } = found;
  site.subschema.inPlace.push(target);
  return (value, place, run, seen) => {
    // The anchors are complete only once the whole document is compiled.
    const dynamic = resource.dynamicAnchors.get(anchor) === target;
    const outermost = dynamic ? run.scopes.find((scope) => scope.dynamicAnchors.has(anchor)) : undefined;
    return run.applyHere(outermost?.dynamicAnchors.get(anchor) ?? target, value, place, seen);
  };
}

function referenceText(keyword: string, node: JsonNode, site: Site): string | null {
  const text = node.text();
  if (text === null) site.problem(`\`${keyword}\` is ${kindName(node)}; expected a string`, null, keyword);
  return text;
}
