import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CATEGORIES, RISKS, severity, type Classification } from '../../src/catalogue/index.ts';
import { readServerRecord, serverRecordText, type ServerRecord, type ToolRecord } from '../../src/catalogue/server-record.ts';
import { repository } from './support.ts';

interface Line {
  readonly slug: string;
  readonly registry: string;
  readonly name: string;
  readonly version: string | null;
  readonly status: string;
  readonly detail: string;
  readonly date: string;
  readonly tools: number;
}

const folder = join(repository, 'catalogue/servers');
const files = readdirSync(folder).filter((file) => file.endsWith('.json'));
const texts = new Map(files.map((file) => [file, readFileSync(join(folder, file), 'utf8')]));
const records: readonly ServerRecord[] = [...texts.values()].map((text) => readServerRecord(JSON.parse(text)));
const report = JSON.parse(readFileSync(join(repository, 'catalogue/scan-report.json'), 'utf8')) as { readonly totals: object; readonly servers: readonly Line[] };
const list = readFileSync(join(repository, 'catalogue/servers.yaml'), 'utf8');

function everyTool(check: (tool: ToolRecord, where: string) => void): void {
  for (const { slug, tools } of records) for (const tool of tools) check(tool, `${slug} ${tool.name}`);
}

/** Every string in a value, with its path. */
function strings(value: unknown, path = ''): readonly { readonly path: string; readonly text: string }[] {
  if (typeof value === 'string') return [{ path, text: value }];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => strings(inner, `${path}/${Array.isArray(value) ? '*' : key}`));
}

describe('the committed catalogue', () => {
  it('holds at least 120 servers and 3,000 tools, AWS among them', () => {
    expect(records.length).toBeGreaterThanOrEqual(120);
    expect(records.reduce((sum, { tools }) => sum + tools.length, 0)).toBeGreaterThanOrEqual(3_000);
    expect(records.filter(({ slug }) => slug.startsWith('awslabs.')).length).toBeGreaterThanOrEqual(30);
    expect(records.map(({ slug }) => slug)).toEqual(expect.arrayContaining(['awslabs.amazon-mq-mcp-server', 'awslabs.aws-healthomics-mcp-server']));
  });

  it('has one file for each slug, in the form that a scan writes', () => {
    for (const [file, text] of texts) {
      const record = readServerRecord(JSON.parse(text));
      expect(`${record.slug}.json`).toBe(file);
      expect(serverRecordText(record), file).toBe(text);
    }
  });

  it('takes less than 12 MB', () => {
    expect(files.reduce((sum, file) => sum + statSync(join(folder, file)).size, 0)).toBeLessThan(12_000_000);
  });

  it('holds no text of others longer than a name', () => {
    // Evidence points into the schema by the names of parameters, which may be long.
    const named = /^\/(tools\/\*\/(name|parameters\/\*\/name|classification\/evidence\/\*\/pointer)|server\/name|package\/name)$/;
    for (const record of records) {
      for (const { path, text } of strings(record)) {
        if (path === '/tools/*/sha256') expect(text).toMatch(/^[0-9a-f]{64}$/);
        else if (path === '/tools/*/title') expect(text, record.slug).toMatch(/^(?!.*[.!?](?:\s|$)).{0,64}$/);
        else expect(text.length, `${record.slug} ${path}: ${text}`).toBeLessThanOrEqual(named.test(path) ? 256 : 64);
      }
    }
  });

  it('has a class in every record that agrees with itself', () => {
    const most = (effects: Classification['effects']): number => Math.max(...effects.map(severity));
    everyTool(({ classification }, where) => {
      const { category, effects, risk, confidence, findings, evidence } = classification;
      expect(effects, where).toContain(category);
      expect(severity(category), where).toBe(most(effects));
      expect(effects, where).toEqual(CATEGORIES.filter((c) => effects.includes(c)));
      expect(Math.abs(RISKS.indexOf(risk) - severity(category)), where).toBeLessThanOrEqual(1);
      if (confidence === 'low') expect(RISKS.indexOf(risk), where).toBeGreaterThanOrEqual(severity(category));
      for (const finding of findings) expect(evidence.map(({ suggests }) => suggests), where).toContain(finding);
    });
  });

  it('finds a missing description exactly where there is none', () => {
    everyTool(({ descriptionBytes, classification }, where) => {
      if (descriptionBytes === 0) expect(classification.findings, where).toContain('no_description');
    });
  });

  it('knows CloneContainerToECR where it is really served: five parameters, one required, execute, high', () => {
    const tool = records.find(({ slug }) => slug === 'awslabs.aws-healthomics-mcp-server')?.tools.find(({ name }) => name === 'CloneContainerToECR');
    expect(tool?.parameters).toHaveLength(5);
    expect(tool?.parameters.filter(({ required }) => required)).toHaveLength(1);
    expect(tool?.classification).toMatchObject({ category: 'execute', risk: 'high' });
  });
});

describe('the report of the scan', () => {
  it('tells the same as the records, and gives every other server a status and a reason in our words', () => {
    const bySlug = new Map(records.map((record) => [record.slug, record]));
    expect(new Set(report.servers.map(({ slug }) => slug)).size).toBe(report.servers.length);
    for (const line of report.servers) {
      const record = bySlug.get(line.slug);
      expect(line.detail.length, line.slug).toBeGreaterThan(10);
      expect(line.tools, line.slug).toBe(record?.tools.length ?? 0);
      if (record === undefined) expect(['ok', 'duplicate_tools']).not.toContain(line.status);
      else expect(line).toMatchObject({ ...record.package, status: record.status, date: record.scannedOn });
      bySlug.delete(line.slug);
    }
    expect([...bySlug.keys()]).toEqual([]);
    expect(report.totals).toEqual({ listed: report.servers.length, scanned: records.length, tools: records.reduce((sum, { tools }) => sum + tools.length, 0) });
  });

  it('covers the list: every server in it, in the version that it names', () => {
    for (const { name, version } of report.servers) {
      expect(list).toContain(name);
      if (version !== null) expect(list, name).toContain(version);
    }
  });
});
