// Stands between PolicyLayer and a server on stdio and writes down every tool call that arrives there, so that "it was refused"
// can be seen where it counts: a refused call is not in this file.
//
// Usage: node tap.mjs FILE COMMAND [ARGUMENTS...]
import { spawn } from 'node:child_process';
import { appendFileSync } from 'node:fs';

const [file, command, ...args] = process.argv.slice(2);
const server = spawn(command, args, { stdio: ['pipe', 'inherit', 'inherit'] });
server.once('error', (error) => {
  console.error(`${command} could not be started: ${error.message}`);
  process.exit(1);
});
server.once('exit', (code, signal) => process.exit(code ?? (signal === 'SIGTERM' ? 0 : 1)));
server.stdin.on('error', () => undefined);
for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => server.kill(signal));

let rest = '';
process.stdin.on('data', (chunk) => {
  // Written before it is passed on: what the server got is in the file.
  const lines = (rest + chunk.toString('latin1')).split('\n');
  rest = lines.pop();
  for (const line of lines) note(Buffer.from(line, 'latin1').toString('utf8'));
  server.stdin.write(chunk);
});
process.stdin.on('end', () => server.stdin.end());

function note(line) {
  if (!line.includes('tools/call')) return;
  const { method, params } = JSON.parse(line);
  if (method === 'tools/call') appendFileSync(file, `${JSON.stringify({ tool: params.name, arguments: params.arguments ?? {} })}\n`, { mode: 0o600 });
}
