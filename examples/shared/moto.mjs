// A local AWS: moto, the server that answers AWS's HTTP APIs from memory. It records every request that it gets.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { freePort } from './stage.mjs';
import { download, pinned } from './uv.mjs';

const MOTO = 'moto[server]==5.2.5';
const CONSTRAINTS = fileURLToPath(new URL('moto.constraints.txt', import.meta.url));

/** Starts moto. @returns its URL, and the requests that it got */
export async function startMoto(stage) {
  await download(stage, MOTO, CONSTRAINTS);
  const port = await freePort();
  const recording = stage.path('aws.jsonl');
  const env = { ...process.env, ...pinned(CONSTRAINTS), UV_OFFLINE: '1', MOTO_ENABLE_RECORDING: 'true', MOTO_RECORDER_FILEPATH: recording };
  const child = stage.start('moto', 'uvx', ['--from', MOTO, 'moto_server', '--host', '127.0.0.1', '--port', String(port)], env);
  const url = `http://127.0.0.1:${port}`;
  await stage.ready('moto', child, async () => (await fetch(`${url}/moto-api/data.json`)).ok);
  console.log(`moto, a local AWS, listens on ${url}`);
  return { url, requests: () => readRequests(recording) };
}

/** Method, path and body of every AWS request in the recording. */
export function readRequests(recording) {
  if (!existsSync(recording)) return [];
  return readFileSync(recording, 'utf8').split('\n').filter((line) => line !== '').map((line) => {
    const { method, url, headers, body, body_encoded: encoded } = JSON.parse(line);
    const target = headers['X-Amz-Target'];
    return { method, path: new URL(url).pathname, action: target?.split('.').at(-1) ?? null, body: encoded ? Buffer.from(body, 'base64').toString('utf8') : body };
  }).filter(({ path }) => !path.startsWith('/moto-api/'));
}

/** The AWS profile that the servers use: keys that only moto takes. @returns the environment that names it */
export function writeProfile(stage, profileFile) {
  const file = profileFile ?? stage.path('aws-profile');
  if (profileFile === undefined) writeFileSync(file, '[default]\naws_access_key_id = example\naws_secret_access_key = example\n', { mode: 0o600 });
  return file;
}
