import { writeFileSync } from 'node:fs';
import { parseDuration } from '../duration.ts';
import { readHeaders, serverName } from '../run-options.ts';
import { readUpstreamUrl } from '../config/http-upstream.ts';
import { readDefinitions } from '../scan/definitions.ts';
import type { ServerIdentity } from '../scan/list-tools.ts';
import { scanJson, scanLines, type ScanReport } from '../scan/render.ts';
import { ScanFailure } from '../scan/scan-failure.ts';
import { scanUpstream, type ScanUpstreamOptions } from '../scan/scan-upstream.ts';
import { starterPolicy } from '../scan/starter-policy.ts';
import { summarise } from '../scan/tool-summary.ts';
import { endOnSignal } from '../signals.ts';
import { progressLine, styleFor, widthOf } from '../terminal.ts';
import { UsageError } from '../usage-error.ts';
import type { JsonNode } from '../../wire/json-node.ts';

export interface ScanOptions {
  readonly upstream?: string;
  readonly definitions?: string;
  readonly header?: readonly string[];
  readonly headerEnv?: readonly string[];
  readonly policyOut?: string;
  readonly force?: boolean;
  readonly timeout: string;
  readonly json?: boolean;
  readonly verbose?: boolean;
}

/** `policylayer scan`: what a server's tools are and what they cost. @returns the exit status @throws UsageError */
export async function scan(command: readonly string[], options: ScanOptions): Promise<number> {
  const timeoutMs = parseDuration(options.timeout, '--timeout');
  const source = chooseSource(command, options);
  try {
    const { server, tools, origin } = source.kind === 'file' ? { server: null, tools: readDefinitions(source.path), origin: source.path } : await scanServer(source, timeoutMs, options);
    const report = toReport(server, tools);
    if (options.policyOut !== undefined) writePolicy(options.policyOut, starterPolicy(report.tools, origin), options.force === true);
    const text = options.json === true ? JSON.stringify(scanJson(report)) : scanLines(report, widthOf(process.stdout), styleFor(process.stdout)).join('\n');
    process.stdout.write(`${text}\n`);
    if (options.policyOut !== undefined && options.json !== true) {
      process.stdout.write(`\nWrote ${options.policyOut}: every tool is denied until you allow it.\nThen: policylayer check ${options.policyOut}\n`);
    }
    return 0;
  } catch (error) {
    if (!(error instanceof ScanFailure)) throw error;
    if (options.json === true) process.stdout.write(`${JSON.stringify({ error: { status: error.status, message: error.message }, server: null, tools: [] })}\n`);
    else process.stderr.write(`policylayer: scan failed (${error.status}): ${error.message}\n`);
    return 1;
  }
}

type Source = { readonly kind: 'file'; readonly path: string } | ScanUpstreamOptions['upstream'];

function chooseSource(command: readonly string[], options: ScanOptions): Source {
  const given = [command.length > 0, options.upstream !== undefined, options.definitions !== undefined].filter(Boolean).length;
  if (given === 0) throw new UsageError('scan needs a server', 'end with -- COMMAND, or add --upstream URL or --definitions FILE');
  if (given > 1) throw new UsageError('scan reads one thing at a time', 'give a command, --upstream or --definitions');
  const headers = [...(options.header ?? []), ...(options.headerEnv ?? [])];
  if (options.upstream === undefined && headers.length > 0) throw new UsageError('a header has an effect with --upstream only');
  if (options.definitions !== undefined) return { kind: 'file', path: options.definitions };
  if (options.upstream !== undefined) {
    const read = readUpstreamUrl(options.upstream);
    if (!read.ok) throw new UsageError(`--upstream ${read.problem}; expected ${read.expected}`, read.help === null ? null : 'use --header-env Authorization=VARIABLE');
    return { kind: 'http', spec: { url: read.url, headers: readHeaders(options.header ?? [], options.headerEnv ?? [], process.env) } };
  }
  const [program = '', ...rest] = command;
  return { kind: 'command', spec: { command: [program, ...rest], env: {}, cwd: null, inheritEnv: true } };
}

async function scanServer(
  upstream: ScanUpstreamOptions['upstream'],
  timeoutMs: number,
  options: ScanOptions,
): Promise<{ server: ServerIdentity; tools: readonly JsonNode[]; origin: string }> {
  const progress = progressLine();
  progress.show(upstream.kind === 'command' ? `starting ${upstream.spec.command.join(' ')}` : `asking ${upstream.spec.url.href}`);
  try {
    const listing = await scanUpstream({
      upstream,
      timeoutMs,
      progress: (tools) => progress.show(`reading tools: ${tools}`),
      stderr: (chunk) => {
        if (options.verbose === true) process.stderr.write(chunk);
      },
      signal: endOnSignal(() => progress.clear()),
    });
    const origin = upstream.kind === 'command' ? (listing.server.name ?? serverName(upstream.spec.command)) : upstream.spec.url.origin + upstream.spec.url.pathname;
    return { ...listing, origin };
  } finally {
    progress.clear();
  }
}

function toReport(server: ServerIdentity | null, definitions: readonly JsonNode[]): ScanReport {
  const tools = definitions.map((definition) => summarise(definition)).filter((tool) => tool !== null);
  return { server, tools, unnamed: definitions.length - tools.length };
}

/** An existing policy is somebody's work, so it is not replaced unless asked. */
function writePolicy(path: string, text: string, force: boolean): void {
  try {
    writeFileSync(path, text, { flag: force ? 'w' : 'wx' });
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'EEXIST') throw new UsageError(`${path} exists`, 'choose another file, or add --force');
    throw new UsageError(`cannot write ${path} (${code ?? 'unknown error'})`);
  }
}
