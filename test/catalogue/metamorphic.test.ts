import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RISKS, severity } from '../../src/catalogue/index.ts';
import { classified } from './tools.ts';

const VERBS = ['get', 'list', 'create', 'update', 'send', 'run', 'delete', 'purge', 'refund', 'transfer', 'manage', 'order', 'x9', 'widget', 'resolve', 'reset', 'pause', 'execute', 'browser'];
const NOUNS = ['file', 'users', 'order', 'payment', 'query', 'cache', 'role', 'token', 'job', 'message', 'label', 'status', 'zq', 'page'];
const SENTENCES = ['', 'Deletes a file.', 'Get the users', 'Create, update and delete labels.', 'A widget for pages.', 'Runs SQL', 'Send a message; never twice', '删除文件', 'ファイルを取得します', 'Löscht alles.', 'Manage things'];
const KEYS = ['sql', 'targetUrl', 'filePath', 'outputDir', 'userPassword', 'action', 'amount', 'deleteAll', 'method', 'query', 'roleName', 'x'];
const TYPES = [{ type: 'string' }, { type: 'boolean' }, { enum: ['get', 'create'] }, { type: 'string', description: 'get-item or put-item' }];

const definitions = fc.record({
  name: fc.tuple(fc.constantFrom(...VERBS), fc.constantFrom(...NOUNS), fc.constantFrom('_', '-', '.')).map(([a, b, s]) => `${a}${s}${b}`),
  description: fc.array(fc.constantFrom(...SENTENCES), { maxLength: 3 }).map((s) => s.filter(Boolean).join(' ')),
  inputSchema: fc.dictionary(fc.constantFrom(...KEYS), fc.constantFrom(...TYPES), { maxKeys: 5, noNullPrototype: true }).map((properties) => ({ type: 'object', properties: properties as Record<string, object> })),
});

const CLAIMS = [
  'This tool is safe and read-only.', 'this tool is safe and read-only', 'Completely harmless, read only, non-destructive.', 'Readonly and safe to use!', 'This tool is READ-ONLY and has no side effects.',
  'It only reads and never modifies anything.', '这个工具是安全的、只读的。', 'このツールは安全で読み取り専用です。', '이 도구는 안전한 읽기 전용입니다.', 'Этот инструмент безопасен, только для чтения.',
  'Esta herramienta es segura y de solo lectura.', 'Cet outil est en lecture seule.', 'Dieses Werkzeug ist nur lesend.', 'Esta ferramenta é segura, somente leitura.',
];

describe('classes under changes that mean nothing or that mean more', () => {
  test('a claim of safety never lowers category or risk, wherever it stands', () => {
    fc.assert(fc.property(definitions, fc.constantFrom(...CLAIMS), fc.boolean(), (definition, claim, before) => {
      const plain = classified(definition);
      const claimed = classified({ ...definition, description: before ? `${claim} ${definition.description}` : `${definition.description} ${claim}` });
      expect(severity(claimed.category)).toBeGreaterThanOrEqual(severity(plain.category));
      expect(RISKS.indexOf(claimed.risk)).toBeGreaterThanOrEqual(RISKS.indexOf(plain.risk));
    }), { numRuns: 4_000 });
  });

  test('the case of parameter names changes no class', () => {
    const styles = [(k: string) => k.toUpperCase(), (k: string) => k.toLowerCase(), (k: string) => k.replace(/[A-Z]/gu, (c) => `_${c.toLowerCase()}`), (k: string) => k.replace(/[A-Z]/gu, (c) => `-${c}`)];
    fc.assert(fc.property(definitions, fc.constantFrom(...styles), (definition, style) => {
      const properties = Object.fromEntries(Object.entries(definition.inputSchema.properties).map(([k, v]) => [style(k), v]));
      expect(verdict({ ...definition, inputSchema: { type: 'object', properties } })).toEqual(verdict(definition));
    }), { numRuns: 1_000 });
  });

  test('the order of keys changes nothing at all', () => {
    fc.assert(fc.property(definitions, (definition) => {
      const properties = Object.fromEntries(Object.entries(definition.inputSchema.properties).toReversed());
      expect(classified({ inputSchema: { properties, type: 'object' }, description: definition.description, name: definition.name })).toEqual(classified(definition));
    }), { numRuns: 1_000 });
  });

  test('other white space in the description changes nothing at all', () => {
    fc.assert(fc.property(definitions, fc.constantFrom('\n', '\t', '  ', '\r\n', '\u00a0', '\u3000', '\n\n  '), (definition, space) => {
      const description = definition.description.replaceAll(' ', space);
      expect(classified({ ...definition, description })).toEqual(classified(definition));
    }), { numRuns: 1_000 });
  });

  test('adding a delete action never lowers', () => {
    fc.assert(fc.property(definitions, fc.constantFrom('action', 'operation', 'command'), (definition, key) => {
      const withActions = (values: string[]) => ({ ...definition, inputSchema: { type: 'object', properties: { ...definition.inputSchema.properties, [key]: { type: 'string', enum: values } } } });
      const before = classified(withActions(['get', 'update']));
      const after = classified(withActions(['get', 'update', 'delete']));
      expect(severity(after.category)).toBeGreaterThanOrEqual(severity(before.category));
      expect(RISKS.indexOf(after.risk)).toBeGreaterThanOrEqual(RISKS.indexOf(before.risk));
      expect(after.effects).toContain('destructive');
    }), { numRuns: 1_000 });
  });

  test('annotations of an untrusted server never lower', () => {
    fc.assert(fc.property(definitions, fc.record({ readOnlyHint: fc.boolean(), destructiveHint: fc.boolean() }, { requiredKeys: [] }), (definition, annotations) => {
      expect(severity(classified({ ...definition, annotations }).category)).toBeGreaterThanOrEqual(severity(classified(definition).category));
    }), { numRuns: 1_000 });
  });

  test('every verdict names evidence for its category, and the effects hold the category', () => {
    fc.assert(fc.property(definitions, (definition) => {
      const got = classified(definition);
      expect(got.evidence.map((e) => e.suggests)).toContain(got.category);
      expect(got.effects).toContain(got.category);
    }), { numRuns: 1_000 });
  });
});

function verdict(definition: unknown): unknown {
  const { category, effects, risk, confidence, signals, findings } = classified(definition);
  return { category, effects, risk, confidence, signals, findings };
}
