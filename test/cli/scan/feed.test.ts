import { describe, expect, it } from 'vitest';
import { policylayer, temporary } from '../support.ts';

interface Item {
  readonly name: string | null;
  readonly category: string;
  readonly risk: string;
  readonly confidence: string;
}

async function feed(lines: readonly string[], options: readonly string[] = [], name = 'tools.jsonl'): Promise<{ status: number | null; stderr: string; report: { tools: readonly Item[]; [key: string]: unknown } }> {
  const directory = temporary({ [name]: lines.join('\n') });
  const { status, stdout, stderr } = await policylayer(['scan', '--json', ...options, '--definitions', name], { cwd: directory });
  return { status, stderr, report: JSON.parse(stdout) as { tools: readonly Item[] } };
}

const DELETE = '{"name":"delete_note","description":"Deletes a note for good.","inputSchema":{"type":"object","properties":{"id":{"type":"string"}},"required":["id"]}}';
const LIST = '{"name":"list_notes","description":"Lists notes.","inputSchema":{"type":"object"}}';

describe('scan --definitions --json', () => {
  it('says of every tool its category, risk, confidence, effects, signals, findings and evidence', async () => {
    const { status, report } = await feed([DELETE]);
    expect(status).toBe(0);
    expect(report.tools).toEqual([
      expect.objectContaining({
        name: 'delete_note',
        category: 'destructive',
        risk: 'critical',
        confidence: 'high',
        effects: expect.arrayContaining(['destructive']) as unknown,
        signals: [],
        findings: [],
        evidence: expect.arrayContaining([expect.objectContaining({ place: 'name', suggests: 'destructive' })]) as unknown,
        parameters: [{ name: 'id', type: 'string', required: true }],
        sha256: expect.stringMatching(/^[0-9a-f]{64}$/) as unknown,
      }),
    ]);
    expect(report).toMatchObject({ status: 'ok', notices: [], server: null, categories: { destructive: 1, read: 0 }, risks: { critical: 1 } });
  });

  it('keeps every item in its place, also what has no name, is no object, or stands there twice', async () => {
    const { status, report } = await feed([LIST, '{}', DELETE, '5', 'null', '[]', '{"name":7}', LIST, '"text"', '{"description":"x"}', DELETE]);
    expect(status).toBe(0);
    expect(report.tools.map(({ name }) => name)).toEqual(['list_notes', null, 'delete_note', null, null, null, null, 'list_notes', null, null, 'delete_note']);
    for (const tool of report.tools) {
      expect(['read', 'write', 'execute', 'destructive', 'financial']).toContain(tool.category);
      expect(['low', 'medium', 'high', 'critical']).toContain(tool.risk);
      if (tool.name === null) expect(tool.category, 'what is not known is not harmless').not.toBe('read');
    }
    expect(report).toMatchObject({ unnamed: 7, notices: ['duplicate_tools', 'unnamed_tools'], duplicates: ['list_notes', 'delete_note'] });
  });

  it('goes on after lines that are no JSON, keeps their places, names them, and ends with status 1', async () => {
    const { status, stderr, report } = await feed(['not json', LIST, '{"name":"a","name":"b"}', '', DELETE]);
    expect(report.tools.map(({ name }) => name)).toEqual([null, 'list_notes', null, 'delete_note']);
    expect(report).toMatchObject({ status: 'unreadable_lines', unreadable: [{ line: 1 }, { line: 3 }], unnamed: 0 });
    expect(stderr).toContain('tools.jsonl:1: ');
    expect(status).toBe(1);
  });

  it('reads lines behind a byte order mark, with CRLF, and in a file of any name', async () => {
    const { report } = await feed([`\uFEFF${LIST}\r`, `${DELETE}\r`], [], 'recorded');
    expect(report.tools.map(({ name }) => name)).toEqual(['list_notes', 'delete_note']);
  });

  it('unwraps lines of the form {"tool": ..., "server": ...}, and no tool that only has such a member', async () => {
    const own = '{"name":"x","tool":{"name":"inner"},"inputSchema":{"type":"object"}}';
    const { report } = await feed([`{"server":"acme","tool":${DELETE}}`, own]);
    expect(report.tools.map(({ name }) => name)).toEqual(['delete_note', 'x']);
  });

  it('believes annotations only when the server is trusted', async () => {
    const claimed = DELETE.replace('"inputSchema"', '"annotations":{"readOnlyHint":true},"inputSchema"');
    expect((await feed([claimed])).report.tools[0]).toMatchObject({ category: 'destructive', findings: ['contradiction'] });
    expect((await feed([claimed], ['--trust-annotations'])).report.tools[0]).toMatchObject({ category: 'read' });
  });

  it('is the same for one document and for lines', async () => {
    const lines = await feed([LIST, DELETE]);
    const list = await feed([`[${LIST},${DELETE}]`], [], 'tools.json');
    expect(list.report).toEqual(lines.report);
  });

  it('of thousands of definitions gives every one, in order', async () => {
    const many = Array.from({ length: 3_000 }, (_, index) => LIST.replace('list_notes', `list_notes_${index}`));
    const { report } = await feed(many);
    expect(report.tools.map(({ name }) => name)).toEqual(many.map((_, index) => `list_notes_${index}`));
    expect(report['notices']).toEqual(['large_list']);
  });

  it('of a file that is no list of anything says so', async () => {
    const directory = temporary({ 'x.json': '{"a":1}', 'y.json': '{"a":' });
    for (const name of ['x.json', 'y.json', 'absent.json']) {
      const { status, stdout } = await policylayer(['scan', '--json', '--definitions', name], { cwd: directory });
      expect(JSON.parse(stdout)).toMatchObject({ status: 'bad_definitions', error: { status: 'bad_definitions' }, tools: [] });
      expect(status).toBe(1);
    }
  });
});
