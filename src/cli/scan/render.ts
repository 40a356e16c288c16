import { printable } from '../../policy/printable.ts';
import { formatBytes, table, type Style } from '../terminal.ts';
import type { ServerIdentity } from './list-tools.ts';
import { BYTES_PER_TOKEN, type ToolSummary } from './tool-summary.ts';

/** A whole scan. `server` is null when recorded definitions were read. */
export interface ScanReport {
  readonly server: ServerIdentity | null;
  readonly tools: readonly ToolSummary[];
  /** Items of the list that have no name. */
  readonly unnamed: number;
}

/** The report as `--json` prints it: one object, tools in the order of the input. */
export function scanJson(report: ScanReport): object {
  return {
    server: report.server,
    tools: report.tools.map(({ name, title, description, parameters, required, bytes, sha256, hints }) => ({ name, title, description, parameters, required, bytes, sha256, hints })),
    totalBytes: total(report.tools),
    approximateTokens: tokens(total(report.tools)),
    unnamed: report.unnamed,
  };
}

/** The report for people, as lines. Everything a server wrote is made safe to print. */
export function scanLines(report: ScanReport, width: number, style: Style): string[] {
  const lines: string[] = [];
  if (report.server !== null) {
    const { name, version, protocol } = report.server;
    lines.push(`${style.bold(printable(name ?? 'server without a name', 80))} ${printable(version ?? '', 40)}  ${style.dim(`protocol ${printable(protocol ?? 'unknown', 20)}`)}`, '');
  }
  if (report.tools.length === 0) return [...lines, 'The server lists no tools.'];
  const rows = report.tools.map((tool) => [printable(tool.name, 64), formatBytes(tool.bytes), String(tool.parameters.length), String(tool.required.length), parameters(tool)]);
  const [heading, ...body] = table([['TOOL', 'SIZE', 'PARAMS', 'REQUIRED', '(* = required)'], ...rows], ['left', 'right', 'right', 'right', 'left'], width);
  const bytes = total(report.tools);
  lines.push(style.dim(heading ?? ''), ...body, '');
  lines.push(`${count(report.tools.length, 'tool')}, ${formatBytes(bytes)} of definitions: about ${tokens(bytes).toLocaleString('en-US')} tokens of the model's context.`);
  if (report.unnamed > 0) lines.push(style.yellow(`${count(report.unnamed, 'entry', 'entries')} of the list without a name: no rule can name it, no client can call it.`));
  const repeated = duplicates(report.tools);
  if (repeated.length > 0) lines.push(style.yellow(`listed more than once: ${repeated.map((name) => printable(name, 64)).join(', ')}`));
  return lines;
}

function parameters(tool: ToolSummary): string {
  return tool.parameters.map((parameter) => `${printable(parameter.name, 40)}${parameter.required ? '*' : ''}`).join(' ');
}

function duplicates(tools: readonly ToolSummary[]): string[] {
  const seen = new Set<string>();
  return [...new Set(tools.map((tool) => tool.name).filter((name) => seen.size === seen.add(name).size))];
}

function total(tools: readonly ToolSummary[]): number {
  return tools.reduce((sum, tool) => sum + tool.bytes, 0);
}

function tokens(bytes: number): number {
  return Math.round(bytes / BYTES_PER_TOKEN);
}

function count(number: number, one: string, many = `${one}s`): string {
  return `${number.toLocaleString('en-US')} ${number === 1 ? one : many}`;
}
