import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadPolicy } from '../../policy/index.ts';
import { readPrivate, writePrivate } from '../private-file.ts';
import { sha256 } from './config-file.ts';
import type { Group } from './groups.ts';

/** `kept`: it is there, and not as `init` wrote it, or there is nothing better to say. */
export type PolicyState = 'new' | 'unchanged' | 'updated' | 'kept';

export interface ProposedPolicy {
  /** Name of the server in limits and journal, and of the file without its ending. */
  readonly name: string;
  readonly path: string;
  readonly state: PolicyState;
  /** What is to be written, or null. */
  readonly text: string | null;
  /** Why it cannot be used, or null. */
  readonly problem: string | null;
}

/** What `init` wrote: by file name, for which server and with which bytes. */
type Register = Record<string, { readonly identity: string; readonly sha256: string }>;

const directoryOf = (dataDir: string): string => join(dataDir, 'policies');
const registerOf = (dataDir: string): string => join(dataDir, 'init', 'policies.json');

/**
 * Names a policy for every server, and says what becomes of it. One that somebody edited is never replaced, and one that was made from a
 * scan is not replaced by one that was made without.
 * @param texts the proposal for a server, and whether a scan stands behind it
 */
export async function proposePolicies(dataDir: string, groups: readonly Group[], texts: ReadonlyMap<Group, { readonly text: string; readonly scanned: boolean }>): Promise<ReadonlyMap<Group, ProposedPolicy>> {
  const register = readRegister(dataDir);
  const taken = new Map(Object.entries(register).map(([file, { identity }]) => [file.toLowerCase(), identity]));
  const proposals = new Map<Group, ProposedPolicy>();
  for (const group of groups) {
    const proposal = texts.get(group);
    if (proposal === undefined) continue;
    const name = nameFor(group, register, (file) => taken.get(file.toLowerCase()) ?? (existing(join(directoryOf(dataDir), file)) === null ? null : 'somebody else'));
    const file = `${name}.policy.yaml`;
    taken.set(file.toLowerCase(), group.identity);
    const path = join(directoryOf(dataDir), file);
    proposals.set(group, { name, path, ...(await stateOf(path, name, register[file]?.sha256 ?? null, proposal)) });
  }
  return proposals;
}

async function stateOf(path: string, name: string, written: string | null, proposal: { readonly text: string; readonly scanned: boolean }): Promise<Pick<ProposedPolicy, 'state' | 'text' | 'problem'>> {
  const current = existing(path);
  if (current === null) return { state: 'new', text: proposal.text, problem: await problemOf(proposal.text, name) };
  if (current === proposal.text) return { state: 'unchanged', text: null, problem: null };
  if (sha256(current) !== written || !proposal.scanned) return { state: 'kept', text: null, problem: await problemOf(current, name) };
  return { state: 'updated', text: proposal.text, problem: await problemOf(proposal.text, name) };
}

/** A server behind a policy with an error would not start. */
async function problemOf(text: string, name: string): Promise<string | null> {
  const result = await loadPolicy(text, { name });
  if (result.ok) return null;
  return `its policy has an error: line ${result.errors[0]?.line ?? 1}: ${result.errors[0]?.message ?? 'unknown'}`;
}

function nameFor(group: Group, register: Register, owner: (file: string) => string | null): string {
  const known = Object.entries(register).find(([, entry]) => entry.identity === group.identity)?.[0];
  if (known !== undefined) return known.replace(/\.policy\.yaml$/, '');
  const base = plainName(group.name);
  for (let number = 1; ; number += 1) {
    const name = number === 1 ? base : `${base}-${number}`;
    const other = owner(`${name}.policy.yaml`);
    if (other === null || other === group.identity) return name;
  }
}

/** A name that is a file on every system, and a name for `run --server`. */
export function plainName(name: string): string {
  const plain = name.normalize('NFKD').replace(/\p{M}/gu, '').replace(/[^A-Za-z0-9._-]+/g, '-').replace(/^[^A-Za-z0-9]+|[^A-Za-z0-9]+$/g, '').slice(0, 48);
  if (plain === '') return 'server';
  return /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i.test(plain) ? `mcp-${plain}` : plain;
}

/** Writes what is new, and remembers it. */
export function writePolicies(dataDir: string, proposals: ReadonlyMap<Group, ProposedPolicy>): void {
  const register = readRegister(dataDir);
  let changed = false;
  for (const [group, { name, path, text }] of proposals) {
    if (text === null) continue;
    writePrivate(path, text);
    register[`${name}.policy.yaml`] = { identity: group.identity, sha256: sha256(text) };
    changed = true;
  }
  if (changed) writePrivate(registerOf(dataDir), `${JSON.stringify(register, null, 2)}\n`);
}

function existing(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

function readRegister(dataDir: string): Register {
  const text = readPrivate(registerOf(dataDir));
  if (text === null) return {};
  try {
    return Object.assign(Object.create(null) as Register, JSON.parse(text) as Register);
  } catch {
    // Without it every policy counts as edited, which loses nothing.
    return {};
  }
}
