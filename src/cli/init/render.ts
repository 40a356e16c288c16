import { CATEGORIES, RISKS } from '../../catalogue/index.ts';
import { printable } from '../../policy/printable.ts';
import { type Style, clip } from '../terminal.ts';
import { CLIENT_TITLES } from './clients.ts';
import type { FoundFile, FoundServer } from './discover.ts';
import type { Group } from './groups.ts';
import { maskArguments, maskText } from './masking.ts';
import type { GroupScan } from './scan-server.ts';
import type { ServerSpec } from './server-spec.ts';

export interface Here {
  readonly home: string;
  readonly cwd: string;
}

/** A path as people write it: from the working directory or from the home directory. */
export function shownPath(path: string, { home, cwd }: Here): string {
  const below = (directory: string): boolean => directory.length > 1 && (path.startsWith(`${directory}/`) || path.startsWith(`${directory}\\`));
  if (below(cwd) && cwd !== home) return printable(`.${path.slice(cwd.length)}`, 400);
  return printable(below(home) ? `~${path.slice(home.length)}` : path, 400);
}

/** The command or address of a server, secrets masked. */
export function shownTarget(spec: ServerSpec): string {
  if (spec.kind === 'stdio') return printable([spec.command, ...maskArguments(spec.args)].map(word).join(' '), 500);
  return spec.kind === 'http' ? printable(maskText(spec.url), 300) : '';
}

function word(text: string): string {
  return text === '' || /[\s"'`$\\]/.test(text) ? JSON.stringify(text) : text;
}

/** Every file with its servers. @param numbers what a person types to choose a server */
export function foundLines(files: readonly FoundFile[], numbers: ReadonlyMap<FoundServer, number>, here: Here, width: number, style: Style): string[] {
  return files.flatMap((file) => {
    const { location } = file;
    const heading = `${style.bold(CLIENT_TITLES[location.client])}  ${style.dim(`${shownPath(location.path, here)}${location.scope === 'project' ? ' (project)' : ''}`)}`;
    if (file.problem !== null) return [heading, `   ${style.red('!')}  left alone: ${printable(file.problem, 400)}`, ''];
    if (file.servers.length === 0) return [heading, `      ${style.dim('no servers')}`, ''];
    const nameWidth = Math.min(24, Math.max(...file.servers.map(({ entry }) => [...printable(entry.name, 60)].length)));
    const rows = file.servers.flatMap((server): string[] => {
      const number = numbers.get(server);
      const name = clip(printable(server.entry.name, 60), nameWidth).padEnd(nameWidth);
      const lead = `${number === undefined ? '   -' : String(number).padStart(4)}  ${name}  `;
      const { spec } = server;
      if (spec.kind === 'skip' || spec.kind === 'done') return wrapText(`${spec.kind === 'done' ? 'done: ' : 'skipped: '}${spec.reason}`, width - lead.length).map((line, index) => (index === 0 ? lead : ' '.repeat(lead.length)) + style.dim(line));
      const project = server.entry.path[0] === 'projects' ? `  (project ${shownPath(server.entry.path[1] ?? '', here)})` : '';
      return [`${lead}${clip(`${spec.disabled ? '(disabled) ' : ''}${shownTarget(spec)}${project}`, Math.max(20, width - lead.length))}`];
    });
    return [heading, ...rows, ''];
  });
}

/** What a scan found: how many tools of which class, and those to look at first. */
export function scanLines(group: Group, scan: GroupScan, width: number, style: Style): string[] {
  const name = style.bold(printable(group.name, 60));
  if (!scan.ok) return wrapText(`${printable(group.name, 60)}: not scanned (${scan.status}): ${printable(scan.message, 300)}`, width);
  const counts = CATEGORIES.map((category) => [category, scan.tools.filter((tool) => tool.classification.category === category).length] as const).filter(([, count]) => count > 0);
  const lines = [`${name}  ${scan.tools.length === 1 ? '1 tool' : `${scan.tools.length} tools`}${counts.length === 0 ? '' : `: ${counts.map(([category, count]) => `${count} ${category}`).join(', ')}`}`];
  for (const risk of RISKS.toReversed().slice(0, 2)) {
    const names = scan.tools.filter((tool) => tool.classification.risk === risk).map((tool) => printable(tool.name, 60));
    if (names.length === 0) continue;
    const shown = names.slice(0, 12).join(', ') + (names.length > 12 ? ` and ${names.length - 12} more` : '');
    const label = risk.padEnd(10);
    lines.push(...wrapText(shown, width - 14).map((line, index) => `    ${index === 0 ? (risk === 'critical' ? style.red(label) : style.yellow(label)) : ' '.repeat(10)}${line}`));
  }
  return lines;
}

/** Breaks a text at spaces. */
export function wrapText(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const each of text.split(' ')) {
    if (line !== '' && [...line].length + 1 + [...each].length > Math.max(20, width)) {
      lines.push(line);
      line = each;
    } else line = line === '' ? each : `${line} ${each}`;
  }
  return line === '' ? lines : [...lines, line];
}
