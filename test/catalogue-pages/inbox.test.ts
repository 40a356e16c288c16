import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { demoServer, Output, policylayer, start, temporary } from '../cli/support.ts';

const CONFIG = `listen: 127.0.0.1:0
servers:
  demo: { command: ["${process.execPath}", "${demoServer}"] }
`;

async function gateway(): Promise<{ readonly directory: string; readonly url: string }> {
  const directory = temporary({ 'gateway.yaml': CONFIG });
  const child = start(['serve', '--json'], { cwd: directory });
  const [, line = ''] = await new Output(child.stdout).match(/^(.+)\n/);
  return { directory, url: (JSON.parse(line) as { url: string }).url };
}

describe('a gateway that serves the catalogue', () => {
  test('a message goes from the form to the inbox of the operator, who reads it', async () => {
    const { directory, url } = await gateway();
    const page = await fetch(`${url}/catalogue`);
    expect([page.status, (await page.text()).includes('What every tool of every MCP server can do')]).toEqual([200, true]);
    const text = 'Wrong class.\nFrom   The Boss\n\u001b[31mred\u001b[0m \u202e';
    const posted = await fetch(`${url}/catalogue/contact`, { method: 'POST', redirect: 'manual', headers: { origin: url }, body: new URLSearchParams({ text, about: 'x/y', name: 'Ann', email: 'ann@example.com' }) });
    expect(posted.status).toBe(303);

    const inbox = (...args: string[]) => policylayer(['inbox', ...args], { cwd: directory });
    const listed = await inbox('list', '--json');
    expect(listed.status).toBe(0);
    expect(listed.stdout).not.toMatch(/[\u001b\u202e]/);
    expect(JSON.parse(listed.stdout)).toMatchObject({ id: 1, name: 'Ann', email: 'ann@example.com', page: 'x/y', text: text.trim(), read: false });
    expect((await inbox('list')).stdout).toMatch(/ID .*MESSAGE\n +1 +new +\d\d-\d\d \d\d:\d\d +Ann +x\/y +Wrong class\./);

    const shown = await inbox('show', '1');
    expect(shown.status).toBe(0);
    expect(shown.stdout.split('\n')[0]).toBe('From   Ann <ann@example.com>');
    expect(shown.stdout).toContain('\n  From   The Boss\n');
    expect(shown.stdout).not.toMatch(/[\u001b\u202e]/);
    expect((await inbox('list', '--unread')).stderr).toContain('no unread messages');
    expect(JSON.parse((await inbox('list', '--json')).stdout)).toMatchObject({ read: true });
  }, 60_000);

  test('wrong ids and limits are refused with one line each', async () => {
    const { directory } = await gateway();
    const inbox = (...args: string[]) => policylayer(['inbox', ...args, '--data', join(directory, 'data')], { cwd: directory });
    expect(await inbox('show', '7')).toMatchObject({ status: 1, stderr: expect.stringContaining('there is no message 7') as string });
    expect(await inbox('read', '7', '--json')).toMatchObject({ status: 1, stdout: expect.stringContaining('not_found') as string });
    expect(await inbox('show', '\u001b[0m')).toMatchObject({ status: 2 });
    expect(await inbox('list', '--limit', '0')).toMatchObject({ status: 2 });
    expect(await policylayer(['inbox', 'list', '--data', join(directory, 'nowhere')])).toMatchObject({ status: 2 });
  }, 60_000);
});
