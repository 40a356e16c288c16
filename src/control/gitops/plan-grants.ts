import type { GrantDefinition } from '../../state/registry/types.ts';
import { newGrantToken, tokenOf } from '../grants/token.ts';
import { differing, pointer } from './differences.ts';
import type { DocumentGrant } from './document.ts';
import type { Planning } from './plan.ts';

/** Adds what the grants of a document ask for. What they name must be there afterwards. */
export function planGrants(planning: Planning): void {
  const { document, present, services, author, changes, writes, problems, tokens } = planning;
  for (const [label, wanted] of Object.entries(document.grants)) {
    const at = pointer('grants', label);
    const before = present.grants.get(label) ?? null;
    checkNames(planning, wanted, at);
    if (wanted.token === false && wanted.oauth === null) problems.push({ pointer: `${at}/token`, message: 'a grant without a token needs `oauth`' });
    if (before !== null && before.value.revokedAt !== null) {
      problems.push({ pointer: at, message: 'this grant was revoked', help: 'remove it in the dashboard, or choose another label' });
      continue;
    }
    if (before !== null && before.value.server !== wanted.server) {
      // The holder of its token would be let into another server than he was.
      problems.push({ pointer: `${at}/server`, message: 'a grant stays with its server', help: 'choose another label' });
      continue;
    }
    const made = wanted.token === undefined && (before?.value.tokenSha256 ?? null) === null ? newGrantToken() : typeof wanted.token === 'string' ? tokenOf(wanted.token) : null;
    const value = valueOf(wanted, made, before?.value ?? null, author.id, services.now());
    const fields = before === null ? [] : fieldsOf(before.value, value);
    if (before !== null && fields.length === 0) continue;
    if (before === null && value.expiresAt !== null && !(Date.parse(value.expiresAt) > services.now())) problems.push({ pointer: `${at}/expiresAt`, message: 'this moment has passed' });
    if (wanted.token === undefined && made !== null) tokens[label] = made.token;
    changes.push({ op: before === null ? 'create' : 'update', kind: 'grant', name: label, fields });
    writes.push({ op: 'put', kind: 'grant', name: label, value, expect: before?.version ?? null });
  }
}

function checkNames({ document, present, prune, services, problems }: Planning, { server, policies }: DocumentGrant, at: string): void {
  const { file } = services.effective();
  const stays = (name: string, kind: 'servers' | 'policies'): boolean => Object.hasOwn(document[kind], name) || (!prune && present[kind].has(name));
  if (!file.config.servers.has(server) && !stays(server, 'servers')) problems.push({ pointer: `${at}/server`, message: `there would be no server ${server}` });
  for (const [index, name] of policies.entries()) {
    if (file.policies.has(name)) continue;
    const of = Object.hasOwn(document.policies, name) ? (document.policies[name]?.server ?? null) : (present.policies.get(name)?.value.server ?? null);
    if (!stays(name, 'policies')) problems.push({ pointer: `${at}/policies/${index}`, message: `there would be no policy ${name}` });
    else if (of !== null && of !== server) problems.push({ pointer: `${at}/policies/${index}`, message: `the policy ${name} is for the server ${of}` });
  }
}

function valueOf(wanted: DocumentGrant, made: { readonly tokenSha256: string; readonly tokenHint: string } | null, before: GrantDefinition | null, author: string, now: number): GrantDefinition {
  const { server, tags, policies, oauth, expiresAt } = wanted;
  const token = wanted.token === false ? { tokenSha256: null, tokenHint: null } : made !== null ? { tokenSha256: made.tokenSha256, tokenHint: made.tokenHint } : { tokenSha256: before?.tokenSha256 ?? null, tokenHint: before?.tokenHint ?? null };
  const rotated = before !== null && before.tokenSha256 !== token.tokenSha256;
  return {
    server, tags, policies, oauth, expiresAt, ...token, previous: rotated ? null : (before?.previous ?? null), revokedAt: null,
    rotatedAt: rotated ? new Date(now).toISOString() : (before?.rotatedAt ?? null), createdBy: before?.createdBy ?? author,
  };
}

/** What differs, in the words of the document. */
function fieldsOf(before: GrantDefinition, after: GrantDefinition): string[] {
  const names = differing(before, after).map((name) => (name === 'tokenSha256' || name === 'tokenHint' || name === 'rotatedAt' || name === 'previous' ? 'token' : name));
  return [...new Set(names)];
}
