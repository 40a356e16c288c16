import type { ApprovalsConfig, ApproverConfig, WebhookConfig } from '../../gateway/config-types.ts';
import { quoted } from '../../policy/printable.ts';
import type { GrantEntry } from './grants.ts';
import { isLoopback } from '../../gateway/checks/loopback.ts';
import { describe, type Reader } from './reader.ts';
import { readSecret, readToken, readTokenHash, warnPlainSecret } from './secrets.ts';
import type { Position, TreeNode } from './tree.ts';

export const NO_APPROVALS: ApprovalsConfig = { publicUrl: null, webhook: null, approvers: [] };

/** In whose name the links that a webhook carries are made out; nobody else may have it. */
const WEBHOOK_APPROVER = 'webhook';

/** Reads `approvals:`. @param grants those that could be read; an approver must not be one of those who ask */
export function readApprovals(reader: Reader, node: TreeNode, grants: readonly GrantEntry[]): ApprovalsConfig {
  let publicUrl: string | null = null;
  let webhook: WebhookConfig | null = null;
  let approvers: readonly ApproverConfig[] = [];
  reader.fields(node, '`approvals`', {
    public_url: (value) => (publicUrl = readPublicUrl(reader, value)),
    webhook: (value) => (webhook = readWebhook(reader, value)),
    approvers: (value) => (approvers = readApprovers(reader, value, grants)),
  });
  return { publicUrl, webhook, approvers };
}

/** The base of the pages' addresses, without a trailing slash. */
function readPublicUrl(reader: Reader, node: TreeNode): string | null {
  const url = readUrl(reader, node, '`public_url`', 'https://host or https://host/path, as approvers reach this gateway');
  if (url === null) return null;
  if (url.search !== '') return reader.error(node.at, '`public_url` has a query', { expected: 'an address without ? and #' });
  if (isInTheClear(url)) reader.warn(node.at, '`public_url` is plain HTTP to another machine: links and tokens of approvers can be read on the way', { help: 'put TLS in front and write https://' });
  return `${url.origin}${url.pathname.replace(/\/+$/, '')}`;
}

function readWebhook(reader: Reader, node: TreeNode): WebhookConfig | null {
  let url: URL | null = null;
  let secret: string | null = null;
  reader.fields(node, '`webhook`', {
    url: (value) => {
      url = readUrl(reader, value, '`url` of the webhook', 'https://host/path, or http:// for this machine');
      if (url !== null && isInTheClear(url)) reader.warn(value.at, 'the webhook is called over plain HTTP: arguments and links can be read on the way', { help: 'use https://' });
    },
    secret: (value) => {
      secret = readSecret(reader, value, '`secret`', 'make one with: openssl rand -hex 32');
      if (secret !== null) warnPlainSecret(reader, value, 'the secret of the webhook', 'use ${NAME}');
    },
  }, ['url', 'secret']);
  return url === null || secret === null ? null : { url, secret };
}

function readUrl(reader: Reader, node: TreeNode, what: string, expected: string): URL | null {
  const text = reader.text(node, what);
  if (text === null) return null;
  if (!URL.canParse(text)) return reader.error(node.at, `${what} is not a URL`, { found: describe(node), expected });
  const url = new URL(text);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return reader.error(node.at, `${what} has a scheme that is not HTTP`, { found: describe(node), expected });
  // Named without its value: what stands before the @ is a secret.
  if (url.username !== '' || url.password !== '') return reader.error(node.at, `${what} holds a user name or password`, { expected });
  if (url.hash !== '') return reader.error(node.at, `${what} has a fragment, which is never sent`, { help: 'remove the part from # on' });
  return url;
}

function isInTheClear(url: URL): boolean {
  return url.protocol === 'http:' && !isLoopback(url.hostname.replace(/^\[|\]$/g, ''));
}

function readApprovers(reader: Reader, node: TreeNode, grants: readonly GrantEntry[]): ApproverConfig[] {
  const approvers: ApproverConfig[] = [];
  const names = new Map<string, Position>();
  const tokens = new Map<string, string>();
  for (const { label, token } of grants) if (token.kind === 'hash') tokens.set(token.sha256.toString('hex'), `grant ${quoted(label)}`);
  for (const item of reader.items(node, '`approvers`') ?? []) {
    const approver = readApprover(reader, item);
    if (approver === null) continue;
    const { name, tokenSha256 } = approver;
    const earlier = names.get(name);
    if (earlier !== undefined) reader.error(item.at, `the approver ${quoted(name)} is there twice`, { help: `the first is on line ${earlier.line}` });
    names.set(name, item.at);
    const key = tokenSha256.toString('hex');
    const owner = tokens.get(key);
    // With a grant's token an agent would approve its own calls (attack 34).
    if (owner !== undefined) reader.error(item.at, `${owner} and approver ${quoted(name)} have the same token`, { help: 'give each a token of its own' });
    tokens.set(key, `approver ${quoted(name)}`);
    if (grants.some((grant) => grant.label === name)) reader.warn(item.at, `approver ${quoted(name)} has the label of a grant, whose calls it can therefore not decide`, { help: 'use another name' });
    approvers.push(approver);
  }
  return approvers;
}

function readApprover(reader: Reader, node: TreeNode): ApproverConfig | null {
  const before = reader.problems.length;
  let name = '';
  const tokens: { readonly key: string; readonly at: Position; readonly sha256: Buffer | null }[] = [];
  reader.fields(node, 'an approver', {
    name: (value) => {
      name = reader.text(value, '`name`') ?? '';
      if (name === WEBHOOK_APPROVER) reader.error(value.at, `${quoted(name)} is the name under which the webhook's links decide`, { expected: 'another name' });
      else if (name !== '' && !/^[\p{L}\p{N}][\p{L}\p{N} ._@:/-]{0,63}$/u.test(name)) {
        reader.error(value.at, '`name` holds a character that cannot be in a name', { expected: 'letters, digits, spaces and . _ @ : / -, at most 64' });
      }
    },
    token: (value) => tokens.push({ key: 'token', at: value.at, sha256: readToken(reader, value, 'make one with: echo "pla_$(openssl rand -hex 32)"') }),
    token_sha256: (value) => tokens.push({ key: 'token_sha256', at: value.at, sha256: readTokenHash(reader, value) }),
  }, ['name']);
  const [first, second] = tokens;
  if (second !== undefined) reader.error(second.at, `an approver has \`${first?.key}\` and \`${second.key}\``, { expected: 'one of token and token_sha256' });
  if (first === undefined && node.kind === 'map') reader.error(node.at, 'an approver has no `token`', { code: 'missing_key', expected: 'token or token_sha256' });
  if (reader.problems.slice(before).some((problem) => problem.severity === 'error')) return null;
  const sha256 = first?.sha256 ?? null;
  return sha256 === null ? null : { name, tokenSha256: sha256 };
}
