import { Command } from 'commander';
import type { CatalogueBuildOptions } from './catalogue.ts';
import type { InboxListOptions, InboxOptions } from './inbox.ts';

/** `policylayer catalogue` with its subcommands. @param done told the exit status */
export function catalogueProgram(done: (status: number) => void): Command {
  const program = new Command('catalogue').summary('the catalogue of MCP tools as a website').description('The catalogue of MCP tools. A gateway serves it at /catalogue.');
  program
    .command('build')
    .summary('write the catalogue as static files')
    .description('Writes every page with its JSON twin, for any web server. An earlier build in the directory is replaced.')
    .requiredOption('--out <dir>', 'where to write it')
    .option('--base-url <url>', 'where it will be published; for sitemap.xml and canonical addresses')
    .option('--contact <url>', 'where readers can write to, a page or mailto:')
    .option('--servers <dir>', 'records of scanned servers (default: those that come along)')
    .option('--force', 'write among other files')
    .option('--json', 'print JSON')
    .action(async (options: CatalogueBuildOptions) => done(await (await import('./catalogue.ts')).buildCatalogue(options)));
  return program;
}

/** `policylayer inbox` with its subcommands. @param done told the exit status */
export function inboxProgram(done: (status: number) => void): Command {
  const program = new Command('inbox').summary('what readers of the catalogue wrote').description('Messages that came through the contact form of the catalogue.');
  const common = (command: Command): Command => command
    .option('-c, --config <file>', 'configuration of the gateway')
    .option('--data <dir>', 'data directory of the gateway')
    .option('--json', 'print JSON, one object per line');
  const load = () => import('./inbox.ts');
  common(program.command('list').summary('list messages, newest first').description('Lists messages, newest first.'))
    .option('--unread', 'only those that nobody has read')
    .option('--limit <count>', 'how many (default: 100)')
    .action(async (options: InboxListOptions) => done(await (await load()).list(options)));
  common(program.command('show').summary('show one message, and mark it as read').description('Shows one message, and marks it as read.'))
    .argument('<id>', 'number of the message')
    .action(async (id: string, options: InboxOptions) => done(await (await load()).show(id, options)));
  common(program.command('read').summary('mark messages as read').description('Marks messages as read.'))
    .argument('<id...>', 'numbers of messages')
    .action(async (ids: string[], options: InboxOptions) => done(await (await load()).read(ids, options)));
  return program;
}
