import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Catalogue, exportedLinks, servedLinks, twinText } from '../../src/catalogue/pages/index.ts';
import { loadPolicy } from '../../src/policy/index.ts';
import { readGatewayFile } from '../../src/cli/config/gateway-file.ts';
import { registration } from '../../src/catalogue/pages/registration.ts';
import { all, complaints, elements, parse, structured, textOf } from './markup.ts';
import { HOSTILE_NAMES, record, RECORDS, tool } from './records.ts';

const catalogue = new Catalogue(RECORDS, '');
const page = (id: string) => catalogue.page(id) ?? fail(id);
const fail = (id: string): never => {
  throw new Error(`no page ${id}`);
};
const markup = (id: string, links = servedLinks(id, 'https://gateway.example/catalogue')) => parse(catalogue.html(page(id), links));
const json = (id: string): Record<string, unknown> => JSON.parse(twinText(page(id), servedLinks(id, 'https://gateway.example/catalogue'))) as Record<string, unknown>;

const LIMIT = 100_000;

describe('every page', () => {
  test.each(catalogue.ids())('%s is sound HTML, below 100 KB, and says the same as its JSON twin', (id) => {
    const text = catalogue.html(page(id), exportedLinks(id, 'https://example.com', 'mailto:a@example.com'));
    expect(Buffer.byteLength(text) + [...catalogue.assetFiles.values()].join('').length).toBeLessThan(LIMIT);
    const root = parse(text);
    expect(complaints(root)).toEqual([]);
    const twin = json(id);
    const seen = textOf(root);
    if (twin['kind'] === 'tool') {
      expect(seen).toContain(String((twin['parameters'] as { count: number }).count === 0 ? 'no parameters' : (twin['parameters'] as { count: number }).count));
      for (const key of ['category', 'risk']) expect(seen).toContain(String(twin[key]));
      for (const text of [...(twin['does'] as string[]), ...(twin['why'] as string[])]) expect(seen).toContain(text);
      for (const rule of twin['rules'] as { yaml: string; title: string }[]) expect(seen).toContain(rule.yaml);
      for (const { question } of twin['questions'] as { question: string }[]) expect(seen).toContain(question);
    } else if (Array.isArray(twin['tools'])) {
      const table = all(root, 'table').find((one) => one.attributes.get('class') === 'tools');
      const rows = table === undefined ? [] : all(table, 'tr').slice(1);
      expect(rows.length).toBe(twin['tools'].length);
      rows.forEach((row, index) => expect(textOf(row)).toContain((twin['tools'] as { risk: string }[])[index]?.risk));
    }
  });

  test('the twin of a list counts what the pages of the list show', () => {
    for (const id of catalogue.ids().filter((one) => !one.includes('~') && json(one)['total'] !== undefined)) {
      const pages = catalogue.ids().filter((one) => one === id || one.startsWith(`${id}/~`)).map(json);
      const key = id === 'servers' ? 'servers' : 'tools';
      expect(pages.flatMap((one) => one[key] as unknown[]).length).toBe(pages[0]?.['total']);
    }
  });
});

describe('a tool’s page', () => {
  test('every ready rule, every rule in an answer and every starter policy loads', async () => {
    const texts = new Set<string>();
    for (const id of catalogue.ids()) for (const pre of all(markup(id), 'pre')) texts.add(textOf(pre));
    for (const file of catalogue.policyFiles()) texts.add(catalogue.policy(file) ?? '');
    let loaded = 0;
    for (const text of texts) {
      // Lines for gateway.yaml and for a shell are tested below.
      if (!/^version: /m.test(text)) continue;
      const whole = text.endsWith('\n') ? text : `${text}\n`;
      expect(await loadPolicy(whole, { name: 'rule' }), text).toMatchObject({ ok: true });
      loaded += 1;
    }
    expect(loaded).toBeGreaterThan(500);
  }, 120_000);

  test('the lines that register a server are a configuration that is read without complaint', async () => {
    for (const server of catalogue.site.servers) expect((await readGatewayFile(registration(server), '/', {})).problems, registration(server)).toEqual([]);
    const scoped = new Catalogue([record('scope-name', [tool('x', 'Reads x.')], { registry: 'npm' })], '').site.servers[0] ?? fail('scope');
    const odd = { ...scoped, record: { ...scoped.record, package: { registry: 'npm' as const, name: '@scope/na"me: {x}', version: '1.0.0 # no' } } };
    expect((await readGatewayFile(registration(odd), '/', {})).problems).toEqual([]);
  });

  test('questions stand in FAQPage as they are answered on the page, and the path in BreadcrumbList', () => {
    for (const id of catalogue.ids()) {
      const root = markup(id);
      const data = structured(root);
      const crumbs = data.get('BreadcrumbList')?.['itemListElement'] as { position: number; item: string; name: string }[];
      expect(crumbs.map(({ position }) => position)).toEqual(crumbs.map((_, index) => index + 1));
      expect(crumbs.every(({ item }) => item.startsWith('https://gateway.example/catalogue'))).toBe(true);
      if (!page(id).questions) continue;
      const faq = data.get('FAQPage')?.['mainEntity'] as { name: string; acceptedAnswer: { text: string } }[];
      expect(faq.length).toBe(6);
      const seen = textOf(root);
      for (const { name, acceptedAnswer } of faq) {
        expect(seen).toContain(name);
        expect(acceptedAnswer.text.length).toBeGreaterThan(40);
      }
    }
  });
});

describe('a server’s page', () => {
  test('shows counts, context cost, findings, tools, the starter policy and how to register it', () => {
    const seen = textOf(markup('awslabs.amazon-mq-mcp-server'));
    for (const part of ['Amazon MQ MCP Server', '6 tools: 2 read, 1 write, 2 execute, 1 destructive', 'Context cost', 'tokens', 'no description', 'CloneContainerToECR', 'Starter policy', 'default: deny', 'Register it in PolicyLayer', 'uvx', '0.0.4', 'PyPI', '20 November 2026']) expect(seen).toContain(part);
  });

  test('without tools has neither table nor policy', () => {
    const root = markup('empty-mcp');
    expect(all(root, 'pre').length).toBe(2);
    expect(textOf(root)).toContain('It lists no tools');
    expect(catalogue.policy('empty-mcp.policy.yaml')).toBeNull();
  });

  test('of two versions the newest has the plain address, and both have a page', () => {
    const two = new Catalogue([record('x-mcp', [tool('a', 'Reads.')], { version: '1.9.0' }), record('x-mcp', [tool('a', 'Reads.'), tool('b', 'Reads.')], { version: '1.10.0' })], '');
    expect(two.site.servers.map(({ id, record: { package: { version } } }) => [id, version])).toEqual([['x-mcp', '1.10.0'], ['x-mcp@1.9.0', '1.9.0']]);
  });

  test('whose name is an address of ours gets another one', () => {
    const reserved = new Catalogue([record('risk', [tool('a', 'Reads.')]), record('contact', []), record('index', [])], '');
    for (const { id } of reserved.site.servers) expect(id).toMatch(/~[0-9a-f]{16}$/);
    expect(new Set(reserved.ids()).size).toBe(reserved.ids().length);
  });
});

describe('hostile names', () => {
  test('of tools, servers, titles and parameters add no element, no attribute, no address and no invisible character', () => {
    const text = fc.oneof(fc.string({ unit: 'binary', maxLength: 60 }), fc.constantFrom(...HOSTILE_NAMES), fc.constantFrom('<img src=x onerror=alert(1)>', '" onmouseover="x', '--><script>', '</textarea>', '&lt;', '\u2028', '\u{e0041}'));
    fc.assert(fc.property(text, text, text, text, (name, title, parameter, server) => {
      const made = new Catalogue([record('s-mcp', [tool(name, 'Deletes things.', [parameter], 1, { title })], { name: server })], '');
      for (const id of made.ids().filter((one) => one === '' || one.startsWith('s-mcp') || one === 'tools')) {
        const html = made.html(made.page(id) ?? fail(id), servedLinks(id, null));
        const root = parse(html);
        expect(complaints(root)).toEqual([]);
        expect([...structured(root).keys()].toSorted()).toEqual(made.page(id)?.questions === undefined ? ['BreadcrumbList'] : ['BreadcrumbList', 'FAQPage']);
        expect(html).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\u2028\u2029]|[\u{e0000}-\u{e007f}]/u);
        expect(Buffer.byteLength(html)).toBeLessThan(LIMIT);
      }
      for (const { name: file, text: content } of made.machineFiles(servedLinks('', 'https://e.example'))) if (file === 'llms.txt') expect(content).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202a-\u202e]/);
    }), { numRuns: 60 });
  }, 120_000);

  test('are shown so that they can be read: the reader sees what could not be seen', () => {
    const seen = catalogue.ids().filter((id) => id.startsWith('hostile-mcp/')).map((id) => textOf(all(markup(id), 'h1')[0] ?? fail(id)));
    expect(seen).toContain('pay\\u{202e}moc');
    expect(seen).toContain('zero\\u{200b}width');
    expect(seen).toContain('(empty)');
    expect(seen).toContain('\\u{20}');
    expect(seen).toContain('</script><script>alert(1)</script>');
    expect(seen.every((text) => text.length <= 4_000)).toBe(true);
  });

  test('in the search of a visitor are text as well', () => {
    for (const text of ['"><script>alert(1)</script>', '\u202e', "'", '<b>']) {
      const found = catalogue.searched(new URLSearchParams([['q', text]])) ?? fail(text);
      expect(complaints(parse(catalogue.html(found, servedLinks('', null))))).toEqual([]);
    }
    const missing = catalogue.missing('/<script>alert(1)</script>/\u202e');
    expect(complaints(parse(catalogue.html(missing, servedLinks('a/b/c', null))))).toEqual([]);
    expect([...elements(parse(catalogue.html(missing, servedLinks('a', null))))].filter((one) => one.tag === 'script' && one.attributes.get('src') === undefined)).toEqual([]);
  });
});
