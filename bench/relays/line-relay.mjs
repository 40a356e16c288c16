/**
 * The bare line relay that `policylayer run` is measured against: starts a stdio server, parses every line once in both
 * directions, forwards the original bytes. Usage: `line-relay.mjs -- COMMAND ARGS…`
 */
import { spawn } from 'node:child_process';

const [command, ...args] = process.argv.slice(process.argv.indexOf('--') + 1);
const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });

function relayLines(source, sink) {
  let fragments = [];
  sink.on('drain', () => source.resume());
  source.on('data', (chunk) => {
    let from = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, from)) {
      fragments.push(chunk.subarray(from, end + 1));
      const line = fragments.length === 1 ? fragments[0] : Buffer.concat(fragments);
      fragments = [];
      from = end + 1;
      const message = JSON.parse(line.toString());
      if (message.jsonrpc === '2.0' && !sink.write(line)) source.pause();
    }
    if (from < chunk.length) fragments.push(chunk.subarray(from));
  });
}

relayLines(process.stdin, child.stdin);
relayLines(child.stdout, process.stdout);
process.stdin.on('end', () => child.stdin.end());
child.stdin.on('error', () => {});
child.on('exit', (code) => {
  process.exitCode = code ?? 1;
  process.stdin.destroy();
});
