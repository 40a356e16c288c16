import { starterPolicy } from '../../catalogue/starter/index.ts';
import { printable } from '../../policy/printable.ts';
import { starterTools } from '../../gateway/scan/starter-tools.ts';
import { UsageError } from '../usage-error.ts';
import { applyPlan } from './apply-plan.ts';
import { chooseScan } from './choose-scans.ts';
import { CLIENT_TITLES } from './clients.ts';
import { unifiedDiff } from './diff.ts';
import { discover, type FoundFile, type FoundServer } from './discover.ts';
import { findWindowsProgram } from './find-program.ts';
import { groupServers, isWrappable, type Group, type Member } from './groups.ts';
import { checkLauncher, findLauncher } from './launcher.ts';
import type { InitOptions } from './options.ts';
import { planFiles, type FilePlan, type PlannedFile } from './plan-files.ts';
import { proposePolicies, type ProposedPolicy } from './policies.ts';
import { parseChoice, Prompts } from './prompts.ts';
import { foundLines, shownPath, wrapText } from './render.ts';
import type { InitReport } from './report.ts';
import { scanPhase } from './scan-phase.ts';
import type { GroupScan, ScanContext } from './scan-server.ts';
import { serverFacts } from './server-facts.ts';

/** `policylayer init` without `--undo`. @returns the exit status @throws UsageError */
export async function runInit(options: InitOptions, report: InitReport): Promise<number> {
  checkLauncher(findLauncher());
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
    const { wrapped, scans, left } = await scanPhase(groups, { options: this.#options, report: this.#report, context: this.#context, prompts: this.#prompts, interrupted: this.#interrupt });
    for (const [group, scan] of scans) this.#scans.set(group, scan);
    for (const [group, reason] of left) this.#left.set(group, reason);
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

  async #propose(groups: readonly Group[]): Promise<ReadonlyMap<Group, ProposedPolicy>> {
    const texts = new Map(groups.map((group) => {
      const scan = this.#scans.get(group);
      const tools = scan?.ok === true ? starterTools(scan.tools) : [];
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
