import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { get, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { World } from '../harness.ts';

const directory = mkdtempSync(join(tmpdir(), 'policylayer-web-'));
let world: World;
beforeAll(async () => {
  mkdirSync(join(directory, 'dist/assets'), { recursive: true });
  writeFileSync(join(directory, 'dist/index.html'), '<!doctype html><script nonce="__CSP_NONCE__" src="/assets/app-abc123.js"></script><style nonce="__CSP_NONCE__"></style>');
  writeFileSync(join(directory, 'dist/assets/app-abc123.js'), `// ${'code '.repeat(1_000)}`);
  writeFileSync(join(directory, 'dist/favicon.svg'), '<svg xmlns="http://www.w3.org/2000/svg"/>');
  writeFileSync(join(directory, 'outside.txt'), 'outside');
  symlinkSync(join(directory, 'outside.txt'), join(directory, 'dist/assets/link.txt'));
  world = await World.start({ webDirectory: join(directory, 'dist') });
});
afterAll(async () => {
  await world.stop();
  rmSync(directory, { recursive: true, force: true });
});

interface Page {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

/** Exactly this path, which fetch would tidy. */
function visit(path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Page> {
  return new Promise((resolve, reject) => {
    get(world.url, { path, headers, method }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk)).on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) })).on('error', reject);
    }).on('error', reject);
  });
}

describe('the dashboard\'s files', () => {
  it.each(['/', '/servers', '/servers/tickets', '/policies/a/b', '/journal', '/inbox/approvals', '/sign-in', '/settings?x=1'])('%s is the page, with a nonce that is its own', async (path) => {
    const [one, two] = [await visit(path), await visit(path)];
    expect([one.status, one.headers['content-type'], one.headers['cache-control']]).toEqual([200, 'text/html; charset=utf-8', 'no-store']);
    const nonce = /nonce="([^"]+)"/.exec(one.body.toString())?.[1] ?? '';
    expect(nonce).toMatch(/^[A-Za-z0-9_-]{22}$/);
    expect(one.body.toString()).not.toContain('__CSP_NONCE__');
    expect(two.body.toString()).not.toContain(nonce);
    const policy = one.headers['content-security-policy'];
    expect(policy).toContain(`script-src 'self' 'nonce-${nonce}'`);
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toContain('unsafe');
  });

  it('are kept for ever by browsers when their name holds their hash, and are packed', async () => {
    const asset = await visit('/assets/app-abc123.js', { 'accept-encoding': 'gzip' });
    expect(asset.headers).toMatchObject({ 'cache-control': 'public, max-age=31536000, immutable', 'content-type': 'text/javascript; charset=utf-8', 'content-encoding': 'gzip', vary: 'accept-encoding', 'x-content-type-options': 'nosniff' });
    expect(gunzipSync(asset.body).toString()).toMatch(/^\/\/ code /);
    expect((await visit('/assets/app-abc123.js')).headers['content-encoding']).toBeUndefined();
    const icon = await visit('/favicon.svg');
    expect(icon.headers['cache-control']).toBe('no-cache');
    expect((await visit('/favicon.svg', { 'if-none-match': icon.headers.etag ?? '' })).status).toBe(304);
    expect((await visit('/assets/app-abc123.js', {}, 'HEAD')).body).toHaveLength(0);
  });

  it.each(['/assets/../../outside.txt', '/assets/..%2f..%2foutside.txt', '/assets/%2e%2e/%2e%2e/outside.txt', '/assets/link.txt', '/assets/', '/assets/nothing.js', '/assets/app-abc123.js/..', '//etc/passwd', '/assets/app-abc123.js%00.txt'])('nothing outside of them is served: %s', async (path) => {
    const answer = await visit(path);
    expect(answer.status).toBe(404);
    expect(answer.body.toString()).not.toContain('outside');
  });

  it('that were replaced under a running gateway are not found any more, and a page that is missing for a moment is told as that', async () => {
    const dist = join(directory, 'replaced');
    mkdirSync(join(dist, 'assets'), { recursive: true });
    for (const name of ['index.html', 'favicon.svg', 'assets/old-1.js', 'assets/kept-1.js']) writeFileSync(join(dist, name), '<!doctype html>old');
    const running = await World.start({ webDirectory: dist });
    const at = async (path: string): Promise<readonly [number, string]> => {
      const response = await fetch(`${running.url}${path}`);
      return [response.status, response.headers.get('cache-control') ?? ''];
    };
    try {
      expect((await at('/assets/kept-1.js'))[0]).toBe(200);
      rmSync(dist, { recursive: true });
      expect(await at('/assets/old-1.js')).toEqual([404, 'no-store']);
      expect(await at('/favicon.svg')).toEqual([404, 'no-store']);
      expect(await at('/servers')).toEqual([503, 'no-store']);
      mkdirSync(join(dist, 'assets'), { recursive: true });
      writeFileSync(join(dist, 'index.html'), '<!doctype html>new');
      writeFileSync(join(dist, 'assets/new-1.js'), 'new');
      expect(await (await fetch(`${running.url}/servers`)).text()).toContain('new');
      expect((await at('/assets/new-1.js'))[0]).toBe(200);
      expect((await at('/favicon.svg'))[0]).toBe(404);
    } finally {
      await running.stop();
    }
  });

  it('take nothing but GET and HEAD, and shadow no address of others', async () => {
    expect((await visit('/servers', {}, 'POST')).status).toBe(405);
    expect((await visit('/healthz')).headers['content-type']).toBe('application/json');
    for (const path of ['/mcp/nothing', '/elsewhere', '/metrics-of-mine']) expect((await visit(path)).headers['content-type'], path).not.toContain('text/html');
  });

  it('are not there without a build of the dashboard, and the API is', async () => {
    const bare = await World.start();
    try {
      expect((await fetch(`${bare.url}/servers`)).status).toBe(404);
      expect((await fetch(`${bare.url}/api/v1/session`)).status).toBe(200);
    } finally {
      await bare.stop();
    }
  });
});
