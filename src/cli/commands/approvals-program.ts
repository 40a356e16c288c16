import { Command } from 'commander';
import type { ApprovalsOptions, DecideOptions, LinkOptions, ListOptions } from './approvals.ts';
import type { WatchOptions } from './approvals-watch.ts';

/**
 * `policylayer approvals` with its subcommands; their code is loaded when one is called.
 * @param done told the exit status
 */
export function approvalsProgram(done: (status: number) => void): Command {
  const program = new Command('approvals').summary('see and decide calls that wait for approval').description('Lists calls that wait for approval, and decides them.');
  const sub = (name: string, summary: string): Command => program.command(name).summary(summary).description(`${summary[0]?.toUpperCase() ?? ''}${summary.slice(1)}.`);
  const common = (command: Command): Command => command
    .option('-c, --config <file>', 'configuration of the gateway')
    .option('--data <dir>', 'data directory of the gateway')
    .option('--json', 'print JSON, one object per line');
  const load = () => import('./approvals.ts');

  common(sub('list', 'list the calls that wait'))
    .option('--all', 'decided and expired ones as well')
    .option('--status <list>', 'pending, approved, denied, expired, used; several with commas')
    .option('--server <name>', 'of this server only')
    .option('--grant <label>', 'of this grant only')
    .option('--limit <count>', 'how many, the newest (default: 100)')
    .action(async (options: ListOptions) => done(await (await load()).list(options)));

  common(sub('show', 'show one request with its exact arguments'))
    .argument('<id>', 'id of the request, or its beginning')
    .action(async (id: string, options: ApprovalsOptions) => done(await (await load()).show(id, options)));

  for (const decision of ['approve', 'deny'] as const) {
    const command = common(sub(decision, decision === 'approve' ? 'let a call through, once' : 'refuse a call'))
      .argument('<id...>', 'ids of requests, or their beginnings')
      .option('--as <name>', 'who decides (default: the user of this system)')
      .option('--comment <text>', 'why; the agent may see it');
    if (decision === 'approve') command.option('--force', 'also what was built so that it cannot be shown whole');
    command.action(async (ids: string[], options: DecideOptions) => done(await (await load()).decide(decision, ids, options)));
  }

  common(sub('watch', 'follow new requests, and answer them in a terminal'))
    .option('--as <name>', 'who decides (default: the user of this system)')
    .option('--server <name>', 'of this server only')
    .option('--grant <label>', 'of this grant only')
    .action(async (options: WatchOptions) => {
      const [{ watch }, { endOnSignal }] = await Promise.all([import('./approvals-watch.ts'), import('../signals.ts')]);
      done(await watch(options, { stdin: process.stdin, stdout: process.stdout, signal: endOnSignal(() => undefined) }));
    });

  common(sub('link', 'make a link with which somebody decides once'))
    .argument('<id>', 'id of the request, or its beginning')
    .option('--for <name>', 'in whose name it decides (default: the user of this system)')
    .action(async (id: string, options: LinkOptions) => done(await (await load()).link(id, options)));

  return program;
}
