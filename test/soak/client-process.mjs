/**
 * A client that is going to be killed: opens sessions given as JSON in argv[2] ({ url, headers, sessions }), makes a call on each, leaves a
 * long call running on each, says `ready` and waits for its SIGKILL.
 */
import { HttpClient } from '../../bench/lib/http-client.mjs';

const { url, headers, sessions } = JSON.parse(process.argv[2]);
for (let i = 0; i < sessions; i += 1) {
  const client = new HttpClient({ url, headers });
  await client.open();
  const answer = await client.ask(1, 'tools/call', '"name":"echo","arguments":{"text":"to be killed"}');
  if (answer.result?.content?.[0]?.text !== 'to be killed') throw new Error(`wrong answer: ${JSON.stringify(answer)}`);
  client.request(2, 'tools/call', '"name":"wait","arguments":{"ms":3000}', null, () => {});
}
setTimeout(() => process.stdout.write('ready\n'), 50);
setTimeout(() => process.exit(1), 60_000);
