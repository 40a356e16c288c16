// Real servers and real clients, direct and through the gateway with a policy that allows everything: what comes back must
// be the same, byte by byte.
//
//   node test/conformance/real-servers.mjs [--only NAME,NAME] [--direct-only] [--launcher FILE]
//
// Exit status: 0 all equal, 1 a difference, 2 a server or client did not work direct either.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { pathToFileURL } from 'node:url';
import { CLIENTS } from './real-clients.mjs';
import { connectRaw, walk } from './stdio-peer.mjs';
import { missingPeers } from './peers.mjs';
import { serverCases } from './real-server-cases.mjs';

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    'direct-only': { type: 'boolean', default: false },
    launcher: { type: 'string' },
  },
});
const missing = missingPeers();
if (missing !== undefined) {
  console.error(missing);
  process.exit(2);
}
const launcher = values['direct-only']
  ? undefined
  : await import(
      values.launcher === undefined
        ? new URL('launch-gateway.mjs', import.meta.url).href
        : pathToFileURL(resolve(values.launcher)).href
    );
const wanted = values.only?.split(',');

async function walkThrough(command, call) {
  const peer = connectRaw(command);
  try {
    return await walk(peer, call);
  } finally {
    await peer.close();
  }
}

/** The first place where two answers differ, with what is around it. */
function firstDifference(before, after) {
  const limit = Math.min(before.length, after.length);
  let at = 0;
  while (at < limit && before[at] === after[at]) at += 1;
  const around = (bytes) => JSON.stringify(bytes.subarray(Math.max(0, at - 20), at + 40).toString('utf8'));
  return `at byte ${at} of ${before.length}/${after.length}: ${around(before)} became ${around(after)}`;
}

let differences = 0;
let broken = 0;

function compareAnswers(name, direct, through) {
  const bytes = direct.reduce((total, [, line]) => total + line.length, 0);
  const labels = direct.map(([label]) => label);
  const problems = [];
  if (labels.join() !== through.map(([label]) => label).join()) problems.push('other answers came back');
  direct.forEach(([label, line], index) => {
    const other = through[index]?.[1];
    if (other !== undefined && !line.equals(other)) problems.push(`${label}: ${firstDifference(line, other)}`);
  });
  differences += problems.length;
  console.log(`${problems.length === 0 ? 'equal' : 'DIFFERS'}  ${name}: ${labels.length} answers, ${bytes} bytes`);
  for (const problem of problems) console.log(`         ${problem}`);
}

/** Runs `measure` without and with the gateway; both return [label, Buffer] pairs. */
async function check(name, measureDirect, measureThrough) {
  let direct;
  try {
    direct = await measureDirect();
  } catch (error) {
    broken += 1;
    console.log(`BROKEN   ${name} direct: ${error.message}`);
    return;
  }
  if (launcher === undefined) {
    const bytes = direct.reduce((total, [, line]) => total + line.length, 0);
    console.log(`direct   ${name}: ${direct.length} answers, ${bytes} bytes`);
    return;
  }
  try {
    compareAnswers(name, direct, await measureThrough());
  } catch (error) {
    differences += 1;
    console.log(`DIFFERS  ${name}: works direct, fails through the gateway: ${error.message}`);
  }
}

const directory = await mkdtemp(join(tmpdir(), 'real-servers-'));
await writeFile(join(directory, 'note.txt'), 'A note: größe, 数, 1e400, 9007199254740993\n');
const site = createServer((req, res) => {
  res.writeHead(req.url === '/page' ? 200 : 404, { 'content-type': 'text/html' });
  res.end('<html><body><h1>Page</h1><p>Nothing but text.</p></body></html>');
}).listen(0, '127.0.0.1');
await once(site, 'listening');

try {
  for (const { name, command, call } of serverCases(directory, `http://127.0.0.1:${site.address().port}/page`)) {
    if (wanted !== undefined && !wanted.includes(name)) continue;
    await check(
      name,
      () => walkThrough(command, call),
      async () => {
        const front = await launcher.stdioCommand({ command });
        try {
          return await walkThrough(front.command, call);
        } finally {
          await front.stop();
        }
      },
    );
  }
  for (const client of CLIENTS) {
    if (wanted !== undefined && !wanted.includes(client.name)) continue;
    await check(
      client.name,
      () => client.direct(),
      () => client.through(launcher),
    );
  }
} finally {
  site.close();
  await rm(directory, { recursive: true, force: true });
}
console.log(`\n${differences} differences, ${broken} not usable direct`);
process.exitCode = differences > 0 ? 1 : broken > 0 ? 2 : 0;
