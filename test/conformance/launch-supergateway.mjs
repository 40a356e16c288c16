// A rival in our place (`run.mjs --launcher test/conformance/launch-supergateway.mjs --legs http-stdio`): shows that the
// harness sees what a gateway loses.
import { fileURLToPath } from 'node:url';
import { freePort, listeningPort, start } from './processes.mjs';

const bin = fileURLToPath(new URL('../peers/node_modules/supergateway/dist/index.js', import.meta.url));

export async function launchServe(upstream) {
  if (upstream.command === undefined) throw new Error('supergateway has no HTTP to HTTP mode');
  const port = await freePort();
  const options = { '--stdio': upstream.command.join(' '), '--outputTransport': 'streamableHttp', '--port': String(port), '--logLevel': 'none' };
  const gateway = start([process.execPath, bin, '--stateful', ...Object.entries(options).flat()]);
  await listeningPort(gateway, 'supergateway', port);
  return { url: `http://127.0.0.1:${port}/mcp`, token: 'not-looked-at', stop: () => gateway.stop(), output: gateway.output };
}
