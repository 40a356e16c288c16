// Lists the tools of one server with the code of `policylayer scan`, and writes what it served, byte for byte, to a file.
// Bundled by scan.mjs; usage: node lister.mjs REQUEST.json. One line of JSON on stdout says how it ended.
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { ScanFailure } from '../../../src/gateway/scan/scan-failure.ts';
import { scanUpstream } from '../../../src/gateway/scan/scan-upstream.ts';
import { canonicalJson } from '../../../src/gateway/approvals/canonical.ts';

const STDERR_KEPT = 64 * 1024;
const { command, timeoutMs, output } = JSON.parse(readFileSync(process.argv[2], 'utf8'));
let stderr = '';
const ending = new AbortController();
process.on('SIGTERM', () => ending.abort());

try {
  const { server, tools } = await scanUpstream({
    upstream: { kind: 'command', spec: { command, env: {}, cwd: '/', inheritEnv: false } },
    timeoutMs,
    progress: () => {},
    stderr: (chunk) => {
      stderr = (stderr + chunk.toString('utf8')).slice(-STDERR_KEPT);
    },
    signal: ending.signal,
  });
  const hashes = tools.map((tool) => createHash('sha256').update(canonicalJson(tool, 'keep') ?? tool.bytes()).digest('hex'));
  // The definitions stay as the server wrote them: sizes are of these bytes.
  writeFileSync(output, `{"server":${JSON.stringify(server)},"sha256":${JSON.stringify(hashes)},"tools":[\n${tools.map((tool) => tool.lexeme()).join(',\n')}\n]}\n`);
  process.stdout.write(`${JSON.stringify({ ok: true, tools: tools.length, stderr })}\n`);
} catch (error) {
  if (!(error instanceof ScanFailure)) throw error;
  process.stdout.write(`${JSON.stringify({ ok: false, status: error.status, message: error.message, stderr })}\n`);
}
