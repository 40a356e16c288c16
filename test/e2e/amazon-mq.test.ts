import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connect } from './sdk-client.ts';
import { kept, missing, rowsOf, stepsOf, Tutorial, type Ended, type Kept } from './tutorial.ts';
import { program, repository } from './world.ts';

const reason = missing('awslabs.amazon-mq-mcp-server==2.1.1', 'examples/amazon-mq/constraints.txt', true);
if (reason !== null) process.stderr.write(`examples/amazon-mq is not played here: ${reason}\n`);

const tutorial = new Tutorial();
let read: Ended & { readonly data: string };
const runs = new Map<string, Kept>();
const runOf = (name: string): Kept => {
  const run = runs.get(name);
  if (run === undefined) throw new Error(`the tutorial made no run ${name}`);
  return run;
};

afterAll(async () => {
  expect(await tutorial.close()).toEqual([]);
}, 60_000);

describe('what stops the example before anything starts', () => {
  it.each<[string, string[], Record<string, string>, RegExp]>([
    ['no uv', [], { PATH: '/nowhere' }, /^example: uv was not found: [^\n]+\n$/],
    ['an unknown transport', ['--transport', 'pigeon'], {}, /^example: --transport is http or stdio, not pigeon\n$/],
    ['an unknown policy', ['--policies', 'none'], {}, /^example: --policies is names or classes, not none\n$/],
    ['an unknown option', ['--brokers'], {}, /^example: Unknown option '--brokers'[^\n]*\n$/],
    ['no profile file', ['--aws-profile', '/nowhere/aws'], {}, /^example: there is no AWS profile file \/nowhere\/aws: [^\n]+\n$/],
    ['a file without the profile', ['--aws-profile', 'examples/amazon-mq/gateway.yaml'], {}, /^example: examples\/amazon-mq\/gateway\.yaml has no \[default\] profile: [^\n]+\n$/],
    ['staying without a gateway', ['--stay', '--transport', 'stdio'], {}, /^example: --stay needs --transport http[^\n]*\n$/],
  ])('%s is one line and exit status 2', async (_, args, env, line) => {
    const { status, stdout, stderr } = await tutorial.run('amazon-mq', args, env);
    expect(stderr).toMatch(line);
    expect([status, stdout]).toEqual([2, '']);
  });

  it.skipIf(reason !== null)('no broker is one line and exit status 2', async () => {
    const { status, stdout, stderr } = await tutorial.run('amazon-mq', [], { RABBITMQ_SERVER: '/nowhere/rabbitmq-server' });
    expect([status, stdout, stderr]).toEqual([2, '', 'example: RABBITMQ_SERVER names /nowhere/rabbitmq-server, which is not there\n']);
  });
});

describe.skipIf(reason !== null)('the tutorial, typed line by line', () => {
  beforeAll(async () => {
    read = await tutorial.read('amazon-mq');
    if (read.status !== 0) throw new Error(`the tutorial stopped with ${read.status}: ${read.stderr}${read.stdout.slice(-2_000)}`);
    for (const name of ['http', 'stdio', 'classes']) runs.set(name, kept(join(read.data, name)));
  }, 1_200_000);

  it('ends well, and leaves no process', () => {
    expect(read.stderr).toBe('');
    expect(read.status).toBe(0);
    expect(tutorial.living()).toEqual([]);
  });

  describe.each(['http', 'stdio', 'classes'])('%s', (name) => {
    it('hidden tools are absent, and answer like tools that do not exist', () => {
      const run = runOf(name);
      const [list] = run.steps.filter(({ agent, list: tools }) => agent === 'support-agent' && tools !== undefined);
      expect(list?.list).toContain('create_broker');
      for (const hidden of ['rabbitmq_broker_list_users', 'rabbitmq_broker_get_broker_definition', 'rabbimq_broker_initialize_connection_with_oauth']) expect(list?.list).not.toContain(hidden);
      for (const tool of ['rabbitmq_broker_list_users', 'CloneContainerToECR']) {
        expect(stepsOf(run, 'support-agent', tool)).toMatchObject([{ isError: true, decision: null, error: { code: -32602, message: expect.stringContaining(`Unknown tool: ${tool}`) } }]);
        expect(run.calls.filter((call) => call.tool === tool)).toEqual([]);
      }
      expect(rowsOf(run, 'support-agent', 'rabbitmq_broker_list_users')).toMatchObject([['refused', 'hidden', '/tools/rabbitmq_broker_list_users']]);
      expect(rowsOf(run, 'support-agent', 'CloneContainerToECR')).toMatchObject([['refused', 'unknown_tool', null]]);
    });

    it('a broker id that is none does not arrive, ten looks a minute do, the eleventh does not', () => {
      const run = runOf(name);
      const steps = stepsOf(run, 'support-agent', 'describe_broker');
      const refusals = steps.filter(({ decision }) => decision !== null);
      expect(steps).toHaveLength(12);
      expect(refusals).toMatchObject([
        { arguments: { BrokerId: '../../users' }, decision: { code: 'invalid_arguments', rule: '/tools/describe_broker/arguments/BrokerId' } },
        { decision: { code: 'rate_limited', rule: '/tools/describe_broker/rate_limit' } },
      ]);
      expect(refusals[1]?.decision?.retryAfterMs).toBeGreaterThan(0);
      expect(refusals[1]?.decision?.retryAfterMs).toBeLessThanOrEqual(60_000);
      const admitted = steps.filter(({ decision }) => decision === null);
      expect(run.calls.filter(({ tool }) => tool === 'describe_broker').map((call) => call.arguments)).toEqual(admitted.map((step) => step.arguments));
      expect(rowsOf(run, 'support-agent', 'describe_broker').map(([outcome, code]) => [outcome, code])).toEqual([
        ['refused', 'invalid_arguments'], ...Array.from({ length: 10 }, () => ['ok', null]), ['refused', 'rate_limited'],
      ]);
    });

    it('an error of AWS is passed on in the words of the server', () => {
      const [, unknown] = stepsOf(runOf(name), 'support-agent', 'describe_broker');
      expect(JSON.parse(unknown?.text ?? '')).toEqual({ error: "Can't find requested broker [b-00000000-0000-0000-0000-000000000000]. Make sure your broker exists.", code: 'NotFoundException' });
      expect(unknown?.isError).toBe(false);
    });

    it('a broker is created once a person agreed, with exactly the arguments that were asked for', () => {
      const run = runOf(name);
      expect(stepsOf(run, 'support-agent', 'create_broker')).toMatchObject([{ isError: false, decision: null }]);
      const arrived = run.calls.filter(({ tool }) => tool === 'create_broker').map((call) => call.arguments);
      expect(arrived).toEqual([{
        region: 'eu-west-1', broker_name: 'support-desk', engine_type: 'RABBITMQ', deployment_mode: 'SINGLE_INSTANCE', username: 'desk', password: expect.stringMatching(/^[0-9a-f]{24}$/), host_instance_type: 'mq.t3.micro', publicly_accessible: false,
      }]);
      const created = run.aws.filter(({ method, path }) => method === 'POST' && path === '/v1/brokers').map(({ body }) => JSON.parse(body) as unknown);
      expect(created).toMatchObject([{ brokerName: 'support-desk', publiclyAccessible: false, users: [{ username: 'desk', password: arrived[0]?.['password'] }] }]);
      const rule = name === 'classes' ? '/tools/@write' : '/tools/create_broker';
      expect(rowsOf(run, 'support-agent', 'create_broker')).toEqual([['refused', 'approval_requested', rule], ['ok', 'approval_given', rule], ['ok', null, rule]]);
    });

    it('the broker is reached with the account of the policy only', () => {
      const run = runOf(name);
      expect(stepsOf(run, 'support-agent', 'rabbimq_broker_initialize_connection')).toMatchObject([
        { arguments: { username: 'admin' }, decision: { code: 'invalid_arguments' } },
        { arguments: { username: 'support' }, isError: false, text: 'successfully connected' },
      ]);
      expect(run.calls.filter(({ tool }) => tool === 'rabbimq_broker_initialize_connection').map((call) => call.arguments['username'])).toEqual(['support']);
      expect(stepsOf(run, 'support-agent', 'rabbitmq_broker_list_queues')).toMatchObject([{ isError: false, text: 'orders' }]);
    });

    it('CI has a policy of its own', () => {
      const run = runOf(name);
      expect(stepsOf(run, 'ci', 'create_configuration')).toMatchObject([{ isError: false, decision: null }]);
      expect(stepsOf(run, 'ci', 'create_broker')).toMatchObject([{ decision: { code: 'denied', rule: '/tools/create_broker' }, text: expect.stringContaining('Brokers are created by people with the support agent') }]);
      expect(stepsOf(run, 'ci', 'rabbitmq_broker_list_queues')).toMatchObject([{ error: { code: -32602 } }]);
    });

    it('no argument value is in the journal', () => {
      expect(runOf(name).journal.filter(({ argValues }) => argValues !== null)).toEqual([]);
    });
  });

  it.each(['http', 'stdio'])('%s: what is denied has the reason of the policy, and reaches neither the server nor AWS nor the broker', (name) => {
    const run = runOf(name);
    expect(stepsOf(run, 'support-agent', 'delete_broker')).toMatchObject([{ isError: true, text: '[POLICY DENIED] Nothing is deleted by agents. Open a ticket for the platform team (rule /tools/delete_*)', decision: { code: 'denied', rule: '/tools/delete_*' } }]);
    expect(stepsOf(run, 'support-agent', 'rabbitmq_broker_purge_queue')).toMatchObject([{ isError: true, decision: { code: 'denied', rule: '/tools/rabbitmq_broker_purge_queue' } }]);
    expect(run.calls.filter(({ tool }) => tool === 'delete_broker' || tool === 'rabbitmq_broker_purge_queue')).toEqual([]);
    expect(run.broker.filter(({ method }) => method === 'DELETE')).toEqual([]);
    expect(run.awsLog.filter((line) => line.startsWith('DELETE'))).toEqual([]);
    expect(rowsOf(run, 'support-agent', 'delete_broker')).toEqual([['refused', 'denied', '/tools/delete_*']]);
  });

  it('classes: one destructive call is approved and arrives, another is denied by a person and does not', () => {
    const run = runOf('classes');
    expect(stepsOf(run, 'support-agent', 'rabbitmq_broker_purge_queue')).toMatchObject([{ isError: false, text: 'Queue orders successfully purged' }]);
    expect(run.broker.filter(({ method }) => method === 'DELETE')).toEqual([{ method: 'DELETE', path: '/api/queues/%2F/orders/contents' }]);
    expect(stepsOf(run, 'support-agent', 'delete_broker')).toMatchObject([{ isError: true, decision: { code: 'approval_denied', rule: '/tools/@destructive' }, text: expect.stringContaining('it is in use') }]);
    expect(run.calls.filter(({ tool }) => tool === 'delete_broker')).toEqual([]);
    expect(run.awsLog.filter((line) => line.startsWith('DELETE'))).toEqual([]);
    expect(rowsOf(run, 'support-agent', 'rabbitmq_broker_purge_queue')).toEqual([['refused', 'approval_requested', '/tools/@destructive'], ['ok', 'approval_given', '/tools/@destructive'], ['ok', null, '/tools/@destructive']]);
  });
});

// Behind the tutorial, which has downloaded what they start.
describe.skipIf(reason !== null)('what stops a server', () => {
  it('a server without credentials: the client is told in one line, in the words of the server', async () => {
    const policy = join(repository, 'examples/amazon-mq/support.names.policy.yaml');
    const server = ['uvx', 'awslabs.amazon-mq-mcp-server==2.1.1'];
    const inherited = Object.entries(process.env).flatMap(([name, value]): [string, string][] => (value === undefined || name.startsWith('AWS_') ? [] : [[name, value]]));
    const env = { ...Object.fromEntries(inherited), TMPDIR: tutorial.directory, AWS_CONFIG_FILE: '/nowhere', AWS_SHARED_CREDENTIALS_FILE: '/nowhere', UV_CONSTRAINT: join(repository, 'examples/amazon-mq/constraints.txt') };
    const connecting = connect('sdk1', { command: [process.execPath, program, 'run', '--policy', policy, '--data', join(tutorial.directory, 'state'), '--', ...server], env, cwd: tutorial.directory });
    await expect(connecting).rejects.toThrow(/^[^\n]*botocore\.exceptions\.ProfileNotFound: The config profile \(default\) could not be found[^\n]*$/);
  }, 120_000);

  it('no Python for it: one line, in the words of uv, and exit status 2', async () => {
    const { status, stderr } = await tutorial.run('amazon-mq', ['--no-broker'], { UV_PYTHON: '3.99', UV_PYTHON_DOWNLOADS: 'never' });
    expect(stderr).toMatch(/^example: uvx could not get moto\[server\]==5\.2\.5, or no Python for it: error: No interpreter found for Python 3\.99[^\n]*\n$/);
    expect(status).toBe(2);
  }, 120_000);
});
