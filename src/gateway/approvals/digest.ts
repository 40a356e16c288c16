import { createHash } from 'node:crypto';
import type { Request } from '../../mcp/message.ts';
import type { JsonMember, JsonNode } from '../../wire/json-node.ts';
import type { Decision, TargetKind } from '../../policy/types.ts';
import { callParts } from './call-parts.ts';
import { canonicalJson, canonicalText } from './canonical.ts';

/** What an approval binds beyond the message itself. */
export interface Bound {
  readonly server: string;
  readonly kind: TargetKind;
  readonly name: string;
  /** SHA-256 of the tool's definition; null where there is none. */
  readonly definition: string | null;
  /** `PolicySet.digest`: the whole hash, because eight digits can be met by an edit that is made to. */
  readonly policies: string;
  /** Id of the grant. */
  readonly principal: string;
  /** Which of several callers behind one grant it is, where they can be told apart; null where they cannot. */
  readonly caller: string | null;
  /** SHA-256 of where the server's calls go: a server of the same name at another address is another one. */
  readonly upstream: string;
}

/**
 * SHA-256 (hex) of everything that an approval is given for (policy.md, "Approval"). Two spellings of one JSON value are one call.
 * @param input the answers to an `InputRequiredResult` count too: an approval of the plain call is not one of a call that brings answers along
 * @returns null when the call has no canonical form, because of a number that cannot be represented exactly or of broken text
 */
export function callDigest(request: Request, bound: Bound, input: 'with-input' | 'without-input'): string | null {
  const { task, meta, input: answers, other } = callParts(request, bound.kind);
  const parts = new Map<string, string | null>([
    ['server', JSON.stringify(bound.server)],
    ['kind', JSON.stringify(bound.kind)],
    ['method', JSON.stringify(request.method)],
    ['name', JSON.stringify(bound.name)],
    ['definition', JSON.stringify(bound.definition)],
    ['policies', JSON.stringify(bound.policies)],
    ['principal', JSON.stringify(bound.principal)],
    ['caller', JSON.stringify(bound.caller)],
    ['upstream', JSON.stringify(bound.upstream)],
    ['arguments', valueOf(request.params?.get('arguments') ?? null)],
    ['task', valueOf(task)],
    ['meta', membersOf(meta)],
    ['other', membersOf(other)],
  ]);
  if (input === 'with-input' && hasInput(request)) parts.set('input', membersOf(answers));
  const hash = createHash('sha256').update('{');
  let separator = '';
  for (const [key, text] of [...parts].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    if (text === null) return null;
    hash.update(`${separator}"${key}":${text}`);
    separator = ',';
  }
  return hash.update('}').digest('hex');
}

/**
 * SHA-256 (hex) of a call together with what was demanded for it. One policy can demand different approvals for one call, by what the client
 * calls itself, by tags or by time of day: what was given to the weaker demand is nothing under the stricter.
 * @param digest of the call
 */
export function demandDigest(digest: string, { policyId, rule, approval }: Pick<Decision, 'policyId' | 'rule' | 'approval'>): string {
  const demand = { approvers: approval?.approvers?.toSorted() ?? null, call: digest, needed: approval?.needed ?? 0, policyId, rule, via: approval?.via.toSorted() ?? [] };
  return createHash('sha256').update(JSON.stringify(demand)).digest('hex');
}

/** True for a call that brings answers along, as the retry after an `InputRequiredResult` does. */
export function hasInput(request: Request): boolean {
  return (request.params?.get('inputResponses') ?? request.params?.get('requestState') ?? null) !== null;
}

function valueOf(node: JsonNode | null): string | null {
  return node === null ? 'null' : canonicalJson(node, 'refuse');
}

/** Some members as an object; `null` as text when there are none. */
function membersOf(members: readonly JsonMember[]): string | null {
  const parts: string[] = [];
  for (const { key, value } of members.toSorted((a, b) => (a.key < b.key ? -1 : 1))) {
    const name = canonicalText(key);
    const text = canonicalJson(value, 'refuse');
    if (name === null || text === null) return null;
    parts.push(`${name}:${text}`);
  }
  return parts.length === 0 ? 'null' : `{${parts.join(',')}}`;
}
