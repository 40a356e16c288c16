/** An echo server that does not want to go: it stays when its stdin ends and shrugs off SIGTERM. Only SIGKILL ends it, or ten minutes. */
import { echoServer } from '../../bench/servers/echo-core.mjs';

const answer = echoServer();
let text = '';
process.stdin.on('data', (chunk) => {
  text += chunk;
  const lines = text.split('\n');
  text = lines.pop();
  for (const line of lines) {
    const message = JSON.parse(line);
    if (message.id !== undefined) answer(message, false, (json) => process.stdout.write(`${json}\n`));
  }
});
process.stdout.on('error', () => {});
process.stdin.on('error', () => {});
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(signal, () => {});
setTimeout(() => process.exit(1), 600_000);
