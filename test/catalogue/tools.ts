import { classify, type Classification, type ServerFacts } from '../../src/catalogue/index.ts';
import { UPSTREAM_LIMITS } from '../../src/wire/limits.ts';
import { scan } from '../../src/wire/scan.ts';

/** Classifies a definition given as a JavaScript value or as JSON text. */
export function classified(definition: unknown, facts: ServerFacts = {}): Classification {
  const text = typeof definition === 'string' ? definition : JSON.stringify(definition);
  const scanned = scan(Buffer.from(text), UPSTREAM_LIMITS);
  if (!scanned.ok) throw new Error(scanned.message);
  return classify(scanned.root, facts);
}

/** A schema of string parameters. */
export function strings(...names: string[]): object {
  return { type: 'object', properties: Object.fromEntries(names.map((name) => [name, { type: 'string' }])) };
}

/** A definition with string parameters. */
export function tool(name: string, description: string, ...parameters: string[]): { name: string; description: string; inputSchema: object } {
  return { name, description, inputSchema: strings(...parameters) };
}
