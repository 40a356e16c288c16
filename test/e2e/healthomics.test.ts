import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { kept, missing, rowsOf, stepsOf, Tutorial, type Ended, type Kept } from './tutorial.ts';

const reason = missing('awslabs.aws-healthomics-mcp-server==0.1.5', 'examples/healthomics/constraints.txt', false);
if (reason !== null) process.stderr.write(`examples/healthomics is not played here: ${reason}\n`);

const CLONE = 'CloneContainerToECR';
const image = (tag: string): Record<string, string> => ({ source_image: `quay.io/biocontainers/samtools:${tag}`, target_repository_name: 'biocontainers/samtools' });
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

describe.skipIf(reason !== null)('a run that is ended early', () => {
  it('leaves no process and no folder, and ends with the status of the signal', async () => {
    const { status, stderr } = await tutorial.run('healthomics', [], {}, (text, end) => {
      if (text.includes('PolicyLayer listens')) end();
    });
    expect([status, stderr]).toEqual([143, '']);
    expect(tutorial.living()).toEqual([]);
    expect(readdirSync(tutorial.directory).filter((name) => name.startsWith('policylayer-example-'))).toEqual([]);
  }, 300_000);
});

describe.skipIf(reason !== null)('the tutorial, typed line by line', () => {
  beforeAll(async () => {
    read = await tutorial.read('healthomics');
    if (read.status !== 0) throw new Error(`the tutorial stopped with ${read.status}: ${read.stderr}${read.stdout.slice(-2_000)}`);
    for (const name of ['http', 'stdio', 'classes']) runs.set(name, kept(join(read.data, name)));
  }, 1_200_000);

  it('ends well, and leaves no process', () => {
    expect(read.stderr).toBe('');
    expect(read.status).toBe(0);
    expect(tutorial.living()).toEqual([]);
  });

  describe.each(['http', 'stdio', 'classes'])('%s', (name) => {
    const limit = name === 'classes' ? '/tools/@execute/rate_limit' : `/tools/${CLONE}/rate_limit`;

    it('ten clones a minute arrive with exactly their arguments; the eleventh and one from elsewhere do not', () => {
      const run = runOf(name);
      const steps = stepsOf(run, 'support-agent', CLONE);
      const refusals = steps.filter(({ decision }) => decision !== null);
      expect(steps).toHaveLength(12);
      expect(refusals).toMatchObject([
        { arguments: { source_image: 'docker.io/somebody/miner:latest' }, isError: true, decision: { code: 'invalid_arguments', rule: `/tools/${CLONE}/arguments/source_image` } },
        { arguments: image('1.11'), isError: true, decision: { code: 'rate_limited', rule: limit } },
      ]);
      expect(refusals[1]?.decision?.retryAfterMs).toBeGreaterThan(0);
      expect(refusals[1]?.decision?.retryAfterMs).toBeLessThanOrEqual(60_000);
      const arrived = run.calls.filter(({ tool }) => tool === CLONE).map((call) => call.arguments);
      expect(arrived).toHaveLength(11);
      expect(new Set(arrived.slice(0, 10).map((args) => JSON.stringify(args)))).toEqual(new Set(Array.from({ length: 10 }, (_, index) => JSON.stringify(image(`1.${index + 1}`)))));
      expect(rowsOf(run, 'support-agent', CLONE).map(([outcome, code]) => [outcome, code])).toEqual([['refused', 'invalid_arguments'], ...Array.from({ length: 10 }, () => ['ok', null]), ['refused', 'rate_limited']]);
    });

    it('an allowed clone does at AWS what the local AWS can do, and the server says what is missing', () => {
      const run = runOf(name);
      const [, first] = stepsOf(run, 'support-agent', CLONE);
      expect(JSON.parse(first?.text ?? '')).toMatchObject({ success: false, source_registry: 'quay.io', repository_created: true, message: expect.stringContaining('No pull-through cache configured for quay.io') });
      expect(run.aws.filter(({ action }) => action === 'CreateRepository').map(({ body }) => JSON.parse(body) as unknown)).toMatchObject([{ repositoryName: 'biocontainers/samtools' }]);
      expect(run.aws.filter(({ action }) => action === 'SetRepositoryPolicy').length).toBeGreaterThan(0);
      const [before, after] = stepsOf(run, 'support-agent', 'ListECRRepositories').map(({ text }) => (JSON.parse(text ?? '') as { repositories: { repository_name: string }[] }).repositories.map(({ repository_name: repository }) => repository));
      expect([before, after]).toEqual([[], ['biocontainers/samtools']]);
    });

    it('an error of AWS is passed on in the words of the server', () => {
      const run = runOf(name);
      expect(stepsOf(run, 'support-agent', 'ListAHOWorkflows')).toMatchObject([{ decision: null, error: null, text: expect.stringContaining('Error listing workflows: An error occurred (500) when calling the ListWorkflows operation') }]);
        // moto has no HealthOmics, so these requests are in its log and not in its recording.
      expect(run.awsLog.filter((line) => line.startsWith('GET /workflow'))).toHaveLength(1);
    });

    it('CI clones what a person agreed to, once, and nothing else', () => {
      const run = runOf(name);
      expect(stepsOf(run, 'ci', CLONE)).toMatchObject([
        { arguments: image('1.17'), isError: true, decision: { code: 'approval_pending', rule: `/tools/${CLONE}` } },
        { arguments: image('1.18'), isError: true, decision: { code: 'approval_pending', rule: `/tools/${CLONE}` } },
        { arguments: image('1.17'), isError: false, decision: null },
      ]);
      expect(run.calls.filter(({ tool }) => tool === CLONE).slice(10)).toEqual([{ tool: CLONE, arguments: image('1.17') }]);
      expect(rowsOf(run, 'ci', CLONE).map(([outcome, code]) => [outcome, code])).toEqual([
        ['refused', 'approval_requested'], ['refused', 'approval_pending'], ['ok', 'approval_given'], ['refused', 'approval_requested'], ['refused', 'approval_pending'], ['ok', null],
      ]);
    });

    it('the auditor is denied with the reason of the policy', () => {
      const run = runOf(name);
      expect(stepsOf(run, 'auditor', CLONE)).toMatchObject([{ isError: true, text: `[POLICY DENIED] Images reach the production registry through CI only (rule /tools/${CLONE})`, decision: { code: 'denied', rule: `/tools/${CLONE}`, retryAfterMs: null } }]);
      expect(rowsOf(run, 'auditor', CLONE)).toEqual([['refused', 'denied', `/tools/${CLONE}`]]);
      expect(rowsOf(run, 'auditor', 'DeleteAHOConfiguration')).toEqual([['refused', 'hidden', '/default']]);
    });

    it('a hidden tool is absent, and answers like one that does not exist', () => {
      const run = runOf(name);
      const lists = run.steps.filter((step) => step.list !== undefined);
      expect(lists.map(({ agent }) => agent)).toEqual(['support-agent', 'auditor']);
      expect(lists[0]?.list).toContain(CLONE);
      expect(lists[0]?.list).not.toContain('SearchGenomicsFiles');
      expect(stepsOf(run, 'support-agent', 'SearchGenomicsFiles')).toMatchObject([{ decision: null, error: { code: -32602, message: expect.stringContaining('Unknown tool: SearchGenomicsFiles') } }]);
      expect(run.calls.filter(({ tool }) => tool === 'SearchGenomicsFiles')).toEqual([]);
    });
  });

  it.each(['http', 'stdio'])('%s: a denied deletion has the reason of the policy and arrives nowhere', (name) => {
    const run = runOf(name);
    expect(stepsOf(run, 'support-agent', 'DeleteAHOConfiguration')).toMatchObject([{ isError: true, decision: { code: 'denied', rule: '/tools/Delete*' }, text: expect.stringContaining('Nothing is deleted by agents') }]);
    expect(run.calls.filter(({ tool }) => tool === 'DeleteAHOConfiguration')).toEqual([]);
    expect(run.awsLog.filter((line) => line.startsWith('DELETE'))).toEqual([]);
  });

  it('classes: a deletion arrives once a person agreed', () => {
    const run = runOf('classes');
    expect(stepsOf(run, 'support-agent', 'DeleteAHOConfiguration')).toMatchObject([{ decision: null, text: expect.stringContaining('Error deleting configuration') }]);
    expect(run.calls.filter(({ tool }) => tool === 'DeleteAHOConfiguration')).toEqual([{ tool: 'DeleteAHOConfiguration', arguments: { name: 'production' } }]);
    expect(run.awsLog.filter((line) => line.startsWith('DELETE'))).toEqual(['DELETE /configuration/production']);
    expect(rowsOf(run, 'support-agent', 'DeleteAHOConfiguration')).toEqual([['refused', 'approval_requested', '/tools/@destructive'], ['ok', 'approval_given', '/tools/@destructive'], ['ok', null, '/tools/@destructive']]);
  });
});
