import { createHash } from 'node:crypto';
import type { Reader } from './reader.ts';
import type { TreeNode } from './tree.ts';

/** Shorter than this can be guessed over the network. */
const MIN_SECRET_LENGTH = 16;

/** Reports a secret that stands in the file itself, where it is copied, committed and backed up with it. */
export function warnPlainSecret(reader: Reader, node: TreeNode, what: string, help: string): void {
  if (node.kind === 'scalar' && node.variables.length === 0) reader.warn(node.at, `${what} stands in the file`, { help });
}

/** Reads a secret that must be long enough not to be guessed. @param help what to do instead of a short one */
export function readSecret(reader: Reader, node: TreeNode, what: string, help: string): string | null {
  const text = reader.text(node, what, true);
  if (text === null || text.length >= MIN_SECRET_LENGTH) return text;
  return reader.error(node.at, `${what} is too short to be a secret`, { found: `${text.length} characters`, expected: `at least ${MIN_SECRET_LENGTH}`, help });
}

/** Reads a bearer token and gives its SHA-256. */
export function readToken(reader: Reader, node: TreeNode, help: string): Buffer | null {
  const token = readSecret(reader, node, '`token`', help);
  if (token === null) return null;
  // The characters of a bearer token (RFC 6750 section 2.1); others do not survive a header everywhere.
  if (!/^[A-Za-z0-9._~+/-]+=*$/.test(token)) return reader.error(node.at, '`token` holds a character that a bearer token cannot have', { expected: 'letters, digits and . _ ~ + / -' });
  warnPlainSecret(reader, node, 'a token', 'use ${NAME}, or token_sha256');
  return createHash('sha256').update(token).digest();
}

/** Reads the SHA-256 of a token. */
export function readTokenHash(reader: Reader, node: TreeNode): Buffer | null {
  const text = reader.text(node, '`token_sha256`', true);
  if (text === null) return null;
  if (!/^[0-9a-fA-F]{64}$/.test(text)) return reader.error(node.at, '`token_sha256` is not a SHA-256', { expected: '64 hexadecimal digits' });
  return Buffer.from(text, 'hex');
}
