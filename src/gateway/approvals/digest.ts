import { createHash } from 'node:crypto';
import { META_PREFIX } from '../../mcp/keys.ts';
import type { Request } from '../../mcp/message.ts';
import { metaOf } from '../../mcp/meta.ts';
import type { JsonNode } from '../../wire/json-node.ts';
import type { TargetKind } from '../../policy/types.ts';
import { canonicalJson, canonicalText } from './canonical.ts';

/** What an approval binds beyond the message itself. */
export interface Bound {
  readonly server: string;
  readonly kind: TargetKind;
  readonly name: string;
  /** SHA-256 of the tool's definition; null where there is none. */
  readonly definition: string | null;
  /** `PolicySet.id`. */
  readonly policies: string;
  /** Id of the grant. */
  readonly principal: string;
}

/** Members of `_meta` that a repeated call may change without becoming another call: transport, tracing and the protocol's own. */
const PASSING_META: ReadonlySet<string> = new Set(['progressToken', 'traceparent', 'tracestate', 'baggage']);
/** Members of `params` that have a place of their own in the digest, or none. */
const PLACED: ReadonlySet<string> = new Set(['arguments', 'task', '_meta', 'inputResponses', 'requestState']);

/**
 * SHA-256 (hex) of everything that an approval is given for (policy.md, "Approval"). Two spellings of one JSON value are one call.
 * @param input the answers to an `InputRequiredResult` count too: an approval of the plain call is not one of a call that brings answers along
 * @returns null when the call has no canonical form, because of a number that cannot be represented exactly or of broken text
 */
export function callDigest(request: Request, bound: Bound, input: 'with-input' | 'without-input'): string | null {
  const { params } = request;
  const named = bound.kind === 'resource' ? 'uri' : 'name';
  const parts = new Map<string, string | null>([
    ['server', JSON.stringify(bound.server)],
    ['kind', JSON.stringify(bound.kind)],
    ['method', JSON.stringify(request.method)],
    ['name', JSON.stringify(bound.name)],
    ['definition', JSON.stringify(bound.definition)],
    ['policies', JSON.stringify(bound.policies)],
    ['principal', JSON.stringify(bound.principal)],
    ['arguments', valueOf(params?.get('arguments') ?? null)],
    ['task', valueOf(params?.get('task') ?? null)],
    ['meta', someOf(metaOf(params), (key) => !PASSING_META.has(key) && !key.startsWith(META_PREFIX))],
    ['other', someOf(params, (key) => key !== named && !PLACED.has(key))],
  ]);
  if (input === 'with-input' && hasInput(request)) parts.set('input', someOf(params, (key) => key === 'inputResponses' || key === 'requestState'));
  const hash = createHash('sha256').update('{');
  let separator = '';
  for (const [key, text] of [...parts].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    if (text === null) return null;
    hash.update(`${separator}"${key}":${text}`);
    separator = ',';
  }
  return hash.update('}').digest('hex');
}

/** True for a call that brings answers along, as the retry after an `InputRequiredResult` does. */
export function hasInput(request: Request): boolean {
  return (request.params?.get('inputResponses') ?? request.params?.get('requestState') ?? null) !== null;
}

function valueOf(node: JsonNode | null): string | null {
  return node === null ? 'null' : canonicalJson(node, 'refuse');
}

/** The members that `wanted` names as an object; `null` as text when there are none. */
function someOf(node: JsonNode | null, wanted: (key: string) => boolean): string | null {
  const parts: string[] = [];
  for (const { key, value } of (node?.members() ?? []).toSorted((a, b) => (a.key < b.key ? -1 : 1))) {
    if (!wanted(key)) continue;
    const name = canonicalText(key);
    const text = canonicalJson(value, 'refuse');
    if (name === null || text === null) return null;
    parts.push(`${name}:${text}`);
  }
  return parts.length === 0 ? 'null' : `{${parts.join(',')}}`;
}
