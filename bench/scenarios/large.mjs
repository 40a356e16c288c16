/** Large messages: a tools/list of 600 KB and results of 8 MB, over HTTP and stdio. */
import { blobText, echoServer } from '../servers/echo-core.mjs';
import { workloads } from '../lib/closed-loop.mjs';
import { HTTP_CONTENDERS, STDIO_CONTENDERS } from '../lib/contenders.mjs';
import { startHttp, startStdio, startUpstream } from '../lib/field.mjs';
import { HIDING_POLICY, STDIO_ECHO } from '../lib/policylayer.mjs';
import { memoryKb } from '../lib/processes.mjs';
import { interleave, summarise } from '../lib/rounds.mjs';
import { spread, table } from '../lib/table.mjs';

const LIST_BYTES = 600_000;
const BLOB_BYTES = 8_000_000;
const HEAD = ['contender', 'messages/s', 'p50 ms', 'p99 ms', 'CPU ms/call', '× bare relay, CPU', 'RSS MB'];

/** How many tools the long list has: all of them, and those that HIDING_POLICY leaves. */
function listCounts() {
  let tools = [];
  echoServer({ listBytes: LIST_BYTES })({ id: 1, method: 'tools/list' }, false, (json) => {
    ({ tools } = JSON.parse(json).result);
  });
  return { all: tools.length, shown: tools.filter(({ name }) => !name.startsWith('filler_000')).length };
}

async function compare(run, name, title, field, lanesOf, nextCall, calls) {
  run.progress(name);
  const entries = [];
  for (const contender of field) entries.push({ contender, lanes: await lanesOf(contender) });
  const measured = await interleave(run, name, entries, { rounds: run.quick ? 1 : 5, nextCall, until: { calls }, warmUp: { calls: Math.ceil(calls / 2) } });
  const summaries = summarise(measured).map((s, i) => ({ ...s, rssMb: memoryKb(entries[i].contender.pid) / 1024 }));
  run.print(table(title, HEAD, summaries.map((s) => [s.name, s.rate?.median, s.p50?.median, s.p99?.median, s.cpuUs === null ? null : s.cpuUs.median / 1000, s.cpuRatio === null ? '–' : spread(s.cpuRatio), s.rssMb])));
  for (const { lanes } of entries) for (const lane of lanes) await lane.doneWith?.();
  return summaries;
}

const oneLane = async (contender) => {
  const client = contender.client();
  await client.open();
  client.doneWith = () => client.close();
  return [client];
};

export async function large(run) {
  const counts = listCounts();
  const blob = blobText(BLOB_BYTES);
  const results = {};
  const upstream = await startUpstream(run, ['--list-bytes', String(LIST_BYTES)]);
  const field = await startHttp(run, 'large, HTTP', HTTP_CONTENDERS.filter(({ name }) => name !== 'policylayer, no rule'), { upstream, path: '/legacy-large' });
  try {
    results.listHttp = await compare(run, 'tools/list of 600 KB, HTTP', `tools/list of 600 KB over HTTP (${counts.all} tools)`, field, oneLane, workloads.list(counts.all), run.quick ? 5 : 25);
    results.blobHttp = await compare(run, 'results of 8 MB, HTTP', 'Results of 8 MB over HTTP', field, oneLane, workloads.blob(blob), run.quick ? 2 : 5);
  } finally {
    for (const contender of field) await contender.stop();
    await upstream.stop();
  }
  const server = [process.execPath, STDIO_ECHO, '--list-bytes', String(LIST_BYTES)];
  const stdio = await startStdio(run, 'large, stdio', STDIO_CONTENDERS, { server });
  const lane = async (contender) => [contender.client];
  try {
    results.listStdio = await compare(run, 'tools/list of 600 KB, stdio', 'tools/list of 600 KB over stdio', stdio, lane, workloads.list(counts.all), run.quick ? 5 : 25);
    results.blobStdio = await compare(run, 'results of 8 MB, stdio', 'Results of 8 MB over stdio', stdio, lane, workloads.blob(blob), run.quick ? 2 : 5);
  } finally {
    for (const contender of stdio) await contender.stop();
  }
  const hiding = await startStdio(run, 'large, edited list', STDIO_CONTENDERS.filter(({ ours }) => ours), { server, policy: HIDING_POLICY });
  try {
    if (hiding.length > 0) {
      results.listEdited = await compare(run, 'tools/list of 600 KB, edited', `tools/list of 600 KB over stdio, ${counts.all - counts.shown} tools hidden`, hiding, lane, workloads.list(counts.shown), run.quick ? 5 : 25);
    }
  } finally {
    for (const contender of hiding) await contender.stop();
  }
  return results;
}
