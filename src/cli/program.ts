import { Command, CommanderError, Option } from 'commander';
import { CHECK_EXAMPLE, EXPLAIN_EXAMPLE, IMPORT_EXAMPLE, SCHEMA_EXAMPLE, SIMULATE_EXAMPLE, TEST_EXAMPLE } from './author/examples.ts';
import { approvalsProgram } from './commands/approvals-program.ts';
import { catalogueProgram, inboxProgram } from './commands/catalogue-program.ts';
import type { BackupFlags } from './commands/backup.ts';
import type { CheckOptions } from './commands/check.ts';
import type { DoctorOptions } from './commands/doctor.ts';
import type { ExplainOptions } from './commands/explain.ts';
import type { ImportOptions } from './commands/import.ts';
import { gitopsPrograms } from './commands/gitops-program.ts';
import type { InitFlags } from './commands/init.ts';
import type { LogsArguments } from './commands/logs.ts';
import { pinsProgram } from './commands/pins-program.ts';
import type { RestoreFlags } from './commands/restore.ts';
import type { ScanOptions } from './commands/scan.ts';
import type { SchemaOptions } from './commands/schema.ts';
import type { ServeOptions } from './commands/serve.ts';
import type { SimulateOptions } from './commands/simulate.ts';
import type { StatusOptions } from './commands/status.ts';
import type { VerifyFlags } from './commands/verify.ts';
import { RUN_HELP } from './run-help.ts';
import { UsageError, printUsageError, systemError } from './usage-error.ts';
import { version } from './package-root.ts';

type LogsFlags = Partial<Pick<LogsArguments, 'follow' | 'json' | 'server' | 'grant' | 'name' | 'outcome' | 'code' | 'since' | 'limit'>> & { readonly config?: string; readonly data?: string };

const collect = (value: string, before: string[] | undefined): string[] => [...(before ?? []), value];

/** What stands behind `--`, which Commander does not tell apart from other operands. */
function behindDashes(command: Command): string[] {
  const all = command.parent?.args ?? [];
  const at = all.indexOf('--');
  return at === -1 ? [] : all.slice(at + 1);
}

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
    .option('--log-format <format>', 'text or json, on stderr (default: text)')
    .action(async (options: ServeOptions) => done(await (await import('./commands/serve.ts')).serve(options)));

  program
    .command('init')
    .summary("put PolicyLayer in front of your MCP clients' servers")
    .description("Finds the MCP servers of Claude Code, Claude Desktop, Cursor, VS Code, Windsurf, Codex, Gemini CLI and Zed, scans them, proposes policies, and wraps the entries. Asks before it starts or changes anything.")
    .option('--dry-run', 'show the differences; start and write nothing')
    .option('--undo', 'take back what init did')
    .option('--force', 'with --undo: restore files that were changed since, too')
    .option('--yes', 'do not ask; servers are started, after naming them')
    .option('--no-scan', 'start nothing: policies deny until you edit them')
    .option('--trust-project', 'with --yes: start what files of the project name, too')
    .option('--client <name>', 'only this client: claude-code, cursor, ...')
    .option('--config <file>', 'only this file')
    .option('--server <name>', 'only servers of this name; may be repeated', collect)
    .option('--timeout <time>', 'how long each answer of a server may take', '30s')
    .option('--data <dir>', 'where policies, backups, limits and journal are kept')
    .option('--json', 'print JSON; asks nothing')
    .action(async (options: InitFlags) => done(await (await import('./commands/init.ts')).init(options)));

  program
    .command('scan')
    .summary("what a server's tools can do, and a policy for them")
    .description('Lists and classifies the tools of a server. The server is started, asked, and ended; no tool is called.')
    .usage('[options] -- COMMAND [ARGUMENTS...]')
    .argument('[command...]', 'command of the server')
    .option('--upstream <url>', 'an HTTP server instead of a command')
    .option('--definitions <file>', 'recorded definitions: a tools/list result, or one per line')
    .option("--header <k:v>", 'header for the upstream; visible in process lists', collect)
    .option('--header-env <k=var>', 'header whose value is in an environment variable', collect)
    .option('--server <name>', 'package or name of the server, for --definitions')
    .option('--trust-annotations', "let the server's annotations lower a class")
    .addOption(new Option('--sort <order>', 'order of the table').choices(['risk', 'server', 'name']).default('risk'))
    .option('--policy-out <file>', 'write a starter policy that names every tool')
    .option('--force', 'replace an existing file')
    .option('--timeout <time>', 'how long each answer may take', '30s')
    .option('--verbose', 'show what the server writes to stderr')
    .option('--json', 'print JSON')
    .passThroughOptions()
    .action(async (command: string[], options: ScanOptions) => done(await (await import('./commands/scan.ts')).scan(command, options)));

  program
    .command('check')
    .summary('look for mistakes in policies')
    .description('Reports every error and every probable mistake of policy files.')
    .usage('[options] POLICY... [-- COMMAND [ARGUMENTS...]]')
    .argument('<file...>', 'policy files')
    .option('--definitions <file>', 'recorded definitions: a tools/list result, or one per line')
    .option('--upstream <url>', 'ask an HTTP server for its tools')
    .option('--header <k:v>', 'header for the upstream; visible in process lists', collect)
    .option('--header-env <k=var>', 'header whose value is in an environment variable', collect)
    .option('--timeout <time>', 'how long each answer may take', '30s')
    .option('--verbose', 'show what the server writes to stderr')
    .option('--trust-annotations', 'what the server says of its tools may lower their class')
    .option('--strict', 'status 1 when there is a warning')
    .option('--json', 'print JSON')
    .addHelpText('after', CHECK_EXAMPLE)
    .action(async (operands: string[], options: CheckOptions, command: Command) => {
      const server = behindDashes(command);
      const files = operands.slice(0, operands.length - server.length);
      const { check } = await import('./commands/check.ts');
      done(await check({ ...options, files, command: server, stdout: process.stdout, stderr: process.stderr }));
    });

  program
    .command('test')
    .summary('run test cases against policies')
    .description('Judges every case of test files as the gateway would, at the time that the case says, with limits, budgets and approvals.')
    .argument('<path...>', 'test files, or directories with *.test.yaml')
    .option('--filter <text>', 'only cases with this text in their name')
    .option('--json', 'print JSON')
    .addHelpText('after', TEST_EXAMPLE)
    .action(async (paths: string[], options: { filter?: string; json?: boolean }) => {
      const { test } = await import('./commands/test.ts');
      done(await test({ paths, json: options.json === true, filter: options.filter, stdout: process.stdout }));
    });

  program
    .command('explain')
    .summary('why one call is let through or refused')
    .description('Shows every rule that matches a call, in order, what each of its guards says, and what comes of it. Limits are shown and not counted.')
    .argument('<policy...>', 'policy files; several: the strictest wins')
    .option('--tool <name>', 'the tool that is called')
    .option('--resource <uri>', 'or the resource that is read')
    .option('--prompt <name>', 'or the prompt that is fetched')
    .option('--args <json>', 'arguments, a JSON object')
    .option('--call <file>', 'the call from a file (- for stdin)')
    .option('--server <name>', 'name of the server')
    .option('--grant <label>', 'label of the grant')
    .option('--tag <tag>', 'a tag of the grant; may be repeated', collect)
    .option('--session <id>', 'id of the session')
    .option('--user <json>', 'claims of the verified token, a JSON object')
    .option('--client <name>', 'name of the client, as it says itself')
    .option('--at <time>', 'when, with a time zone (default: now)')
    .option('--definitions <file>', 'recorded definitions of the tools')
    .option('--trust-annotations', 'what the server says of its tools may lower their class')
    .option('--json', 'print JSON')
    .addHelpText('after', EXPLAIN_EXAMPLE)
    .action(async (files: string[], options: ExplainOptions) => done(await (await import('./commands/explain.ts')).explain(files, options, process)));

  program
    .command('simulate')
    .summary('what other policies would have said of recorded calls')
    .description('Replays the journal against policies and shows what would change, per tool and rule. Starts nothing and changes nothing.')
    .argument('<policy...>', 'candidate policies; several: the strictest wins')
    .option('-c, --config <file>', 'configuration of the gateway (also: tags of grants)')
    .option('--data <dir>', 'data directory of the gateway')
    .option('--journal <file>', 'rows as `logs --json` prints them, instead (- for stdin)')
    .option('--definitions <file>', 'recorded definitions of the tools')
    .option('--trust-annotations', 'what the server says of its tools may lower their class')
    .option('--since <time>', '30s, 10m, 2h, 1d, or a date and time in ISO 8601')
    .option('--until <time>', 'likewise')
    .option('--server <name>', 'calls of this server only')
    .option('--grant <label>', 'calls of this grant only')
    .option('--fail-on-change', 'status 1 when a call would come out otherwise')
    .option('--json', 'print JSON')
    .addHelpText('after', SIMULATE_EXAMPLE)
    .action(async (files: string[], options: SimulateOptions) => done(await (await import('./commands/simulate.ts')).simulate(files, options, process)));

  program
    .command('import')
    .summary('turn a policy of an older dialect into this language')
    .description('Writes a policy of this language that means the same, and says where it does not.')
    .argument('<file>', 'the older policy')
    .addOption(new Option('--from <dialect>', 'which dialect it is, if that cannot be told').choices(['intercept', 'hosted']))
    .option('--out <file>', 'where to write it (default: stdout)')
    .option('--force', 'replace an existing file')
    .option('--json', 'print JSON')
    .addHelpText('after', IMPORT_EXAMPLE)
    .action(async (file: string, options: ImportOptions) => done(await (await import('./commands/import.ts')).importPolicy(file, options, process)));

  program
    .command('schema')
    .summary('a JSON Schema of policies, for editors')
    .description('Prints a JSON Schema of policy documents: editors complete and check with it while you write.')
    .option('--out <file>', 'where to write it (default: stdout)')
    .option('--force', 'replace an existing file')
    .addHelpText('after', SCHEMA_EXAMPLE)
    .action(async (options: SchemaOptions) => done((await import('./commands/schema.ts')).schema(options, process.stdout)));

  for (const group of [approvalsProgram(done), pinsProgram(done)]) {
    for (const command of [group, ...group.commands]) command.copyInheritedSettings(program);
    program.addCommand(group);
  }

  for (const group of [catalogueProgram(done), inboxProgram(done)]) {
    for (const command of [group, ...group.commands]) command.copyInheritedSettings(program);
    program.addCommand(group);
  }

  for (const command of gitopsPrograms(done)) {
    command.copyInheritedSettings(program);
    program.addCommand(command);
  }

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
    .command('verify')
    .summary('check that the journal is whole and unchanged')
    .description('Checks every row of the journal against its chain of blocks and signed checkpoints. The gateway may run.')
    .option('-c, --config <file>', 'configuration of the gateway')
    .option('--data <dir>', 'data directory of the gateway')
    .option('--public-key <file>', 'the newest checkpoint must be signed with this key, or one it vouches for; may be repeated', collect)
    .option('--checkpoint <file>', 'a checkpoint that was kept elsewhere must be in the chain; may be repeated', collect)
    .option('--rotate-key', 'when it verifies, go on with a new signing key that the old one signs')
    .option('--json', 'print JSON')
    .action(async (options: VerifyFlags) => done(await (await import('./commands/verify.ts')).verify(options)));

  program
    .command('backup')
    .summary('copy the database while the gateway runs')
    .description('Writes a copy of the database as it is now: one file that is complete by itself. Says what else has to be kept.')
    .requiredOption('--to <file>', 'where to write it; must not exist')
    .option('--with-keys', 'a directory with the keys as well')
    .option('-c, --config <file>', 'configuration of the gateway')
    .option('--data <dir>', 'data directory of the gateway')
    .option('--json', 'print JSON')
    .action(async (options: BackupFlags) => done(await (await import('./commands/backup.ts')).backup(options)));

  program
    .command('restore')
    .summary('put a backup in the place of the database')
    .description('Checks a backup, and puts it in the place of the database of a gateway that does not run. What was there is kept aside.')
    .requiredOption('--from <path>', 'a file or directory that `backup` wrote')
    .option('--force', 'there is a database already: put it aside')
    .option('-c, --config <file>', 'configuration of the gateway')
    .option('--data <dir>', 'data directory of the gateway')
    .option('--json', 'print JSON')
    .action(async (options: RestoreFlags) => done(await (await import('./commands/restore.ts')).restore(options)));

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
