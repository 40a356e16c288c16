import { isLoopback } from '../../gateway/checks/loopback.ts';
import type { Group, Member } from './groups.ts';
import { urlHoldsSecret } from './masking.ts';
import type { InitOptions } from './options.ts';
import { startable, type ScanContext, type Startable } from './scan-server.ts';

/** What is to be done about one server before its entries are wrapped. */
export type ScanChoice =
  | { readonly kind: 'scan'; readonly member: Member; readonly upstream: Extract<Startable, { ok: true }>['upstream'] }
  /** Wrapped unseen, behind a policy that denies everything. */
  | { readonly kind: 'unseen'; readonly reason: string }
  /** Left alone. `problem`: the operator wanted it, and it could not be done. */
  | { readonly kind: 'leave'; readonly reason: string; readonly problem: boolean };

/**
 * Decides which servers may be started. Only what a client starts by itself: not what is disabled there; and not what a project's file
 * names, unless somebody has looked at it, since a cloned repository can name anything.
 * @param asked a person is shown the commands and says yes or no
 */
export function chooseScan(group: Group, options: InitOptions, context: ScanContext, asked: boolean): ScanChoice {
  const enabled = group.members.filter((member) => !member.spec.disabled);
  // Of entries with one command the user's own is started: the project's may set other variables for it, and code with them.
  const member = enabled.find(({ file }) => file.location.scope === 'user') ?? enabled[0];
  if (member === undefined) return unseen(group, 'it is disabled, so it is not started');
  if (!options.scan) return unseen(group, 'nothing is started with --no-scan');
  if (member.file.location.scope === 'project' && !asked && !options.trustProject) return { kind: 'leave', reason: 'a file of this project names it, and nobody has looked at it; add --trust-project to have it started, or --no-scan', problem: false };
  const start = startable(member, context);
  return start.ok ? { kind: 'scan', member, upstream: start.upstream } : { kind: 'leave', reason: `${start.reason}; use --no-scan to wrap it unseen`, problem: true };
}

/** A server over HTTP that nobody has asked may want a sign-in, which a wrapped entry cannot offer any more. */
export function unseen(group: Group, reason: string): ScanChoice {
  const [{ spec }] = group.members;
  if (spec.kind !== 'http' || Object.keys(spec.headers).length + Object.keys(spec.envHeaders).length > 0 || spec.bearerVariable !== null || urlHoldsSecret(spec.url)) return { kind: 'unseen', reason };
  if (URL.canParse(spec.url) && isLoopback(new URL(spec.url).hostname.replace(/^\[|\]$/g, ''))) return { kind: 'unseen', reason };
  return { kind: 'leave', reason: `${reason}, and without asking it nobody knows whether the client has to sign in`, problem: false };
}
