/** Resident memory that one more idle session costs: the slope of RSS over the number of open sessions, after a collection each time. */
import { fileURLToPath } from 'node:url';
import { BRIDGE_CONTENDERS, HTTP_CONTENDERS } from '../lib/contenders.mjs';
import { startHttp, startUpstream } from '../lib/field.mjs';
import { descendants, memoryKb, sleep } from '../lib/processes.mjs';
import { slope } from '../lib/stats.mjs';
import { table } from '../lib/table.mjs';

const GC = ['--expose-gc', '--import', fileURLToPath(new URL('../lib/gc-on-signal.mjs', import.meta.url))];

async function settledKb(pid) {
  process.kill(pid, 'SIGUSR2');
  await sleep(250);
  return memoryKb(pid);
}

/** Opens sessions step by step on one connection; the sessions stay, the connection does not matter. */
async function grow(contender, steps, perStep, warmUp) {
  const client = contender.client();
  const opened = [];
  const open = async (count) => {
    for (let i = 0; i < count; i += 1) {
      delete client.headers['mcp-session-id'];
      delete client.headers['mcp-protocol-version'];
      client.sessionId = null;
      await client.open();
      opened.push(client.sessionId);
    }
  };
  try {
    await open(warmUp);
    const points = [[0, await settledKb(contender.pid)]];
    const childrenBefore = descendants(contender.pid);
    for (let step = 1; step <= steps; step += 1) {
      await open(perStep);
      points.push([step * perStep, await settledKb(contender.pid)]);
    }
    const children = descendants(contender.pid).filter((pid) => !childrenBefore.includes(pid));
    const childKb = children.reduce((sum, pid) => sum + memoryKb(pid), 0) / (steps * perStep);
    return { baseKb: points[0][1], kbPerSession: slope(points), childrenPerSession: children.length / (steps * perStep), childKbPerSession: childKb, points };
  } finally {
    for (const id of opened) {
      client.headers['mcp-session-id'] = id;
      client.sessionId = id;
      await client.delete();
    }
    await client.client.destroy();
  }
}

async function group(run, where, title, field, steps, perStep, warmUp) {
  const results = [];
  for (const contender of field) {
    if (contender.direct === true) continue;
    run.progress(`${where}, ${contender.name}`);
    try {
      results.push({ name: contender.name, ...(await grow(contender, steps, perStep, warmUp)) });
    } catch (error) {
      run.failed(where, contender, error.message);
    }
  }
  run.print(
    table(
      title,
      ['contender', 'KB/session', 'RSS before, MB', 'processes/session', 'their MB/session'],
      results.map((r) => [r.name, r.kbPerSession, r.baseKb / 1024, r.childrenPerSession, r.childKbPerSession / 1024]),
    ),
  );
  return results;
}

export async function idleMemory(run) {
  const upstream = await startUpstream(run);
  let field = await startHttp(run, 'idle sessions', HTTP_CONTENDERS.filter(({ direct, baseline, ours }) => direct || baseline || ours), { upstream, nodeArgs: GC });
  let http;
  try {
    http = await group(run, 'idle sessions, HTTP', `Idle sessions, HTTP upstream (${run.quick ? 100 : 800} opened)`, field, 4, run.quick ? 25 : 200, run.quick ? 20 : 100);
  } finally {
    for (const contender of field) await contender.stop();
    await upstream.stop();
  }
  field = await startHttp(run, 'idle sessions', BRIDGE_CONTENDERS.filter(({ peer }) => !run.quick || peer !== true), { nodeArgs: GC });
  try {
    const stdio = await group(run, 'idle sessions, stdio', `Idle sessions, stdio upstream (${run.quick ? 3 : 12} opened)`, field, 3, run.quick ? 1 : 4, 2);
    return { http, stdio };
  } finally {
    for (const contender of field) await contender.stop();
  }
}
