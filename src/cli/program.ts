import { Command, CommanderError } from 'commander';
import type { DoctorOptions } from './commands/doctor.ts';
import type { LogsArguments } from './commands/logs.ts';
import type { ScanOptions } from './commands/scan.ts';
import type { ServeOptions } from './commands/serve.ts';
import type { StatusOptions } from './commands/status.ts';
import { RUN_HELP } from './run-options.ts';
import { UsageError, printUsageError, systemError } from './usage-error.ts';
import { version } from './package-root.ts';

import { TEST_EXAMPLE } from './author/examples.ts';

type LogsFlags = Partial<Pick<LogsArguments, 'follow' | 'json' | 'server' | 'grant' | 'name' | 'outcome' | 'code' | 'since' | 'limit'>> & { readonly config?: string; readonly data?: string };

const collect = (value: string, before: string[] | undefined): string[] => [...(before ?? []), value];

/**
 * The command line without `run`, which bin.ts starts by itself. Each command's code is loaded when it is called.
 * @param argv as in `process.argv`
 * @returns the exit status: 0 done, 1 the check failed, 2 usage or configuration
 */
export async function main(argv: readonly string[]): Promise<number> {
  let status = 0;
  const program = build((value) => (status = value));
  try {
    await program.parseAsync([...argv]);
    return status;
  } catch (error) {
    const usage = error instanceof UsageError ? error : systemError(error);
    if (usage !== null) {
      printUsageError(usage);
      return 2;
    }
    // Commander has printed its message; help and version end this way too, with 0.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    throw error;
  }
}

function build(done: (status: number) => void): Command {
  const program = new Command('policylayer')
    .description('Enforces a policy between AI agents and MCP servers: one rule per tool, on every call.')
    .version(version(), '-V, --version', 'show the version')
    .helpOption('-h, --help', 'show help')
    .helpCommand('help [command]', 'show help of a command')
    .configureHelp({ helpWidth: 80, subcommandTerm: (command) => command.name() })
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, 'policylayer: ').replace(/\n\(Did you mean (.*)\?\)/, '\n  help: did you mean $1?')) })
    .showSuggestionAfterError(true)
    .enablePositionalOptions()
    .exitOverride()
    .addHelpText('after', '\nTry it:  policylayer serve --demo\nDocs:    docs/configuration.md, SECURITY.md\n');

  program
    .command('run')
    .summary('wrap one server for one client, on stdin and stdout')
    .description(RUN_HELP)
    .configureHelp({ formatHelp: () => RUN_HELP });

  program
    .command('serve')
    .summary('gateway for many servers and agents, over HTTP')
    .description('Starts the gateway. Clients connect to http://HOST:PORT/mcp/SERVER with a grant token.')
    .option('-c, --config <file>', 'configuration (default: ./gateway.yaml)')
    .option('--demo', 'a bundled server, policy and grant, to try it')
    .option('--listen <address>', 'host:port, instead of the configured one')
    .option('--data <dir>', 'where limits, journal and tokens are kept')
    .option('--insecure-listen', 'allow an address that other machines can reach')
    .option('--json', 'one line of JSON instead of the greeting')
    .action(async (options: ServeOptions) => done(await (await import('./commands/serve.ts')).serve(options)));

  program
    .command('scan')
    .summary("list a server's tools, their parameters and their size")
    .description('Lists the tools of a server. The server is started, asked, and ended; no tool is called.')
    .usage('[options] -- COMMAND [ARGUMENTS...]')
    .argument('[command...]', 'command of the server')
    .option('--upstream <url>', 'an HTTP server instead of a command')
    .option('--definitions <file>', 'recorded definitions: a tools/list result, or one per line')
    .option("--header <k:v>", 'header for the upstream; visible in process lists', collect)
    .option('--header-env <k=var>', 'header whose value is in an environment variable', collect)
    .option('--policy-out <file>', 'write a policy that names every tool')
    .option('--force', 'replace an existing file')
    .option('--timeout <time>', 'how long each answer may take', '30s')
    .option('--verbose', 'show what the server writes to stderr')
    .option('--json', 'print JSON')
    .passThroughOptions()
    .action(async (command: string[], options: ScanOptions) => done(await (await import('./commands/scan.ts')).scan(command, options)));

  program
    .command('check')
    .summary('look for mistakes in policies')
    .description('Reports every error and every probable mistake of policy files. Starts nothing.')
    .argument('<file...>', 'policy files')
    .option('--json', 'print JSON')
    .action(async (files: string[], options: { json?: boolean }) => {
      const { check } = await import('./commands/check.ts');
      done(await check({ files, json: options.json === true, stdout: process.stdout, stderr: process.stderr }));
    });

  program
    .command('test')
    .summary('run test cases against policies')
    .description('Judges every case of test files as the gateway would, with limits, budgets and the time that the case says. Status: 0 all passed, 1 a case failed, 2 a file is broken.')
    .argument('<path...>', 'test files, or directories with *.test.yaml')
    .option('--filter <text>', 'only cases with this text in their name')
    .option('--json', 'print JSON')
    .addHelpText('after', TEST_EXAMPLE)
    .action(async (paths: string[], options: { filter?: string; json?: boolean }) => {
      const { test } = await import('./commands/test.ts');
      done(await test({ paths, json: options.json === true, filter: options.filter, stdout: process.stdout }));
    });

  program
    .command('logs')
    .summary('read the journal: who called what, and what came of it')
    .description('Prints the journal. Rows of several filters must match all of them.')
    .option('-f, --follow', 'go on with new rows until Ctrl-C')
    .option('--since <time>', '30s, 10m, 2h, 1d, or a date and time in ISO 8601')
    .option('--limit <rows>', 'how many rows, the newest (default: 50)')
    .option('--server <name>', 'of this server only')
    .option('--grant <label>', 'of this grant only')
    .option('--name <name>', 'of this tool, prompt or resource only')
    .option('--outcome <list>', 'ok, tool_error, refused, rejected, ...; several with commas')
    .option('--code <list>', 'denied, rate_limited, ...; several with commas')
    .option('-c, --config <file>', 'configuration of the gateway')
    .option('--data <dir>', 'data directory of the gateway')
    .option('--json', 'one JSON object per line')
    .action(async (options: LogsFlags) => {
      const [{ logs }, { locate }, { endOnSignal }] = await Promise.all([import('./commands/logs.ts'), import('./config/locate.ts'), import('./signals.ts')]);
      const { dataDir } = await locate(options);
      done(await logs({ ...options, data: dataDir, follow: options.follow === true, json: options.json === true, stdout: process.stdout, stderr: process.stderr, signal: endOnSignal(() => undefined) }));
    });

  program
    .command('status')
    .summary('is a gateway running, and what has it done lately')
    .description('Asks the running gateway, and counts the journal of the last hour.')
    .option('-c, --config <file>', 'configuration of the gateway')
    .option('--data <dir>', 'data directory of the gateway')
    .option('--json', 'print JSON')
    .action(async (options: StatusOptions) => done(await (await import('./commands/status.ts')).status(options)));

  program
    .command('doctor')
    .summary('look for what could be wrong on this machine')
    .description('Checks Node, the database, the data directory, configuration, policies, commands and ports.')
    .option('-c, --config <file>', 'configuration to check (default: ./gateway.yaml if there is one)')
    .option('--policy <file>', 'a policy to check; may be repeated', collect)
    .option('--data <dir>', 'data directory to check')
    .option('--json', 'print JSON')
    .action(async (options: DoctorOptions) => done(await (await import('./commands/doctor.ts')).doctor(options)));

  return program;
}
