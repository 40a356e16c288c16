import { Command, CommanderError } from 'commander';
import { RUN_HELP } from './run-options.ts';
import { UsageError, printUsageError } from './usage-error.ts';
import { version } from './version.ts';

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
    if (error instanceof UsageError) {
      printUsageError(error);
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
    .configureHelp({ helpWidth: 80, sortSubcommands: false })
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, 'policylayer: ').replace(/\n\(Did you mean (.*)\?\)/, '\n  help: did you mean $1?')) })
    .showSuggestionAfterError(true)
    .enablePositionalOptions()
    .exitOverride()
    .addHelpText('after', '\nTry it:  policylayer serve --demo\nDocs:    docs/configuration.md, SECURITY.md\n')
    .action(() => {
      program.outputHelp();
      done(2);
    });

  program
    .command('run')
    .summary('wrap one server for one client, on stdin and stdout')
    .description(RUN_HELP)
    .configureHelp({ formatHelp: () => RUN_HELP });

  program
    .command('serve')
    .summary('gateway for many servers and agents, over HTTP')
    .description('Starts the gateway. Clients connect to http://HOST:PORT/mcp/SERVER with a grant token.')
    .option('-c, --config FILE', 'configuration (default: ./gateway.yaml)')
    .option('--demo', 'a bundled server, policy and grant, to try it')
    .option('--listen ADDRESS', 'host:port, instead of the configured one')
    .option('--data DIR', 'where limits, journal and tokens are kept')
    .option('--insecure-listen', 'allow an address that other machines can reach')
    .option('--json', 'one line of JSON instead of the greeting')
    .action(async (options) => done(await (await import('./commands/serve.ts')).serve(options)));

  program
    .command('scan')
    .summary("list a server's tools, their parameters and their size")
    .description('Lists the tools of a server. The server is started, asked, and ended; no tool is called.')
    .usage('[options] -- COMMAND [ARGUMENTS...]')
    .argument('[command...]', 'command of the server')
    .option('--upstream URL', 'an HTTP server instead of a command')
    .option('--definitions FILE', 'recorded definitions: a tools/list result, or one per line')
    .option("--header 'K: V'", 'header for the upstream; visible in process lists', collect)
    .option('--header-env K=VAR', 'header whose value is in an environment variable', collect)
    .option('--policy-out FILE', 'write a policy that names every tool')
    .option('--force', 'replace an existing file')
    .option('--timeout TIME', 'how long each answer may take', '30s')
    .option('--verbose', 'show what the server writes to stderr')
    .option('--json', 'print JSON')
    .passThroughOptions()
    .action(async (command: string[], options) => done(await (await import('./commands/scan.ts')).scan(command, options)));

  program
    .command('status')
    .summary('is a gateway running, and what has it done lately')
    .description('Asks the running gateway, and counts the journal of the last hour.')
    .option('-c, --config FILE', 'configuration of the gateway')
    .option('--data DIR', 'data directory of the gateway')
    .option('--json', 'print JSON')
    .action(async (options) => done(await (await import('./commands/status.ts')).status(options)));

  program
    .command('doctor')
    .summary('look for what could be wrong on this machine')
    .description('Checks Node, the database, the data directory, configuration, policies, commands and ports.')
    .option('-c, --config FILE', 'configuration to check (default: ./gateway.yaml if there is one)')
    .option('--policy FILE', 'a policy to check; may be repeated', collect)
    .option('--data DIR', 'data directory to check')
    .option('--json', 'print JSON')
    .action(async (options) => done(await (await import('./commands/doctor.ts')).doctor(options)));

  return program;
}
