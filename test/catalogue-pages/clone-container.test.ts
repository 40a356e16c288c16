import { describe, expect, test } from 'vitest';
import { Catalogue, servedLinks } from '../../src/catalogue/pages/index.ts';
import { all, parse, textOf, type MarkupElement } from './markup.ts';
import { AMAZON_MQ, HEALTH_OMICS } from './records.ts';

const catalogue = new Catalogue([AMAZON_MQ, HEALTH_OMICS], '');

function pageOf(id: string): { readonly root: MarkupElement; readonly section: (name: string) => string } {
  const page = catalogue.page(id);
  if (page === null) throw new Error(`no page ${id}`);
  const root = parse(catalogue.html(page, servedLinks(id, null)));
  const section = (name: string): string => textOf(all(root, 'section').find((one) => one.attributes.get('aria-labelledby') === name) ?? '');
  return { root, section };
}

describe('the page of CloneContainerToECR has every section that catalogue.md asks for', () => {
  const { root, section } = pageOf('awslabs.amazon-mq-mcp-server/CloneContainerToECR');
  const facts = new Map(all(root, 'dt').map((term, index) => [textOf(term), textOf(all(root, 'dd')[index] ?? '')]));

  test('server and package, category, risk class, confidence', () => {
    expect(textOf(all(root, 'h1')[0] ?? '')).toBe('CloneContainerToECR');
    expect(facts.get('Server')).toBe('Amazon MQ MCP Server');
    expect(facts.get('Package')).toBe('awslabs.amazon-mq-mcp-server 0.0.4');
    expect(facts.get('Category')).toBe('execute');
    expect(facts.get('Risk class')).toBe('high');
    expect(facts.get('Confidence')).toBe('low');
  });

  test('parameters with how many are required', () => {
    expect(section('parameters')).toContain('It takes no parameters.');
  });

  test('what it does, in our words', () => {
    expect(section('does')).toContain('can make something run or go out');
    expect(section('does')).toContain('By its name it should clone container to ECR.');
    expect(section('does')).toContain('registry of container images');
    expect(section('does')).toContain('Confidence is low because the description is empty.');
  });

  test('why it needs a policy', () => {
    expect(section('why')).toContain('cannot be taken back');
    expect(section('why')).toContain('Its risk class is high');
  });

  test('what in the definition led there: the name', () => {
    const rows = all(root, 'tr').map(textOf);
    for (const term of ['clone', 'container', 'ecr']) expect(rows.some((row) => row.startsWith('name') && row.includes(term) && row.includes('execute'))).toBe(true);
    expect(rows.some((row) => row.includes('no description'))).toBe(true);
  });

  test('ready rules to copy, the recommended one open', () => {
    const rules = all(root, 'details');
    expect(rules.length).toBeGreaterThanOrEqual(5);
    expect(rules[0]?.attributes.has('open')).toBe(true);
    expect(rules.slice(1).some((rule) => rule.attributes.has('open'))).toBe(false);
    expect(all(root, 'summary').map(textOf)).toEqual(expect.arrayContaining(['Require approval', 'Deny', 'Hide', 'Allow']));
    for (const rule of rules) expect(textOf(rule)).toContain('CloneContainerToECR:');
  });

  test('answers to the six questions', () => {
    expect(all(root, 'h3').map(textOf)).toEqual([
      'What does CloneContainerToECR do?', 'How do I enforce a policy on CloneContainerToECR?', 'What risk level is CloneContainerToECR?', 'Can I rate-limit CloneContainerToECR?', 'How do I block CloneContainerToECR?', 'Which server provides CloneContainerToECR?',
    ]);
    const questions = section('questions');
    for (const part of ['High: a wrong call does harm that reaches far', 'Yes. A limit counts calls', 'rate_limit', 'deny', 'Amazon MQ MCP Server: the PyPI package awslabs.amazon-mq-mcp-server, version 0.0.4', 'also listed by awslabs.aws-healthomics-mcp-server']) expect(questions).toContain(part);
  });

  test('from the server that really registers it, its five parameters are there, one required, and it is surer', () => {
    const real = pageOf('awslabs.aws-healthomics-mcp-server/CloneContainerToECR');
    expect(real.section('parameters')).toContain('5 parameters, 1 of them required');
    expect(all(real.root, 'tr').map(textOf).find((row) => row.includes('source_image'))).toContain('required');
    expect(real.section('evidence')).toContain('Confidence is high');
  });
});
