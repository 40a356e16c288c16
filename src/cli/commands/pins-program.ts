import { Command } from 'commander';
import type { AcceptOptions, ForgetOptions, ListOptions, ShowOptions } from './pins.ts';

/**
 * `policylayer pins` with its subcommands; their code is loaded when one is called.
 * @param done told the exit status
 */
export function pinsProgram(done: (status: number) => void): Command {
  const program = new Command('pins').summary('see and accept tools whose definition changed').description('Lists the pinned definitions of tools, shows what changed, and accepts it.');
  const sub = (name: string, summary: string): Command => program.command(name).summary(summary).description(`${summary[0]?.toUpperCase() ?? ''}${summary.slice(1)}.`);
  const common = (command: Command): Command => command
    .option('-c, --config <file>', 'configuration of the gateway')
    .option('--data <dir>', 'data directory of the gateway')
    .option('--json', 'print JSON, one object per line');
  const load = () => import('./pins.ts');

  common(sub('list', 'list the tools that are pinned'))
    .option('--held', 'only those that are held back')
    .option('--server <name>', 'of this server only')
    .option('--limit <count>', 'how many (default: 1000)')
    .action(async (options: ListOptions) => done(await (await load()).list(options)));

  common(sub('show', 'show what changed in a definition, part by part'))
    .argument('<server>', 'name of the server')
    .argument('<tool>', 'name of the tool')
    .option('--hash <hash>', 'this definition instead of the latest; its first 12 digits are enough')
    .action(async (server: string, tool: string, options: ShowOptions) => done(await (await load()).show(server, tool, options)));

  common(sub('accept', 'let a held definition pass from now on'))
    .argument('<server>', 'name of the server')
    .argument('[tool]', 'name of the tool')
    .option('--all', 'every tool of the server that is held')
    .option('--hash <hash>', 'only if it is this definition; its first 12 digits are enough')
    .option('--also', 'beside what is pinned: a server that shows callers different definitions')
    .option('--as <name>', 'who accepts (default: the user of this system)')
    .action(async (server: string, tool: string | undefined, options: AcceptOptions) => done(await (await load()).accept(server, tool, options)));

  common(sub('forget', 'remove pins: what is listed next is pinned anew'))
    .argument('<server>', 'name of the server')
    .argument('[tool]', 'name of the tool')
    .option('--all', 'every tool of the server')
    .option('--as <name>', 'who decides (default: the user of this system)')
    .action(async (server: string, tool: string | undefined, options: ForgetOptions) => done(await (await load()).forget(server, tool, options)));

  return program;
}
