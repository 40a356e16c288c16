import { Command } from 'commander';
import type { ApplyOptions } from './apply.ts';
import type { ExportOptions } from './export.ts';

function withApi(command: Command): Command {
  return command
    .option('--url <url>', 'the gateway (default: POLICYLAYER_URL, or the one that runs here)')
    .option('--token-file <file>', 'holds the API token (default: POLICYLAYER_API_TOKEN)')
    .option('--allow-http', 'send the token over plain HTTP to another machine')
    .option('-c, --config <file>', 'configuration of the gateway that runs here')
    .option('--data <dir>', 'data directory of the gateway that runs here');
}

/** `apply`, `diff` and `export`: the registry of a gateway as a file in a repository. */
export function gitopsPrograms(done: (status: number) => void): readonly Command[] {
  const apply = withApi(new Command('apply'))
    .summary("make a gateway's registry as a document says")
    .description('Servers, policies and grants of a document are made and changed, all or none. ${NAME} in it comes from the environment.')
    .argument('<file>', 'the document, YAML or JSON; - reads stdin')
    .option('--prune', 'remove what the document does not name')
    .option('--dry-run', 'only say what would change')
    .option('--json', 'print JSON')
    .action(async (file: string, options: Omit<ApplyOptions, 'file'>) => done(await (await import('./apply.ts')).apply({ ...options, file })));
  const diff = withApi(new Command('diff'))
    .summary('what `apply` would change')
    .description('Compares a document with the registry of a gateway. Status 0: no difference, 1: some, 2: it cannot be said.')
    .argument('<file>', 'the document, YAML or JSON; - reads stdin')
    .option('--prune', 'what the document does not name counts as removed')
    .option('--json', 'print JSON')
    .action(async (file: string, options: Omit<ApplyOptions, 'file'>) => done(await (await import('./apply.ts')).diff({ ...options, file })));
  const exported = withApi(new Command('export'))
    .summary("a gateway's registry as a document for `apply`")
    .description('Prints everything that the registry owns, without secrets.')
    .option('--out <file>', 'write it there')
    .option('--force', 'replace an existing file')
    .option('--json', 'print JSON')
    .action(async (options: ExportOptions) => done(await (await import('./export.ts')).exportRegistry(options)));
  return [apply, diff, exported];
}
