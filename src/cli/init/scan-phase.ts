import { printable } from '../../policy/printable.ts';
import { endOnSignal } from '../signals.ts';
import { progressLine } from '../terminal.ts';
import { chooseScan, unseen, type ScanChoice } from './choose-scans.ts';
import type { Group, Member } from './groups.ts';
import type { InitOptions } from './options.ts';
import type { Prompts } from './prompts.ts';
import { scanLines, shownTarget, wrapText } from './render.ts';
import type { InitReport } from './report.ts';
import { scanServer, type GroupScan, type ScanContext } from './scan-server.ts';

export interface ScanPhase {
  readonly options: InitOptions;
  readonly report: InitReport;
  readonly context: ScanContext;
  /** Null where nobody is asked. */
  readonly prompts: Prompts | null;
  readonly interrupted: AbortController;
}

export interface Scanned {
  /** The servers that are to be wrapped, seen or unseen. */
  readonly wrapped: readonly Group[];
  readonly scans: ReadonlyMap<Group, GroupScan>;
  /** The others, and why. */
  readonly left: ReadonlyMap<Group, string>;
}

type Start = { readonly group: Group } & Omit<Extract<ScanChoice, { kind: 'scan' }>, 'kind'>;

const SIGN_IN = 'the client signs in to it by itself (OAuth), which cannot pass through another program';

/** Says what is to be started, asks, starts one server after the other, and decides what becomes of those that cannot be scanned. */
export async function scanPhase(groups: readonly Group[], phase: ScanPhase): Promise<Scanned> {
  const choices = new Map<Group, ScanChoice>(groups.map((group) => [group, chooseScan(group, phase.options, phase.context, phase.prompts !== null)]));
  const starts = [...choices].flatMap(([group, choice]): Start[] => (choice.kind === 'scan' ? [{ group, member: choice.member, upstream: choice.upstream }] : []));
  const scans = new Map<Group, GroupScan>();
  if (starts.length > 0) {
    if (await mayStart(starts, phase)) await scanAll(starts, scans, phase);
    else for (const { group } of starts) choices.set(group, unseen(group, 'you chose not to start it'));
  }
  if (phase.interrupted.signal.aborted) return { wrapped: [], scans, left: new Map() };
  await decideFailed(scans, choices, phase);

  const left = new Map<Group, string>();
  for (const [group, choice] of choices) {
    if (choice.kind !== 'leave') continue;
    left.set(group, choice.reason);
    phase.report.say(...wrapText(`${printable(group.name, 60)}: left alone: ${printable(choice.reason, 400)}`, phase.report.width));
    if (choice.problem) phase.report.problem(`${group.name}: ${choice.reason}`);
  }
  return { wrapped: groups.filter((group) => !left.has(group)), scans, left };
}

async function mayStart(starts: readonly Start[], { report, prompts }: ScanPhase): Promise<boolean> {
  const rows = starts.map(({ group: { name }, member }) => `  ${printable(name, 40)}: ${shownTarget(member.spec)}${member.file.location.scope === 'project' ? `  (named by a file of this project${variablesOf(member)})` : ''}`);
  const heading = prompts === null ? 'Each of these is started once now, as its client does, to list its tools, and ended. No tool is called:' : 'To list their tools, each of these is started once, as its client does, and ended. No tool is called:';
  report.say('', ...wrapText(heading, report.width), ...rows);
  if (prompts === null) report.say('');
  return prompts === null || prompts.confirm('Start them?');
}

/** A harmless command with the right variables runs any code, so whoever is asked sees which ones a project sets. */
function variablesOf({ spec }: Member): string {
  const names = spec.kind === 'stdio' ? Object.keys(spec.env) : [];
  return names.length === 0 ? '' : `, which sets ${names.map((name) => printable(name, 40)).join(', ')}`;
}

async function scanAll(starts: readonly Start[], scans: Map<Group, GroupScan>, { options, report, interrupted }: ScanPhase): Promise<void> {
  const signal = AbortSignal.any([interrupted.signal, endOnSignal(() => interrupted.abort())]);
  for (const { group, upstream } of starts) {
    if (signal.aborted) return;
    const progress = progressLine();
    progress.show(`${printable(group.name, 40)}: asking for its tools`);
    const scan = await scanServer(upstream, group.name, { timeoutMs: options.timeoutMs, progress: (tools) => progress.show(`${printable(group.name, 40)}: ${tools} tools`), signal });
    progress.clear();
    if (signal.aborted) return;
    scans.set(group, scan);
    report.say(...scanLines(group, scan, report.width, report.style));
  }
}

/** A server that could not be scanned is wrapped only if somebody says so: behind a policy that denies everything, its agent has no tools. */
async function decideFailed(scans: ReadonlyMap<Group, GroupScan>, choices: Map<Group, ScanChoice>, { prompts }: ScanPhase): Promise<void> {
  const failed = [...scans].flatMap(([group, scan]) => (scan.ok ? [] : [{ group, scan }]));
  for (const { group, scan } of failed) if (scan.signIn) choices.set(group, { kind: 'leave', reason: SIGN_IN, problem: false });
  const broken = failed.filter(({ scan }) => !scan.signIn);
  if (broken.length === 0) return;
  const anyway = prompts !== null && (await prompts.confirm(broken.length === 1 ? 'Wrap it all the same, denied until you edit its policy?' : `Wrap these ${broken.length} all the same, denied until you edit the policies?`));
  for (const { group, scan } of broken) {
    const reason = `it could not be scanned (${scan.status})`;
    choices.set(group, anyway ? { kind: 'unseen', reason } : { kind: 'leave', reason: `${reason}; repair it, or use --no-scan to wrap it unseen`, problem: true });
  }
}
