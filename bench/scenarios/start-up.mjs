/** What a client waits for when it starts a stdio server through us: CPU from spawn to the answer of `initialize`, and to the first call. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { workloads } from '../lib/closed-loop.mjs';
import { STDIO_CONTENDERS } from '../lib/contenders.mjs';
import { STDIO_ECHO } from '../lib/policylayer.mjs';
import { cpuMs, descendants, lastLine, stop } from '../lib/processes.mjs';
import { summary } from '../lib/stats.mjs';
import { StdioClient } from '../lib/stdio-client.mjs';
import { spread, table } from '../lib/table.mjs';

async function once(plan, direct) {
  const began = performance.now();
  const client = new StdioClient(plan.command, plan.env);
  try {
    await client.open();
    const wallMs = performance.now() - began;
    const initializeMs = cpuMs(client.pid);
    const call = workloads.echo();
    const answer = await client.ask(call.id, call.method, call.params);
    if (!call.right(answer)) throw new Error(`wrong answer: ${JSON.stringify(answer).slice(0, 200)}`);
    const firstCallMs = cpuMs(client.pid);
    const childMs = direct ? 0 : descendants(client.pid).reduce((sum, pid) => sum + cpuMs(pid), 0);
    return { initializeMs, firstCallMs, childMs, wallMs };
  } catch (error) {
    throw new Error(`${error.message}: ${lastLine(client.child.said)}`, { cause: error });
  } finally {
    client.child.stdin.end();
    await stop(client.child, { graceMs: 2000 });
  }
}

export async function startUp(run) {
  run.progress('start-up');
  const entries = [];
  for (const contender of STDIO_CONTENDERS) {
    const dir = join(run.scratch, `start-${entries.length}`);
    mkdirSync(dir, { recursive: true });
    try {
      const plan = await contender.start({ dir, server: [process.execPath, STDIO_ECHO] });
      // The first start fills whatever is cached between starts (compiled policy, database); what is measured is the normal case.
      const first = await once(plan, contender.direct);
      entries.push({ contender, plan, first, times: [] });
    } catch (error) {
      run.failed('start-up', contender, error.message);
    }
  }
  for (let round = 0; round < (run.quick ? 3 : 11); round += 1) {
    for (let turn = 0; turn < entries.length; turn += 1) {
      const entry = entries[(turn + round) % entries.length];
      entry.times.push(await once(entry.plan, entry.contender.direct));
    }
  }
  const baseline = entries.find(({ contender }) => contender.baseline === true)?.times;
  const result = entries.map(({ contender, first, times }) => {
    const of = (pick) => summary(times.map(pick));
    const over = (pick) => (baseline === undefined || contender.baseline === true || contender.direct === true ? null : summary(times.map((time, i) => pick(time) - pick(baseline[i]))));
    return {
      name: contender.name,
      firstStartMs: first.initializeMs,
      initializeMs: of((time) => time.initializeMs),
      firstCallMs: of((time) => time.firstCallMs),
      childMs: of((time) => time.childMs),
      wallMs: of((time) => time.wallMs),
      overRelayMs: over((time) => time.initializeMs),
      overRelayFirstCallMs: over((time) => time.firstCallMs),
    };
  });
  run.print(
    table(
      'Start-up over stdio: CPU ms of the contender from spawn to the answer',
      ['contender', 'initialize', '(very first)', 'first call', 'wall ms', 'initialize − relay', 'call − relay'],
      result.map((r) => [r.name, r.initializeMs.median, r.firstStartMs, r.firstCallMs.median, r.wallMs.median, spread(r.overRelayMs), r.overRelayFirstCallMs?.median]),
    ),
  );
  return result;
}
