import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { policylayer, repository, temporary } from './support.ts';

const COMMANDS = ['run', 'serve', 'scan', 'check', 'test', 'explain', 'simulate', 'import', 'schema', 'approvals', 'logs', 'status', 'doctor'];

describe('the command line', () => {
  it('--version prints the version of package.json', async () => {
    const { version } = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8'));
    expect(await policylayer(['--version'])).toEqual({ status: 0, stdout: `${version}\n`, stderr: '' });
  });

  it('--help names every command', async () => {
    const { status, stdout } = await policylayer(['--help']);
    expect(status).toBe(0);
    for (const command of COMMANDS) expect(stdout).toMatch(new RegExp(`^  ${command} +\\S`, 'm'));
  });

  it.each([[], ...COMMANDS.map((command) => [command])])('help of %s fits 80 columns', async (...command) => {
    const { status, stdout } = await policylayer([...command, '--help']);
    expect(status).toBe(0);
    expect(stdout.length).toBeGreaterThan(200);
    for (const line of stdout.split('\n')) expect(line.length, line).toBeLessThanOrEqual(82);
  });

  const wrong: readonly [title: string, args: readonly string[], message: RegExp][] = [
    ['no command', [], /Usage: policylayer/],
    ['an unknown command', ['serv'], /^policylayer: unknown command 'serv'\n {2}help: did you mean serve\?\n$/],
    ['an unknown option', ['scan', '--jsn'], /^policylayer: unknown option '--jsn'\n {2}help: did you mean --json\?\n$/],
    ['an unknown option of run', ['run', '--polcy', 'x', '--', 'node'], /^policylayer: unknown option `--polcy`\n {2}help: did you mean --policy\?\n$/],
    ['an option without its value', ['run', '--policy'], /--policy/],
    ['run without a policy', ['run', '--', 'node'], /run needs a policy/],
    ['run without a server', ['run', '--policy', 'p.yaml'], /run needs a server/],
    ['run with a command but no --', ['run', '--policy', 'p.yaml', 'node', 'server.mjs'], /unexpected argument `node`\n {2}help: put -- before the command/],
    ['run with two servers', ['run', '--policy', 'p.yaml', '--upstream', 'http://127.0.0.1/', '--', 'node'], /both --upstream and a command/],
    ['run with an address that is none', ['run', '--policy', 'p.yaml', '--upstream', 'localhost'], /--upstream (is not a URL|has a scheme)/],
    ['two policies of one name', ['run', '--policy', 'a/p.yaml', '--policy', 'b/p.policy.yaml', '--', 'node'], /two policies have the name `p`/],
    ['a header for a command', ['run', '--policy', 'p.yaml', '--header', 'A: b', '--', 'node'], /a header has no effect on a command/],
    ['a header from a variable that is not set', ['run', '--policy', 'p.yaml', '--upstream', 'http://127.0.0.1/', '--header-env', 'Authorization=NOPE'], /variable NOPE is not set/],
    ['a header of the protocol', ['run', '--policy', 'p.yaml', '--upstream', 'http://127.0.0.1/', '--header', 'Mcp-Name: x'], /set by the transport/],
    ['scan of nothing', ['scan'], /scan needs a server/],
    ['scan of two things', ['scan', '--definitions', 'a.json', '--upstream', 'http://127.0.0.1/'], /one thing at a time/],
    ['a duration that is none', ['scan', '--timeout', 'soon', '--', 'node'], /--timeout is not a duration/],
    ['serve of two configurations', ['serve', '--demo', '--config', 'x.yaml'], /--demo brings its own configuration/],
    ['serve on an address that is none', ['serve', '--demo', '--listen', 'here'], /--listen is not an address/],
    ['check of nothing', ['check'], /missing required argument/],
    ['check against two things', ['check', 'p.yaml', '--definitions', 'a.json', '--', 'node'], /check reads one thing at a time/],
    ['check with a header for a command', ['check', 'p.yaml', '--header', 'A: b', '--', 'node'], /a header has an effect with --upstream only/],
    ['test of nothing', ['test'], /missing required argument/],
    ['test of a directory without test files', ['test', '.'], /\. holds no test file\n {2}help: a test file is named NAME\.test\.yaml/],
    ['explain of nothing', ['explain', 'p.yaml'], /explain needs a call\n {2}help: give --tool NAME/],
    ['explain of arguments that are no JSON', ['explain', 'p.yaml', '--tool', 'a', '--args', '{a: 1}'], /--args is not JSON: .*\n {2}help: quote it for the shell/],
    ['simulate of two journals', ['simulate', 'p.yaml', '--journal', 'a.jsonl', '--data', 'd'], /simulate reads one journal at a time/],
    ['simulate since a time that is none', ['simulate', 'p.yaml', '--since', 'soon'], /--since soon is not a time/],
    ['import from a dialect that does not exist', ['import', 'x.yaml', '--from', 'other'], /argument 'other' is invalid\. Allowed choices are intercept, hosted/],
    ['an unknown subcommand', ['approvals', 'lst'], /^policylayer: unknown command 'lst'\n {2}help: did you mean list\?\n$/],
  ];

  it.each(wrong)('%s ends with status 2, a message and a way on', async (_title, args, message) => {
    const { status, stdout, stderr } = await policylayer(args);
    expect(stdout).toBe('');
    expect(stderr).toMatch(message);
    expect(status).toBe(2);
  });

  it('a directory that cannot be used gives one message, not a stack', async () => {
    const directory = temporary({ file: '' });
    for (const args of [['serve', '--demo', '--data', 'file/x'], ['serve', '--demo', '--data', 'file'], ['doctor', '--data', 'file/x']]) {
      const { stdout, stderr } = await policylayer(args, { cwd: directory });
      expect(stdout + stderr).not.toMatch(/^ +at /m);
    }
    const { status, stderr } = await policylayer(['serve', '--demo', '--data', 'file/x'], { cwd: directory });
    expect(stderr).toMatch(/^policylayer: the system refused \w+ of .*\n {2}help: /);
    expect(status).toBe(2);
  });

  it('a secret in a URL or header of the command line is not repeated', async () => {
    for (const args of [
      ['run', '--policy', 'p', '--upstream', 'http://user:S3cr3t@127.0.0.1/'],
      ['run', '--policy', 'p', '--upstream', 'http://127.0.0.1/', '--header', 'S3cr3t'],
      ['run', '--policy', 'p', '--upstream', 'http://127.0.0.1/', '--header', 'A: S3cr3t\u0007'],
      ['scan', '--upstream', 'http://user:S3cr3t@127.0.0.1/'],
    ]) {
      const { status, stdout, stderr } = await policylayer(args);
      expect(status).toBe(2);
      expect(stdout + stderr).not.toContain('S3cr3t');
    }
  });
});
