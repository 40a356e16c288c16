import { headerProblem } from '../../gateway/checks/http-upstream.ts';
import type { Launcher } from './launcher.ts';
import { urlHoldsSecret } from './masking.ts';
import type { HttpServer, StdioServer } from './server-spec.ts';
import { runnableCommand } from './windows-command.ts';

/** What does not depend on the server. */
export interface WrapSettings {
  readonly launcher: Launcher;
  /** Absolute path of the policy. */
  readonly policy: string;
  /** Name of the server in limits and journal. */
  readonly server: string;
  /** Name of the client in limits and journal. */
  readonly label: string;
  /** The data directory, where the default of another environment might differ; else null. */
  readonly data: string | null;
  readonly platform: NodeJS.Platform;
  readonly findProgram: (name: string) => string | null;
}

/** What an entry becomes. Everything that it does not name stays as it is. */
export interface WrapPlan {
  readonly command: string;
  /** Placed before the arguments that are there. */
  readonly args: readonly string[];
  /** For a server over HTTP: the header `from` becomes the variable `to` of `env`. */
  readonly headerVariables: readonly { readonly from: string; readonly to: string }[];
  /** A URL that must not stand on a command line: it moves to this variable. */
  readonly urlVariable: string | null;
  /** Codex: variables of its own environment that the process needs. */
  readonly passVariables: readonly string[];
}

export type WrapPlanResult = { readonly ok: true; readonly plan: WrapPlan } | { readonly ok: false; readonly reason: string };

export function planWrap(server: StdioServer | HttpServer, settings: WrapSettings): WrapPlanResult {
  const { launcher, policy, server: name, label, data } = settings;
  const own = [launcher.program, 'run', '--policy', policy, '--server', name, '--label', label, ...(data === null ? [] : ['--data', data])];
  if (server.kind === 'http') return planHttp(server, launcher.node, own);
  const runnable = runnableCommand(server.command, server.args, settings.platform, settings.findProgram);
  if (!runnable.ok) return runnable;
  // The arguments that are there stay where they are; only what comes before them is new.
  const front = runnable.command.slice(0, runnable.command.length - server.args.length);
  return { ok: true, plan: { command: launcher.node, args: [...own, '--', ...front], headerVariables: [], urlVariable: null, passVariables: [] } };
}

function planHttp(server: HttpServer, node: string, own: readonly string[]): WrapPlanResult {
  const options: string[] = [];
  const headerVariables: { from: string; to: string }[] = [];
  for (const [header, value] of Object.entries(server.headers)) {
    if (value === '') return { ok: false, reason: `its header ${header} is empty` };
    const to = variableFor(header, headerVariables.map((each) => each.to));
    headerVariables.push({ from: header, to });
    // Headers that the transport sets by itself (Accept, Content-Type) have no place in `run`; the variable stays unread.
    if (headerProblem(header, '') === null) options.push('--header-env', `${header}=${to}`);
  }
  for (const [header, variable] of Object.entries(server.envHeaders)) options.push('--header-env', `${header}=${variable}`);
  if (server.bearerVariable !== null) options.push('--bearer-env', server.bearerVariable);
  const urlVariable = urlHoldsSecret(server.url) ? 'POLICYLAYER_UPSTREAM' : null;
  options.push(...(urlVariable === null ? ['--upstream', server.url] : ['--upstream-env', urlVariable]));
  const passVariables = [...Object.values(server.envHeaders), ...(server.bearerVariable === null ? [] : [server.bearerVariable])];
  return { ok: true, plan: { command: node, args: [...own, ...options], headerVariables, urlVariable, passVariables: [...new Set(passVariables)] } };
}

/** Secrets stand on no command line: every user of a machine can list those. */
function variableFor(header: string, taken: readonly string[]): string {
  const name = `POLICYLAYER_HEADER_${header.toUpperCase().replace(/[^A-Z0-9]/g, '_')}`;
  for (let number = 1; ; number += 1) {
    const candidate = number === 1 ? name : `${name}_${number}`;
    if (!taken.includes(candidate)) return candidate;
  }
}
