import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { check, type CheckArguments } from '../../../src/cli/commands/check.ts';
import { demoServer } from '../support.ts';
import { Captured, expectGolden, files } from './capture.ts';

let directory = '';
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'check-against-'));
  writeFileSync(join(directory, 'demo.policy.yaml'), 'version: "1"\ndefault: deny\ntools: { describe_image: allow, delete_imge: deny, "rotate_*": deny, "list_*": allow, clone_container: allow, delete_image: deny }\n');
  writeFileSync(join(directory, 'sound.policy.yaml'), 'version: "1"\ndefault: deny\ntools: { "*": allow }\n');
  writeFileSync(join(directory, 'broken.policy.yaml'), 'version: 1\n');
});
afterAll(() => rmSync(directory, { recursive: true }));

async function run(names: readonly string[], options: Partial<CheckArguments>, folder = directory): Promise<{ status: number; out: string; err: string }> {
  const [stdout, stderr] = [new Captured(), new Captured()];
  const status = await check({ files: names.map((name) => join(folder, name)), stdout, stderr, ...options });
  return { status, out: stdout.text.replaceAll(`${folder}/`, ''), err: stderr.text };
}

const definitions = join(files, 'tools.json');

describe('check against definitions', () => {
  it('tells what only the tools of the server can tell, and the status stays 0', async () => {
    const { status, out, err } = await run(['stripe.policy.yaml', 'second.policy.yaml'], { definitions }, files);
    expect(err).toBe('');
    expectGolden('check-against', out);
    expect(status).toBe(0);
  });

  it('--strict gives status 1 for a warning, and 0 without one', async () => {
    expect((await run(['stripe.policy.yaml'], { definitions, strict: true }, files)).status).toBe(1);
    expect((await run(['sound.policy.yaml'], { definitions, strict: true })).status).toBe(0);
    expect((await run(['stripe.policy.yaml'], { strict: true }, files)).status).toBe(0);
  });

  it('a file that cannot be loaded outranks warnings', async () => {
    expect((await run(['broken.policy.yaml', 'demo.policy.yaml'], { definitions, strict: true })).status).toBe(2);
  });

  it('asks a server for its tools and ends it', async () => {
    const { status, out } = await run(['demo.policy.yaml'], { command: [process.execPath, demoServer] });
    expect(out).toContain('this server has no tool `delete_imge`');
    expect(out).toContain('did you mean `delete_image`?');
    expect(out).toContain('Held against 5 tools of demo-registry');
    expect(status).toBe(0);
  });

  it('machines get warnings with their places, and what the policies were held against', async () => {
    const { out } = await run(['demo.policy.yaml'], { command: [process.execPath, demoServer], json: true });
    expect(JSON.parse(out)).toMatchObject({
      against: { origin: 'demo-registry', tools: 5 },
      files: [{ ok: true, errors: [], warnings: expect.arrayContaining([expect.objectContaining({ code: 'unknown_tool', line: 3, pointer: '/tools/delete_imge' })]) as unknown }],
    });
  });

  it('definitions that cannot be had are status 2, whatever the policies hold', async () => {
    expect(await run(['sound.policy.yaml'], { definitions: join(directory, 'nothing.json') })).toMatchObject({ status: 2, out: '', err: expect.stringContaining('cannot be had: cannot read') as string });
    expect(await run(['sound.policy.yaml'], { command: ['no-such-program-anywhere'] })).toMatchObject({ status: 2, out: '', err: expect.stringContaining('cannot_start') as string });
    await expect(run(['sound.policy.yaml'], { definitions, command: ['x'] })).rejects.toThrow('check reads one thing at a time');
  });
});
