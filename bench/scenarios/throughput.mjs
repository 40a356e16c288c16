/** Echo calls through every contender: HTTP to HTTP in both eras, HTTP to stdio, stdio to stdio. */
import { WARM_UP, workloads } from '../lib/closed-loop.mjs';
import { BRIDGE_CONTENDERS, HTTP_CONTENDERS, STDIO_CONTENDERS } from '../lib/contenders.mjs';
import { startHttp, startStdio, startUpstream } from '../lib/field.mjs';
import { STDIO_ECHO } from '../lib/policylayer.mjs';
import { interleave, summarise } from '../lib/rounds.mjs';
import { spread, table } from '../lib/table.mjs';

const HEAD = ['contender', 'c', 'calls/s', 'p50 ms', 'p99 ms', 'CPU µs/call', 'child µs', '× bare, CPU'];

function rows(summaries, connections) {
  return summaries.map((s) => [s.name, String(connections), s.rate?.median, s.p50?.median, s.p99?.median, s.cpuUs?.median, s.childUs?.median > 0.5 ? s.childUs.median : null, s.cpuRatio === null ? '–' : spread(s.cpuRatio)]);
}

/**
 * @param {object} run
 * @param {string} name
 * @param {object[]} field running contenders
 * @param {(contender: object, connections: number) => Promise<object[]>} openLanes
 * @param {readonly number[]} levels
 */
async function compare(run, name, title, field, openLanes, levels) {
  const all = [];
  const printed = [];
  for (const connections of levels) {
    run.progress(`${name}, ${connections} at once`);
    const entries = [];
    for (const contender of field) entries.push({ contender, lanes: await openLanes(contender, connections) });
    const measured = await interleave(run, name, entries, {
      rounds: run.quick ? 1 : 5,
      nextCall: workloads.echo,
      until: { ms: run.quick ? 300 : 600 },
      warmUp: connections === levels[0] ? (run.quick ? { ms: 400 } : WARM_UP) : { ms: 300 },
    });
    const summaries = summarise(measured);
    all.push({ connections, contenders: summaries });
    printed.push(...rows(summaries, connections));
    for (const { lanes } of entries) for (const lane of new Set(lanes)) await lane.doneWith?.();
  }
  run.print(table(title, HEAD, printed));
  return all;
}

/** One connection per lane; `sharedSession` puts them all into one session, so that a bridge needs only one child. */
const httpLanes = (sharedSession) => async (contender, connections) => {
  const lanes = [];
  for (let i = 0; i < connections; i += 1) {
    const client = contender.client();
    await client.open(sharedSession && i > 0 ? lanes[0].sessionId : null);
    client.doneWith = () => client.close({ endSession: !sharedSession });
    lanes.push(client);
  }
  if (sharedSession) {
    const [first, ...others] = lanes;
    first.doneWith = async () => {
      for (const other of others) await other.client.destroy();
      await first.close();
    };
    for (const other of others) other.doneWith = undefined;
  }
  return lanes;
};

export async function httpThroughput(run) {
  const upstream = await startUpstream(run);
  const field = await startHttp(run, 'http', HTTP_CONTENDERS, { upstream });
  try {
    return await compare(run, 'http', 'HTTP → HTTP, legacy era (one session per connection)', field, httpLanes(false), run.quick ? [8] : [1, 8, 32]);
  } finally {
    for (const contender of field) await contender.stop();
    await upstream.stop();
  }
}

export async function modernThroughput(run) {
  const upstream = await startUpstream(run);
  const field = await startHttp(run, 'modern', HTTP_CONTENDERS, { upstream, path: '/modern', modern: true });
  try {
    return await compare(run, 'modern', 'HTTP → HTTP, modern era (2026-07-28, no session)', field, httpLanes(false), [8]);
  } finally {
    for (const contender of field) await contender.stop();
    await upstream.stop();
  }
}

export async function bridgeThroughput(run) {
  const field = await startHttp(run, 'bridge', BRIDGE_CONTENDERS);
  try {
    return await compare(run, 'bridge', 'HTTP → stdio (one session, one child)', field, httpLanes(true), run.quick ? [8] : [1, 8, 32]);
  } finally {
    for (const contender of field) await contender.stop();
  }
}

export async function stdioThroughput(run) {
  const field = await startStdio(run, 'stdio', STDIO_CONTENDERS, { server: [process.execPath, STDIO_ECHO] });
  try {
    return await compare(run, 'stdio', 'stdio → stdio (c calls in flight)', field, async (contender, inFlight) => Array.from({ length: inFlight }, () => contender.client), run.quick ? [8] : [1, 8, 32]);
  } finally {
    for (const contender of field) await contender.stop();
  }
}
