import { starterPolicy } from '../../catalogue/starter/index.ts';
import { parseDuration } from '../duration.ts';
import { type RecordedItem, readRecorded } from '../scan/definitions.ts';
import { findKnownServer, withoutVersion } from '../scan/known-definitions.ts';
import type { ToolListing } from '../../gateway/scan/list-tools.ts';
import { scanLines, type SortOrder } from '../scan/render.ts';
import { scanReport, type ScanReport } from '../scan/report.ts';
import { failureJson, scanJson } from '../scan/scan-json.ts';
import { ScanFailure } from '../../gateway/scan/scan-failure.ts';
import { namesOfCommand, packageOf } from '../scan/server-names.ts';
import { chooseSource, readSource, type Source, type SourceOptions } from '../scan/source.ts';
import { starterTools } from '../../gateway/scan/starter-tools.ts';
import { isNamed, summarise } from '../../gateway/scan/tool-summary.ts';
import { styleFor } from '../terminal.ts';
import { UsageError } from '../usage-error.ts';
import { writeNewFile } from '../write-new-file.ts';

export interface ScanOptions extends SourceOptions {
  readonly server?: string;
  readonly trustAnnotations?: boolean;
  readonly sort?: SortOrder;
  readonly policyOut?: string;
  readonly force?: boolean;
  readonly timeout: string;
  readonly json?: boolean;
}

/** Of a scan that failed half-way, more than this tells nobody more. */
const MOST_PARTIAL = 40;
const WIDEST = 200;

/** `policylayer scan`: what a server's tools can do, what they cost, and a policy to begin with. @returns the exit status @throws UsageError */
export async function scan(command: readonly string[], options: ScanOptions): Promise<number> {
  const timeoutMs = parseDuration(options.timeout, '--timeout');
  const source = chooseSource('scan', command, options);
  if (source === null) throw new UsageError('scan needs a server', 'end with -- COMMAND, or add --upstream URL or --definitions FILE');
  try {
    const { report, origin } = await read(source, timeoutMs, options);
    const named = report.tools.filter(isNamed);
    if (options.policyOut !== undefined) {
      writeNewFile(options.policyOut, starterPolicy(starterTools(named), { origin, name: options.server ?? report.server?.name ?? origin }), options.force === true);
    }
    process.stdout.write(options.json === true ? `${JSON.stringify(scanJson(report))}\n` : text(report, options));
    if (options.policyOut !== undefined && options.json !== true) {
      process.stdout.write(`\nWrote ${options.policyOut}: read it, and change what you know better.\nThen: policylayer check ${options.policyOut}\n`);
    }
    const [broken] = report.unreadable;
    if (broken === undefined) return 0;
    process.stderr.write(`policylayer: ${origin}:${broken.line}: ${broken.message}${report.unreadable.length > 1 ? ` (and ${report.unreadable.length - 1} more lines)` : ''}\n`);
    return 1;
  } catch (error) {
    if (!(error instanceof ScanFailure)) throw error;
    const partial = error.partial === null || error.partial.tools.length === 0 ? null : reportOf(error.partial, source, options);
    if (options.json === true) process.stdout.write(`${JSON.stringify(failureJson(error, partial))}\n`);
    else {
      if (partial !== null) process.stdout.write(`${text(partial, options, MOST_PARTIAL)}\n`);
      process.stderr.write(`policylayer: scan failed (${error.status}): ${error.message}${partial === null ? '' : '; the tools above are what it listed until then'}\n`);
    }
    return 1;
  }
}

async function read(source: Source, timeoutMs: number, options: ScanOptions): Promise<{ readonly report: ScanReport; readonly origin: string }> {
  if (source.kind === 'file') return { report: reportOfFile(readRecorded(source.path), options), origin: source.path };
  const { server, tools, origin } = await readSource(source, timeoutMs, options);
  return { report: reportOf({ server: server ?? { name: null, version: null, protocol: null }, tools }, source, options), origin };
}

function reportOf(listing: ToolListing, source: Source, options: ScanOptions): ScanReport {
  const own = listing.server.name === null ? [] : [listing.server.name];
  const started = source.kind === 'command' ? packageOf(source.spec.command) : null;
  const server = options.server ?? (started === null ? listing.server.name : withoutVersion(started));
  const tools = listing.tools.map((tool) => summarise(tool, facts(server, options)));
  const names = [...(options.server === undefined ? [] : [options.server]), ...(source.kind === 'command' ? namesOfCommand(source.spec.command) : []), ...own];
  return scanReport(listing.server, tools, [], findKnownServer(names, new Set(tools.map(({ sha256 }) => sha256))));
}

function reportOfFile(items: readonly RecordedItem[], options: ScanOptions): ScanReport {
  const tools = items.map((item) => summarise(item.definition, facts(options.server ?? item.server, options)));
  const unreadable = items.map((item) => item.unreadable).filter((line) => line !== null);
  const known = options.server === undefined ? null : findKnownServer([options.server], new Set(tools.map(({ sha256 }) => sha256)));
  return scanReport(null, tools, unreadable, known);
}

function facts(server: string | null, options: ScanOptions): { readonly server?: string; readonly trusted: boolean } {
  return { ...(server === null ? {} : { server }), trusted: options.trustAnnotations === true };
}

function text(report: ScanReport, options: ScanOptions, most?: number): string {
  const width = process.stdout.isTTY ? Math.max(40, Math.min(process.stdout.columns, WIDEST)) : 80;
  return `${scanLines(report, { width, style: styleFor(process.stdout), sort: options.sort ?? 'risk', ...(most === undefined ? {} : { most }) }).join('\n')}\n`;
}
