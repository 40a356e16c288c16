import { statSync } from 'node:fs';
import { readUpstreamUrl } from '../../gateway/checks/http-upstream.ts';
import { ScanFailure } from '../../gateway/scan/scan-failure.ts';
import { scanUpstream, type ScanUpstreamOptions } from '../../gateway/scan/scan-upstream.ts';
import { isNamed, summarise, type NamedSummary } from '../../gateway/scan/tool-summary.ts';
import type { Member } from './groups.ts';
import { MASK, maskArguments } from './masking.ts';
import { resolveReferences, type ReferenceContext } from './references.ts';
import { runnableCommand } from './windows-command.ts';

export type GroupScan =
  | { readonly ok: true; readonly tools: readonly NamedSummary[]; readonly unnamed: number }
  /** `signIn`: it answers only to a client that has signed in. */
  | { readonly ok: false; readonly status: string; readonly message: string; readonly signIn: boolean };

export interface ScanContext extends Omit<ReferenceContext, 'client' | 'workspace'> {
  readonly cwd: string;
  readonly platform: NodeJS.Platform;
  readonly findProgram: (name: string) => string | null;
}

export type Startable = { readonly ok: true; readonly upstream: ScanUpstreamOptions['upstream'] } | { readonly ok: false; readonly reason: string };

/** What its client would start or reach for an entry, as far as that can be known outside of the client. */
export function startable(member: Member, context: ScanContext): Startable {
  const fill = (text: string): string => {
    const resolved = resolveReferences(text, { ...context, client: member.file.location.client, workspace: member.file.location.scope === 'project' ? context.cwd : null });
    if (!resolved.ok) throw new Unresolved(resolved.reference);
    return resolved.text;
  };
  try {
    return upstreamOf(member, fill, context);
  } catch (error) {
    if (!(error instanceof Unresolved)) throw error;
    return { ok: false, reason: `it needs ${error.message}, which only the client can fill in` };
  }
}

class Unresolved extends Error {}

function upstreamOf({ spec, file, entry }: Member, fill: (text: string) => string, context: ScanContext): Startable {
  if (spec.kind === 'stdio') {
    const runnable = runnableCommand(fill(spec.command), spec.args.map(fill), context.platform, context.findProgram);
    if (!runnable.ok) return runnable;
    const env = Object.fromEntries(Object.entries(spec.env).map(([name, value]) => [name, fill(value)]));
    const project = file.location.scope === 'project' ? context.cwd : projectOf(entry.path);
    return { ok: true, upstream: { kind: 'command', spec: { command: runnable.command, env, cwd: spec.cwd === null ? project : fill(spec.cwd), inheritEnv: true } } };
  }
  const read = readUpstreamUrl(fill(spec.url));
  if (!read.ok) return { ok: false, reason: `its URL ${read.problem}` };
  const headers: Record<string, string> = Object.create(null) as Record<string, string>;
  for (const [name, value] of Object.entries(spec.headers)) headers[name] = fill(value);
  for (const [name, variable] of Object.entries(spec.envHeaders)) headers[name] = variableOf(variable, context);
  if (spec.bearerVariable !== null) headers['Authorization'] = `Bearer ${variableOf(spec.bearerVariable, context)}`;
  return { ok: true, upstream: { kind: 'http', spec: { url: read.url, headers } } };
}

/** Claude Code keeps servers per project, and starts them there. */
function projectOf(path: readonly string[]): string | null {
  const [container, directory] = path;
  return container === 'projects' && directory !== undefined && statSync(directory, { throwIfNoEntry: false })?.isDirectory() === true ? directory : null;
}

function variableOf(name: string, { env }: ScanContext): string {
  const value = Object.hasOwn(env, name) ? env[name] : undefined;
  if (value === undefined) throw new Unresolved(`$${name}`);
  return value;
}

/** Starts (or reaches) a server as its client does, lists its tools, classifies them, and ends it. Calls nothing. */
export async function scanServer(upstream: ScanUpstreamOptions['upstream'], name: string, options: { readonly timeoutMs: number; readonly progress: (tools: number) => void; readonly signal: AbortSignal }): Promise<GroupScan> {
  try {
    const listing = await scanUpstream({ upstream, timeoutMs: options.timeoutMs, progress: options.progress, stderr: () => undefined, signal: options.signal });
    const summaries = listing.tools.map((definition) => summarise(definition, { server: name }));
    const tools = summaries.filter(isNamed);
    return { ok: true, tools, unnamed: summaries.length - tools.length };
  } catch (error) {
    if (!(error instanceof ScanFailure)) throw error;
    const message = withoutSecrets(error.message, upstream.kind === 'http' ? Object.values(upstream.spec.headers) : [...Object.values(upstream.spec.env), ...secretArguments(upstream.spec.command)]);
    const older = upstream.kind === 'http' && error.status === 'http_status' && /\b40[45]\b/.test(error.message);
    return {
      ok: false,
      status: error.status,
      message: older ? `${message}, as servers do that speak only the older HTTP+SSE transport, which PolicyLayer does not` : message,
      // With a header of the operator's own it is that one which is wrong.
      signIn: upstream.kind === 'http' && error.status === 'credentials_needed' && Object.keys(upstream.spec.headers).length === 0,
    };
  }
}

/** What is masked where the command is shown: whole arguments, and what stands behind `=` in one. */
function secretArguments(command: readonly string[]): string[] {
  const shown = maskArguments(command);
  return command.filter((argument, index) => shown[index] !== argument).flatMap((argument) => [argument, argument.slice(argument.indexOf('=') + 1)]);
}

/** A server that ends often says why, and sometimes with the token that it was given. */
function withoutSecrets(message: string, values: readonly string[]): string {
  return values.filter((value) => value.length >= 4).toSorted((a, b) => b.length - a.length).reduce((text, value) => text.replaceAll(value, MASK), message);
}
