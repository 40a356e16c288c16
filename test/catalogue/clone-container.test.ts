import { expect, test } from 'vitest';
import { classified } from './tools.ts';

test('CloneContainerToECR without description and parameters comes out as catalogue.md says', () => {
  const got = classified({ name: 'CloneContainerToECR', description: '', inputSchema: { type: 'object', properties: {} } }, { server: 'awslabs.amazon-mq-mcp-server' });
  expect(got).toMatchObject({ category: 'execute', risk: 'high', confidence: 'low', findings: ['no_description'] });
  expect(got.evidence.filter((e) => e.place === 'name').map((e) => e.term).toSorted()).toEqual(['clone', 'container', 'ecr']);
});

test('with the five parameters of the server that registers it, one required, it is the same tool and surer', () => {
  const optional = { anyOf: [{ type: 'string' }, { type: 'null' }], default: null };
  const properties = { source_image: { type: 'string' }, target_repository_name: optional, target_image_tag: optional, aws_profile: optional, aws_region: optional };
  const definition = { name: 'CloneContainerToECR', description: 'Copies a container image into a private registry.', inputSchema: { type: 'object', properties, required: ['source_image'] } };
  expect(classified(definition, { server: 'awslabs.aws-healthomics-mcp-server' })).toMatchObject({ category: 'execute', risk: 'high', confidence: 'high', findings: [] });
});
