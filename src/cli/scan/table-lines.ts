import type { Classification, Finding, Risk } from '../../catalogue/index.ts';
import { printable } from '../../policy/printable.ts';
import { formatBytes, type Style } from '../terminal.ts';
import { displayWidth, padded, wrapped } from './display-width.ts';
import { knownAs, type ScanReport } from './report.ts';
import type { ToolSummary } from '../../gateway/scan/tool-summary.ts';

const LONGEST_NAME = 80;
/** Room for the longest signal or finding, also beside long names. */
const MOST_SIGNALS = 20;
const HEADING = 'SIGNALS, FINDINGS';
const WIDE = 100;

/** Common, and harmless by themselves: they lower the confidence. */
export const QUIET_FINDINGS: readonly Finding[] = ['no_description', 'missing_schema'];

interface Column {
  readonly heading: string;
  readonly alignment: 'left' | 'right';
  readonly cell: (tool: ToolSummary) => string;
}

/**
 * One tool per row: its class, then signals and findings, wrapped in the last column. A name is never cut to make room: one that is
 * longer than its column stands on a line of its own.
 * @param width columns of the terminal
 */
export function tableLines(report: ScanReport, tools: readonly ToolSummary[], width: number, style: Style): string[] {
  const columns = columnsFor(report, width);
  const widths = columns.map(({ heading, cell }) => tools.reduce((most, tool) => Math.max(most, displayWidth(cell(tool))), heading.length));
  const fixed = widths.reduce((sum, each) => sum + each + 2, 0);
  const names = tools.map(nameOf);
  const said = tools.map((tool) => [...(width >= WIDE ? [] : catalogueRemark(report, tool)), ...remarks(tool.classification)]);
  const least = Math.min(MOST_SIGNALS, said.flat().reduce((most, word) => Math.max(most, word.length), 'SIGNALS'.length));
  const nameWidth = Math.max(4, Math.min(names.reduce((most, name) => Math.max(most, displayWidth(name)), 4), width - fixed - 2 - least));
  const rest = Math.max(10, width - fixed - nameWidth - 2);
  const indent = ' '.repeat(nameWidth + fixed + 2);
  const lines = [style.dim([padded('TOOL', nameWidth), ...columns.map(({ heading, alignment }, index) => padded(heading, widths[index] ?? 0, alignment)), rest < HEADING.length ? 'SIGNALS' : HEADING].join('  ').trimEnd())];
  for (const [at, tool] of tools.entries()) {
    const name = names[at] ?? '';
    const own = displayWidth(name) > nameWidth;
    if (own) lines.push(name);
    const cells = columns.map(({ heading, alignment, cell }, index) => {
      const text = padded(cell(tool), widths[index] ?? 0, alignment);
      return heading === 'RISK' ? byRisk(style, tool.classification.risk, text) : text;
    });
    const [first = '', ...more] = wrapped(said[at] ?? [], rest);
    const remark = first === '' ? '' : colouredRemarks(first, tool.classification, style);
    lines.push([padded(own ? '' : name, nameWidth), ...cells, remark].join('  ').trimEnd());
    for (const line of more) lines.push(indent + colouredRemarks(line, tool.classification, style));
  }
  return lines;
}

/** A colour for a risk class; nothing where the terminal shows none. */
export function byRisk(style: Style, risk: Risk, text: string): string {
  switch (risk) {
    case 'critical':
      return style.bold(style.red(text));
    case 'high':
      return style.red(text);
    case 'medium':
      return style.yellow(text);
    case 'low':
      return style.green(text);
  }
}

export function nameOf(tool: ToolSummary): string {
  return tool.name === null ? '(no name)' : tool.name === '' ? '(empty name)' : printable(tool.name, LONGEST_NAME);
}

function columnsFor(report: ScanReport, width: number): readonly Column[] {
  const always: readonly Column[] = [
    { heading: 'CATEGORY', alignment: 'left', cell: ({ classification }) => classification.category },
    { heading: 'RISK', alignment: 'left', cell: ({ classification }) => classification.risk },
    { heading: width >= WIDE ? 'CONFIDENCE' : 'CONF.', alignment: 'left', cell: ({ classification }) => classification.confidence },
  ];
  const known: readonly Column[] = report.known === null ? [] : [{ heading: 'CATALOGUE', alignment: 'left', cell: (tool) => knownAs(report, tool) ?? '' }];
  const wide: readonly Column[] = [
    { heading: 'SIZE', alignment: 'right', cell: ({ bytes }) => formatBytes(bytes) },
    { heading: 'REQUIRED', alignment: 'right', cell: ({ parameters, required }) => (parameters.length === 0 ? '-' : `${required.length} of ${parameters.length}`) },
  ];
  return width >= WIDE ? [...always, ...known, ...wide] : always;
}

/** On a narrow terminal only what is not as the catalogue saw it is said. */
function catalogueRemark(report: ScanReport, tool: ToolSummary): readonly string[] {
  const known = knownAs(report, tool);
  return known === null || known === 'known' ? [] : [`${known}_definition`];
}

/** Findings, those that are alarming with a mark in front, then signals; each one word. */
function remarks({ signals, findings }: Classification): readonly string[] {
  const alarming = findings.filter((finding) => !QUIET_FINDINGS.includes(finding)).map((finding) => `!${finding}`);
  return [...alarming, ...findings.filter((finding) => QUIET_FINDINGS.includes(finding)), ...signals];
}

function colouredRemarks(line: string, { findings }: Classification, style: Style): string {
  return findings.length === 0 ? line : line.replace(/![a-z_]+/g, (finding) => style.yellow(finding));
}
