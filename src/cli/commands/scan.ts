import { parseDuration } from '../duration.ts';
import type { ServerIdentity } from '../scan/list-tools.ts';
import { scanJson, scanLines, type ScanReport } from '../scan/render.ts';
import { ScanFailure } from '../scan/scan-failure.ts';
import { chooseSource, readSource, type SourceOptions } from '../scan/source.ts';
import { starterPolicy } from '../scan/starter-policy.ts';
import { summarise } from '../scan/tool-summary.ts';
import { styleFor, widthOf } from '../terminal.ts';
import { UsageError } from '../usage-error.ts';
import { writeNewFile } from '../write-new-file.ts';
import type { JsonNode } from '../../wire/json-node.ts';

export interface ScanOptions extends SourceOptions {
  readonly policyOut?: string;
  readonly force?: boolean;
  readonly timeout: string;
  readonly json?: boolean;
}

/** `policylayer scan`: what a server's tools are and what they cost. @returns the exit status @throws UsageError */
export async function scan(command: readonly string[], options: ScanOptions): Promise<number> {
  const timeoutMs = parseDuration(options.timeout, '--timeout');
  const source = chooseSource('scan', command, options);
  if (source === null) throw new UsageError('scan needs a server', 'end with -- COMMAND, or add --upstream URL or --definitions FILE');
  try {
    const { server, tools, origin } = await readSource(source, timeoutMs, options);
    const report = toReport(server, tools);
    if (options.policyOut !== undefined) writeNewFile(options.policyOut, starterPolicy(report.tools, origin), options.force === true);
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

function toReport(server: ServerIdentity | null, definitions: readonly JsonNode[]): ScanReport {
  const tools = definitions.map((definition) => summarise(definition)).filter((tool) => tool !== null);
  return { server, tools, unnamed: definitions.length - tools.length };
}
