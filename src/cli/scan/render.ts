import { RISKS, severity } from '../../catalogue/index.ts';
import { printable } from '../../policy/printable.ts';
import type { Style } from '../terminal.ts';
import type { ScanReport } from './report.ts';
import { count, findingLines, summaryLines } from './summary-lines.ts';
import { QUIET_FINDINGS, tableLines } from './table-lines.ts';
import type { ToolSummary } from '../../gateway/scan/tool-summary.ts';

export type SortOrder = 'risk' | 'server' | 'name';

export interface RenderOptions {
  readonly width: number;
  readonly style: Style;
  readonly sort: SortOrder;
  /** Rows of the table at most; the rest is counted. */
  readonly most?: number;
}

/** The report for people, as lines. Everything a server wrote is made safe to print. */
export function scanLines(report: ScanReport, options: RenderOptions): string[] {
  const { width, style } = options;
  const lines = headingLines(report, style);
  if (report.tools.length === 0) return [...lines, 'The server lists no tools.'];
  const tools = sorted(report.tools, options.sort);
  const shown = tools.slice(0, options.most ?? tools.length);
  lines.push(...tableLines(report, shown, width, style));
  if (shown.length < tools.length) lines.push(style.dim(`… and ${count(tools.length - shown.length, 'more tool')}`));
  const findings = findingLines(tools, width, style);
  return [...lines, '', ...(findings.length === 0 ? [] : [...findings, '']), ...summaryLines(report, width, style)];
}

function headingLines(report: ScanReport, style: Style): string[] {
  if (report.server === null) return [];
  const { name, version, protocol } = report.server;
  const parts = [style.bold(printable(name ?? 'server without a name', 80)), printable(version ?? '', 40), style.dim(`protocol ${printable(protocol ?? 'unknown', 20)}`)];
  return [parts.filter((part) => part !== '').join('  '), ''];
}

/** `risk`: the most dangerous first, and in the order of the server where they are equal. */
function sorted(tools: readonly ToolSummary[], order: SortOrder): readonly ToolSummary[] {
  switch (order) {
    case 'server':
      return tools;
    case 'name':
      return tools.toSorted((a, b) => ((a.name ?? '') < (b.name ?? '') ? -1 : (a.name ?? '') > (b.name ?? '') ? 1 : 0));
    case 'risk':
      return tools.toSorted((a, b) => danger(b) - danger(a));
  }
}

/** Tools with a suspicious definition come first among their equals. */
function danger({ classification }: ToolSummary): number {
  return RISKS.indexOf(classification.risk) * 100 + severity(classification.category) * 10 + Math.min(9, classification.findings.filter((finding) => !QUIET_FINDINGS.includes(finding)).length);
}
