/** Echo MCP server over stdio. `--list-bytes N` makes its tools/list that long. Ends when its stdin ends. */
import { echoServer } from './echo-core.mjs';

const at = process.argv.indexOf('--list-bytes');
const answer = echoServer({ listBytes: at < 0 ? 0 : Number(process.argv[at + 1]) });
const VERSION_KEY = 'io.modelcontextprotocol/protocolVersion';

/** One write per answer, as real servers do: batching them would flatter whatever reads them. */
const send = (json) => process.stdout.write(`${json}\n`);

let fragments = [];
process.stdin.on('data', (chunk) => {
  let from = 0;
  for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, from)) {
    fragments.push(chunk.subarray(from, end));
    const message = JSON.parse(fragments.length === 1 ? fragments[0].toString() : Buffer.concat(fragments).toString());
    fragments = [];
    from = end + 1;
    if (message.id !== undefined && message.method !== undefined) answer(message, message.params?._meta?.[VERSION_KEY] !== undefined, send);
  }
  if (from < chunk.length) fragments.push(chunk.subarray(from));
});
process.stdin.on('end', () => process.exit(0));
process.stdout.on('error', () => process.exit(0));
