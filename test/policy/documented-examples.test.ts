import { describe, expect, it } from 'vitest';
import { compile, loadPolicy, PolicyError } from '../../src/policy/index.ts';
import { setOf } from './load.ts';

// The examples of policy.md and one with hide, letter by letter: they are what the product promises.
const LIMITED = `version: "1"
default: deny                       # what happens to a tool that no rule names
tools:
  CloneContainerToECR:
    rate_limit: { max: 10, window: 60 }        # 10 calls per 60 seconds, counted per agent session
`;
const DENIED = `version: "1"
default: allow
tools:
  CloneContainerToECR:
    action: deny
    reason: Images reach the production registry through CI only
`;
const APPROVED = `version: "1"
default: deny
tools:
  "describe_*": allow
  CloneContainerToECR: require_approval
`;
const HIDDEN = `version: "1"
default: allow
tools:
  CloneContainerToECR: hide
`;

describe('the documented examples', () => {
  it('limit one tool and deny every other, without a warning', async () => {
    const loaded = await loadPolicy(LIMITED, { name: 'ecr' });
    expect(loaded).toMatchObject({ ok: true, warnings: [] });
    const set = await setOf(LIMITED);
    const decision = set.decide({ kind: 'tool', name: 'CloneContainerToECR' });
    expect(decision).toMatchObject({ effect: 'allow', code: null, wouldBe: null });
    expect(decision.limits).toMatchObject([{ max: 10, windowMs: 60_000, per: ['session'], enforce: true, onStateError: 'deny', spansTools: false, kind: 'tool', selector: 'CloneContainerToECR' }]);
    expect(set.decide({ kind: 'tool', name: 'DeleteRepository' })).toMatchObject({ effect: 'deny', code: 'default_denied', rule: '/default' });
  });

  it('deny one tool for a reason and allow every other', async () => {
    const set = await setOf(DENIED);
    expect(set.decide({ kind: 'tool', name: 'CloneContainerToECR' })).toMatchObject({
      effect: 'deny', code: 'denied', rule: '/tools/CloneContainerToECR', reason: 'Images reach the production registry through CI only',
    });
    expect(set.decide({ kind: 'tool', name: 'DescribeRepositories' })).toMatchObject({ effect: 'allow', limits: [] });
    expect(set.forwardsUnknown).toBe(false);
  });

  it('ask before one tool, allow those that only describe, and deny every other', async () => {
    const loaded = await loadPolicy(APPROVED, { name: 'ecr', file: 'ecr.yaml' });
    expect(loaded).toMatchObject({ ok: true, warnings: [] });
    const set = await setOf(APPROVED);
    expect(set.decide({ kind: 'tool', name: 'CloneContainerToECR', args: null })).toMatchObject({
      effect: 'require_approval', code: null, rule: '/tools/CloneContainerToECR', wouldBe: null,
      approval: { timeoutMs: 3_600_000, waitMs: 30_000, needed: 1, approvers: null, via: ['cli', 'dashboard', 'link', 'webhook'] },
    });
    expect(set.visibility({ kind: 'tool', name: 'CloneContainerToECR' })).toBe('require_approval');
    expect(set.decide({ kind: 'tool', name: 'describe_images' })).toMatchObject({ effect: 'allow', approval: null });
    expect(set.decide({ kind: 'tool', name: 'DeleteRepository' })).toMatchObject({ effect: 'deny', code: 'default_denied' });
  });

  it('hide one tool', async () => {
    const set = await setOf(HIDDEN);
    expect(set.visibility({ kind: 'tool', name: 'CloneContainerToECR' })).toBe('hide');
    expect([set.mayHide('tool'), set.mayHide('prompt'), set.isOpen('prompt'), set.isOpen('tool')]).toEqual([true, false, true, false]);
  });
});

describe('the library', () => {
  it('compiles a policy in one step', async () => {
    const set = await compile(DENIED, { name: 'ecr' });
    expect(set.decide({ kind: 'tool', name: 'CloneContainerToECR' }).effect).toBe('deny');
  });
  it('throws every error of a policy that cannot be loaded', async () => {
    const failure = await compile('version: 2\ndefault: no', { name: 'x' }).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(PolicyError);
    expect((failure as PolicyError).diagnostics.map((diagnostic) => diagnostic.code)).toEqual(['bad_version', 'bad_action']);
  });
});
