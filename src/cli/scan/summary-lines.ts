import { CATEGORIES, RISKS } from '../../catalogue/index.ts';
import { printable } from '../../policy/printable.ts';
import { formatBytes, type Style } from '../terminal.ts';
import { wrapped } from './display-width.ts';
import type { ScanReport } from './report.ts';
import { byRisk, nameOf, QUIET_FINDINGS } from './table-lines.ts';
import type { ToolSummary } from '../../gateway/scan/tool-summary.ts';

const MOST_NAMES = 20;

/** Counts by class, the context cost, and what is odd about the list. */
export function summaryLines(report: ScanReport, width: number, style: Style): string[] {
  const total = `${count(report.tools.length, 'tool')}:`;
  const classes = CATEGORIES.filter((category) => report.categories[category] > 0).map((category) => `${report.categories[category]} ${category}`);
  const risks = RISKS.toReversed().filter((risk) => report.risks[risk] > 0).map((risk) => byRisk(style, risk, `${report.risks[risk]} ${risk}`));
  const lines = [
    `${total} ${classes.join(', ')}`,
    `${'Risk:'.padEnd(total.length)} ${risks.join(', ')}`,
    `${formatBytes(report.totalBytes)} of definitions: about ${report.approximateTokens.toLocaleString('en-US')} tokens of the model's context.`,
  ];
  if (report.notices.includes('large_list')) lines.push(...warning('large_list: every conversation pays for these definitions; hide the tools that the agent does not need.', width, style));
  if (report.duplicates.length > 0) lines.push(...warning(`duplicate_tools: listed more than once: ${listed(report.duplicates)}`, width, style));
  if (report.lookAlikes.length > 0) lines.push(...warning(`look_alike_tools: easily taken for each other: ${listed(report.lookAlikes.map((pair) => pair.map((name) => printable(name, 64)).join(' and ')), 140)}`, width, style));
  if (report.unnamed > 0) lines.push(...warning(`unnamed_tools: ${count(report.unnamed, 'entry', 'entries')} of the list without a name: no rule can name it, no client can call it.`, width, style));
  for (const { line, message } of report.unreadable.slice(0, MOST_NAMES)) lines.push(...warning(`unreadable_lines: line ${line}: ${message}`, width, style));
  if (report.unreadable.length > MOST_NAMES) lines.push(...warning(`unreadable_lines: ${report.unreadable.length - MOST_NAMES} more`, width, style));
  lines.push(...catalogueLines(report, width));
  return lines;
}

/** What is wrong with definitions, by tool, with the evidence; the findings that most servers have are summed up. */
export function findingLines(tools: readonly ToolSummary[], width: number, style: Style): string[] {
  const lines: string[] = [];
  for (const tool of tools) {
    const { findings, evidence } = tool.classification;
    for (const finding of findings.filter((each) => !QUIET_FINDINGS.includes(each))) {
      const why = evidence.find(({ suggests }) => suggests === finding);
      const where = why === undefined ? '' : ` at ${printable(why.pointer === '' ? '/' : why.pointer, 60)}: "${printable(why.term, 60)}"`;
      lines.push(...indented(`${style.yellow(finding)} in ${nameOf(tool)}${where}`, width));
    }
  }
  for (const finding of QUIET_FINDINGS) {
    const having = tools.filter(({ classification }) => classification.findings.includes(finding));
    if (having.length > 0) lines.push(...indented(`${finding} (${having.length}): ${listed(having.map(nameOf))}`, width));
  }
  return lines.length === 0 ? [] : [style.dim('FINDINGS'), ...lines];
}

function catalogueLines(report: ScanReport, width: number): readonly string[] {
  const { known } = report;
  if (known === null) return [];
  const states = report.tools.flatMap((tool) => (tool.name === null ? [] : [known.compare(tool.name, tool.sha256)]));
  const counted = (['known', 'changed', 'new', 'varies'] as const).map((state) => [state, states.filter((each) => each === state).length] as const);
  const parts = counted.filter(([state, number]) => state === 'known' || number > 0).map(([state, number]) => `${number} ${state}`);
  return wrapped(`Catalogue: ${known.slug} ${printable(known.version, 40)}, seen on ${known.scannedOn}: ${parts.join(', ')}.`.split(' '), width);
}

function warning(text: string, width: number, style: Style): readonly string[] {
  return wrapped(text.split(' '), width).map((line) => style.yellow(line));
}

function indented(text: string, width: number): readonly string[] {
  const [first = '', ...more] = wrapped(text.split(' '), width - 4);
  return [`  ${first}`, ...more.map((line) => `    ${line}`)];
}

function listed(names: readonly string[], most = 64): string {
  const shown = names.slice(0, MOST_NAMES).map((name) => printable(name, most)).join(', ');
  return names.length > MOST_NAMES ? `${shown} and ${names.length - MOST_NAMES} more` : shown;
}

/** `1 tool`, `1,200 tools` */
export function count(number: number, one: string, many = `${one}s`): string {
  return `${number.toLocaleString('en-US')} ${number === 1 ? one : many}`;
}

