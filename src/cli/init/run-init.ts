import { starterPolicy } from '../../catalogue/starter/index.ts';
import { printable } from '../../policy/printable.ts';
import { endOnSignal } from '../signals.ts';
import { progressLine } from '../terminal.ts';
import { UsageError } from '../usage-error.ts';
import { applyPlan } from './apply-plan.ts';
import { chooseScan, unseen, type ScanChoice } from './choose-scans.ts';
import { CLIENT_TITLES } from './clients.ts';
import { unifiedDiff } from './diff.ts';
import { discover, type FoundFile, type FoundServer } from './discover.ts';
import { findWindowsProgram } from './find-program.ts';
import { groupServers, isWrappable, type Group, type Member } from './groups.ts';
import { findLauncher, launcherWarning } from './launcher.ts';
import type { InitOptions } from './options.ts';
import { planFiles, type FilePlan, type PlannedFile } from './plan-files.ts';
import { proposePolicies, type ProposedPolicy } from './policies.ts';
import { parseChoice, Prompts } from './prompts.ts';
import { foundLines, scanLines, shownPath, shownTarget, wrapText } from './render.ts';
import type { InitReport } from './report.ts';
import { scanServer, type GroupScan, type ScanContext } from './scan-server.ts';
import { serverFacts } from './server-facts.ts';

/** `policylayer init` without `--undo`. @returns the exit status @throws UsageError */
export async function runInit(options: InitOptions, report: InitReport): Promise<number> {
  const files = discover({ surroundings: options, client: options.client, config: options.config });
  if (options.config !== null && files.length === 0) throw new UsageError('--config: there is no such file', 'check the path');
  const all = files.flatMap((file) => file.servers);
  const offered = selectNamed(all, options).filter(isWrappable);
  for (const file of files) if (file.problem !== null) report.problem(`${file.location.path}: ${file.problem}`);
  report.fact('found', files.map(({ location, problem, servers }) => ({ client: location.client, path: location.path, scope: location.scope, problem, servers: servers.length })));

  const numbers = new Map<FoundServer, number>(offered.map((server, index) => [server, index + 1]));
  if (files.length === 0) report.say('No configuration of an MCP client was found.', `Looked for: ${Object.values(CLIENT_TITLES).join(', ')}.`);
  else report.say(...foundLines(files, numbers, options, report.width, report.style));

  const session = new InitSession(options, report, files, all);
  try {
    return await session.run(offered);
  } finally {
    session.close();
  }
}

function selectNamed(servers: readonly FoundServer[], { servers: names }: InitOptions): readonly FoundServer[] {
  if (names.length === 0) return servers;
  const unknown = names.find((name) => !servers.some((server) => server.entry.name === name));
  if (unknown !== undefined) throw new UsageError(`--server: no client has a server of that name: ${printable(unknown, 60)}`, `there ${servers.length === 1 ? 'is' : 'are'} ${[...new Set(servers.map((server) => printable(server.entry.name, 40)))].slice(0, 12).join(', ') || 'none'}`);
  return servers.filter((server) => names.includes(server.entry.name));
}

class InitSession {
  readonly #options: InitOptions;
  readonly #report: InitReport;
  readonly #files: readonly FoundFile[];
  readonly #all: readonly FoundServer[];
  readonly #context: ScanContext;
  readonly #interrupt = new AbortController();
  readonly #prompts: Prompts | null;
  readonly #scans = new Map<Group, GroupScan>();
  readonly #left = new Map<Group, string>();

  constructor(options: InitOptions, report: InitReport, files: readonly FoundFile[], all: readonly FoundServer[]) {
    this.#options = options;
    this.#report = report;
    this.#files = files;
    this.#all = all;
    const { env, home, cwd, platform } = options;
    this.#context = { env, home, cwd, platform, findProgram: (name) => (platform === 'win32' ? findWindowsProgram(name, env) : null) };
    const interactive = !options.yes && !options.dryRun && !options.json && process.stdin.isTTY && process.stdout.isTTY;
    this.#prompts = interactive ? new Prompts(process.stdin, process.stdout, () => this.#interrupt.abort()) : null;
  }

  close(): void {
    this.#prompts?.close();
  }

  async run(offered: readonly Member[]): Promise<number> {
    const { yes, dryRun } = this.#options;
    if (offered.length === 0) return this.#end('Nothing to wrap.', []);
    if (dryRun) return this.#dryRun(offered);
    if (!yes && this.#prompts === null) {
      this.#report.problem('nobody was asked, so nothing was started and nothing was changed');
      return this.#end('Nothing was started and nothing was changed: there is no terminal to ask on. Add --dry-run to see the changes, --no-scan --yes to wrap these servers without starting any, or --yes to start them, list their tools, and wrap them.', []);
    }
    const chosen = await this.#choose(offered);
    if (chosen.length === 0) return this.#end('Nothing was started and nothing was changed.', []);
    const groups = groupServers(chosen);
    const wrapped = await this.#scanAll(groups);
    if (this.#interrupt.signal.aborted) {
      this.#report.problem('interrupted');
      return this.#end('Interrupted. Nothing was changed.', []);
    }
    const proposals = await this.#propose(wrapped);
    const usable = wrapped.filter((group) => proposals.get(group)?.problem === null);
    const plan = this.#plan(usable, proposals);
    this.#tellRefused(plan);
    if (plan.files.length === 0) return this.#end('Nothing was changed.', [], proposals);
    if (!(await this.#confirmPlan(plan, proposals))) return this.#end('Nothing was changed.', [], proposals);
    const groupsInPlan = new Set(plan.files.flatMap((file) => file.members).map((member) => usable.find((group) => group.members.includes(member))));
    const applied = applyPlan(this.#options.dataDir, plan.files, new Map([...proposals].filter(([group]) => groupsInPlan.has(group))), this.#report);
    this.#report.fact('backup', applied.backup);
    this.#tellDone(applied.files, applied.backup);
    return this.#end(null, applied.files, proposals);
  }

  async #choose(offered: readonly Member[]): Promise<readonly Member[]> {
    if (this.#prompts === null) return offered;
    for (;;) {
      const answer = await this.#prompts.ask(`Which of these ${offered.length} should run through PolicyLayer? [all] (1,3-5, none) `);
      if (answer === null) return [];
      const chosen = parseChoice(answer, offered.length);
      if (chosen !== null) return offered.filter((_, index) => chosen.has(index + 1));
      this.#report.say(`Type all, none, or numbers from 1 to ${offered.length}.`);
    }
  }

  /** @returns the servers that are to be wrapped */
  async #scanAll(groups: readonly Group[]): Promise<readonly Group[]> {
    const choices = new Map<Group, ScanChoice>(groups.map((group) => [group, chooseScan(group, this.#options, this.#context, this.#prompts !== null)]));
    const toScan = [...choices].flatMap(([group, choice]) => (choice.kind === 'scan' ? [{ group, upstream: choice.upstream }] : []));
    if (toScan.length > 0 && !(await this.#mayStart(toScan.map(({ group }) => group)))) {
      for (const { group } of toScan) choices.set(group, unseen(group, 'you chose not to start it'));
      toScan.length = 0;
    }
    const signal = toScan.length === 0 ? this.#interrupt.signal : AbortSignal.any([this.#interrupt.signal, endOnSignal(() => this.#interrupt.abort())]);
    const failed: Group[] = [];
    for (const { group, upstream } of toScan) {
      if (signal.aborted) break;
      const progress = progressLine();
      progress.show(`${printable(group.name, 40)}: asking for its tools`);
      const scan = await scanServer(upstream, group.name, { timeoutMs: this.#options.timeoutMs, progress: (tools) => progress.show(`${printable(group.name, 40)}: ${tools} tools`), signal });
      progress.clear();
      this.#scans.set(group, scan);
      this.#report.say(...scanLines(group, scan, this.#report.width, this.#report.style));
      if (scan.ok) continue;
      if (scan.signIn) choices.set(group, { kind: 'leave', reason: 'the client signs in to it by itself (OAuth), which cannot pass through another program', problem: false });
      else failed.push(group);
    }
    if (signal.aborted) return [];
    const anyway = failed.length > 0 && this.#prompts !== null && (await this.#prompts.confirm(`Wrap the ${failed.length} that could not be scanned, denying everything until you edit the policy?`));
    for (const group of failed) {
      const scan = this.#scans.get(group);
      const reason = scan !== undefined && !scan.ok ? `it could not be scanned (${scan.status})` : 'it could not be scanned';
      choices.set(group, anyway ? { kind: 'unseen', reason } : { kind: 'leave', reason: `${reason}; repair it, or use --no-scan to wrap it unseen`, problem: true });
    }
    for (const [group, choice] of choices) {
      if (choice.kind !== 'leave') continue;
      this.#left.set(group, choice.reason);
      this.#report.say(...wrapText(`${printable(group.name, 60)}: left alone: ${printable(choice.reason, 400)}`, this.#report.width));
      if (choice.problem) this.#report.problem(`${group.name}: ${choice.reason}`);
    }
    return groups.filter((group) => choices.get(group)?.kind !== 'leave');
  }

  async #mayStart(groups: readonly Group[]): Promise<boolean> {
    const rows = groups.map((group) => `  ${printable(group.name, 40)}: ${shownTarget(group.members[0].spec)}${group.members[0].file.location.scope === 'project' ? '  (named by a file of this project)' : ''}`);
    this.#report.say(`${this.#prompts === null ? 'Starting' : 'To list their tools,'} each of these ${this.#prompts === null ? 'once, as their clients do, to list its tools' : 'is started once, as its client does, and ended'}. No tool is called:`, ...rows);
    return this.#prompts === null || (await this.#prompts.confirm('Start them?'));
  }

  async #propose(groups: readonly Group[]): Promise<ReadonlyMap<Group, ProposedPolicy>> {
    const texts = new Map(groups.map((group) => {
      const scan = this.#scans.get(group);
      const tools = scan?.ok === true ? scan.tools : [];
      const [{ file }] = group.members;
      const text = starterPolicy(tools, { origin: `${printable(group.name, 60)} (${CLIENT_TITLES[file.location.client]})`, name: printable(group.name, 60) });
      return [group, { text, scanned: scan?.ok === true }] as const;
    }));
    const proposals = await proposePolicies(this.#options.dataDir, groups, texts);
    for (const [group, { problem, path }] of proposals) {
      if (problem === null) continue;
      this.#report.problem(`${group.name}: ${problem}`);
      this.#left.set(group, problem);
      this.#report.say(...wrapText(`${printable(group.name, 60)}: left alone: ${printable(problem, 300)} (${shownPath(path, this.#options)})`, this.#report.width));
    }
    return proposals;
  }

  #plan(groups: readonly Group[], proposals: ReadonlyMap<Group, ProposedPolicy>): FilePlan {
    const launcher = findLauncher();
    const warning = launcherWarning(launcher);
    if (warning !== null) {
      this.#report.problem(warning);
      this.#report.say(`${this.#report.style.yellow('Warning:')} ${warning}`);
    }
    const { dataArgument: data, platform } = this.#options;
    return planFiles(groups, (group, member) => {
      const proposal = proposals.get(group);
      if (proposal === undefined) throw new TypeError('a server without a policy');
      return { launcher, policy: proposal.path, server: proposal.name, label: member.file.location.client, data, platform, findProgram: this.#context.findProgram };
    });
  }

  #tellRefused(plan: FilePlan): void {
    for (const { server, reason } of plan.refused) {
      this.#report.problem(`${server.entry.name}: ${reason}`);
      this.#report.say(...wrapText(`${printable(server.entry.name, 60)}: left alone: ${printable(reason, 400)}`, this.#report.width));
    }
  }

  async #confirmPlan(plan: FilePlan, proposals: ReadonlyMap<Group, ProposedPolicy>): Promise<boolean> {
    this.#report.say('', 'Policies:', ...[...proposals.values()].filter(({ problem }) => problem === null).map(({ path, state }) => `  ${shownPath(path, this.#options)}  (${state === 'kept' ? 'there already, kept as it is' : state})`));
    if (this.#prompts === null) return true;
    this.#report.say('Files to change:', ...plan.files.map(({ file, members }) => `  ${shownPath(file.location.path, this.#options)}  (${members.map((member) => printable(member.entry.name, 40)).join(', ')})`));
    for (;;) {
      const answer = await this.#prompts.ask('Change them? [y/N/d = show the differences] ');
      if (answer === null || !/^d(iff)?$/i.test(answer)) return answer !== null && /^y(es)?$/i.test(answer);
      this.#report.say(...plan.files.map((file) => diffOf(file)));
    }
  }

  async #dryRun(offered: readonly Member[]): Promise<number> {
    const groups = groupServers(offered);
    const choices = groups.map((group) => ({ group, choice: chooseScan(group, this.#options, this.#context, true) }));
    for (const { group, choice } of choices) {
      if (choice.kind !== 'leave') continue;
      this.#left.set(group, choice.reason);
      this.#report.say(...wrapText(`${printable(group.name, 60)}: would be left alone: ${printable(choice.reason, 400)}`, this.#report.width));
    }
    const proposals = await this.#propose(choices.filter(({ choice }) => choice.kind !== 'leave').map(({ group }) => group));
    const plan = this.#plan([...proposals].filter(([, { problem }]) => problem === null).map(([group]) => group), proposals);
    this.#tellRefused(plan);
    const diffs = plan.files.map((file) => diffOf(file));
    this.#report.fact('diff', diffs.join('\n'));
    this.#report.say(...diffs);
    const scanned = choices.filter(({ choice }) => choice.kind === 'scan').length;
    return this.#end(`Dry run: nothing was started and nothing was written.${scanned > 0 ? ` Without --dry-run, ${scanned === 1 ? 'one server is' : `${scanned} servers are`} started first, to list the tools for the policy.` : ''}`, [], proposals, plan.files);
  }

  #tellDone(files: readonly PlannedFile[], backup: string | null): void {
    if (files.length === 0) return;
    const count = files.reduce((sum, file) => sum + file.members.length, 0);
    this.#report.say('', this.#report.style.green(`${count === 1 ? 'One server runs' : `${count} servers run`} through PolicyLayer now.`), ...files.map(({ file, members }) => `  ${shownPath(file.location.path, this.#options)}  (${members.map((member) => printable(member.entry.name, 40)).join(', ')})`));
    if (files.some(({ file }) => file.location.scope === 'project')) this.#report.say(...wrapText('A file of this project holds paths of this machine now; do not commit it.', this.#report.width));
    this.#report.say('', 'Restart the clients. Read the policies and change what does not fit; a running', 'server follows within a second.', `Backup:  ${backup === null ? '-' : shownPath(backup, this.#options)}`, 'Undo:    policylayer init --undo');
  }

  /** Says the last line, and adds what became of each server. */
  #end(line: string | null, changed: readonly PlannedFile[], proposals: ReadonlyMap<Group, ProposedPolicy> = new Map(), planned: readonly PlannedFile[] = []): number {
    if (line !== null) this.#report.say(...wrapText(line, this.#report.width));
    this.#report.fact('policies', [...proposals.values()].map(({ name, path, state, problem }) => ({ name, path, state, problem })));
    this.#report.fact('servers', this.#all.map((server) => serverFacts(server, { scans: this.#scans, left: this.#left, changed, planned, proposals })));
    if (this.#report.failed && this.#files.length > 0) this.#report.say('', `${this.#report.problems.length === 1 ? 'One thing' : `${this.#report.problems.length} things`} could not be done:`, ...this.#report.problems.flatMap((problem) => wrapText(printable(problem, 500), this.#report.width - 4).map((each, index) => `${index === 0 ? '  - ' : '    '}${each}`)));
    return this.#report.failed ? 2 : 0;
  }
}

function diffOf(file: PlannedFile): string {
  return unifiedDiff(file.file.location, file.file.text, file.text, file.edits);
}
