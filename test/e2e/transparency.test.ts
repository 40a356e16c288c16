import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { conversation, type Conversation, type Era } from './transparency/conversation.ts';
import { endToEnd, httpPlan, messagesOf, playHttp, type HttpAction, type HttpTrace } from './transparency/http-session.ts';
import { OddJson } from './transparency/odd-json.ts';
import { scriptedStdioPlan, modernHttpPlan, scriptedHttpPlan } from './transparency/scripted.ts';
import { Score } from './transparency/score.ts';
import { playStdio, stdioPlan, type StdioPlan } from './transparency/stdio-session.ts';
import { fixture, program, World, type Gateway } from './world.ts';

/** The same in every run, and one series that is new each time. The seed stands in the output; POLICYLAYER_SEED repeats a series. */
const FIXED_SEEDS = [1, 2, 3];
const RANDOM_SEED = Number(process.env['POLICYLAYER_SEED'] ?? Date.now() % 1_000_000_000);
const HTTP_SESSIONS = 12;
const STDIO_SESSIONS = 3;

const ALLOW_ALL = 'version: "1"\ndefault: allow\n';
/** Rules of every kind, about things that no session touches. Lists of a policy that hides say so to modern caches (L5), hence no `hide` there. */
const ELSEWHERE = (era: Era): string => `version: "1"
default: allow
tools:
  elsewhere: deny
  "elsewhere_*": { rate_limit: 1/minute }
  ${era === 'legacy' ? '"hidden_*": hide' : '"refused_*": deny'}
prompts: { elsewhere: deny }
resources: { "file:///elsewhere/*": deny }
client: { sampling: allow }
`;
const GRANTS = ['allow-all', 'elsewhere-legacy', 'elsewhere-modern'];

const world = new World();
const all = new Score();
let echo: URL;
let gateway: Gateway;

/**
 * Sessions list one tool with other random definitions each, characters that nobody sees among them: what drift holds back, as it should. With `warn` they are
 * pinned and compared like any others, and all pass.
 */
beforeAll(async () => {
  world.write('allow-all.yaml', ALLOW_ALL);
  world.write('elsewhere-legacy.yaml', ELSEWHERE('legacy'));
  world.write('elsewhere-modern.yaml', ELSEWHERE('modern'));
  echo = new URL(await world.httpServer(fixture('byte-echo.mjs'), ['--http', '0', '--tag', world.directory]));
  gateway = await world.serve(JSON.stringify({
    listen: '127.0.0.1:0', servers: { echo: { url: echo.href, drift: 'warn' } }, policies: Object.fromEntries(GRANTS.map((name) => [name, `${name}.yaml`])),
    grants: GRANTS.map((name) => ({ label: name, server: 'echo', policies: [name], token: `plg_transparency-${name}` })),
  }), world.path('data'));
}, 60_000);

afterAll(async () => {
  process.stdout.write(`${all.line()}; seeds ${FIXED_SEEDS.join(', ')} and ${RANDOM_SEED}\n`);
  expect(await world.close()).toEqual([]);
}, 30_000);

/** Draws `count` sessions from a seed. Methods that nobody knows pass only where no policy restricts anything. */
function draw<T>(seed: number, count: number, http: boolean, plan: (odd: OddJson, talk: Conversation) => T): { readonly era: Era; readonly plan: T; readonly ways: readonly string[] }[] {
  return fc.sample(fc.gen(), { seed, numRuns: count }).map((g, index) => {
    const odd = new OddJson(g, http);
    const era: Era = index % 5 < 3 ? 'legacy' : 'modern';
    const unknownMethods = index % 4 === 3;
    return { era, plan: plan(odd, conversation(odd, era, { unknownMethods, http })), ways: unknownMethods ? ['allow-all'] : ['allow-all', `elsewhere-${era}`] };
  });
}

/** Plays a session directly and through the gateway under each policy, and counts. */
async function compareHttp(score: Score, name: string, plan: readonly HttpAction[], ways: readonly string[]): Promise<void> {
  const direct = await playHttp(echo, echo, null, plan);
  expect(direct.received, 'the direct way itself').toHaveLength(plan.reduce((sum, action) => sum + 1 + action.during.length, 0));
  for (const way of ways) {
    const through = await playHttp(echo, new URL('/mcp/echo', gateway.url), `Bearer plg_transparency-${way}`, plan);
    const where = `${name}, ${way}`;
    const compare = (kind: string, read: (trace: HttpTrace) => readonly Buffer[]): void => score.compare(`HTTP ${kind}`, where, read(direct), read(through));
    compare('request bodies', ({ received }) => received.map(({ body }) => body));
    compare('request heads', ({ received }) => received.map(({ method, headers, cut }) => Buffer.concat([Buffer.from(`${method} ${cut}\n`), endToEnd(headers)])));
    compare('statuses', ({ answers }) => answers.map(({ status }) => Buffer.from(status)));
    compare('answer heads', ({ answers }) => answers.map(({ headers }) => endToEnd(headers)));
    for (const [index, answer] of direct.answers.entries()) {
      const other = through.answers[index];
      score.compare('HTTP messages down', `${where}, answer ${index}`, messagesOf(answer), other === undefined ? [] : messagesOf(other));
    }
  }
}

async function compareStdio(score: Score, name: string, plan: StdioPlan, ways: readonly string[]): Promise<void> {
  const [direct, ...through] = await Promise.all([
    playStdio(world, `${name}.direct`, plan, []),
    ...ways.map((way) => playStdio(world, `${name}.${way}`, plan, [process.execPath, program, 'run', '--policy', world.path(`${way}.yaml`), '--data', world.path('run'), '--server', 'echo', '--drift', 'warn', '--'])),
  ]);
  expect(direct.up, 'the direct way itself').toHaveLength(plan.flat().length);
  for (const [index, trace] of through.entries()) {
    score.compare('stdio messages up', `${name}, ${ways[index]}`, direct.up, trace.up);
    score.compare('stdio messages down', `${name}, ${ways[index]}`, direct.down, trace.down);
  }
}

/** Counts what a test compares, also when it fails, and shows where the first differences are. */
async function scored(test: (score: Score) => Promise<void>): Promise<void> {
  const score = new Score();
  try {
    await test(score);
  } finally {
    all.add(score);
  }
  expect(score.differences).toEqual([]);
}

describe.each([...FIXED_SEEDS, RANDOM_SEED])('generated sessions, seed %i', (seed) => {
  it('[T11] pass over HTTP as if nothing stood between', () => scored(async (score) => {
    for (const [index, { plan, ways }] of draw(seed, HTTP_SESSIONS, true, httpPlan).entries()) await compareHttp(score, `seed ${seed}, session ${index}`, plan, ways);
  }), 90_000);

  it('pass over stdio as if nothing stood between', () => scored(async (score) => {
    for (const [index, { plan, ways }] of draw(seed, STDIO_SESSIONS, false, stdioPlan).entries()) await compareStdio(score, `seed-${seed}-${index}`, plan, ways);
  }), 90_000);
});

describe('scripted sessions', () => {
  it('pass over HTTP: megabytes, odd streams, pages that are no messages', () => scored(async (score) => {
    await compareHttp(score, 'scripted', scriptedHttpPlan(), ['allow-all', 'elsewhere-legacy']);
    await compareHttp(score, 'scripted modern', modernHttpPlan(), ['allow-all', 'elsewhere-modern']);
  }), 60_000);

  it('pass over stdio: megabytes in both directions, and the order of what is sent at once', () => scored(async (score) => {
    await compareStdio(score, 'scripted', scriptedStdioPlan(), ['allow-all', 'elsewhere-legacy']);
  }), 60_000);
});

it('the score is one hundred per cent', () => {
  expect(all.total).toBeGreaterThan(3_000);
  expect(all.equal).toBe(all.total);
});
