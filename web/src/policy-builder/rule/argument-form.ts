import { isMap } from '../yaml/render.ts';

/** A constraint of an argument: simple ones as fields, everything else as the schema itself. */
export type ArgumentForm = { readonly name: string } & (
  | { readonly kind: 'number'; readonly whole: boolean; readonly minimum: string; readonly maximum: string; readonly above: boolean }
  | { readonly kind: 'text'; readonly pattern: string; readonly minLength: string; readonly maxLength: string }
  | { readonly kind: 'choice'; readonly values: readonly string[]; readonly numbers: boolean }
  | { readonly kind: 'exactly'; readonly value: string }
  | { readonly kind: 'forbidden' }
  | { readonly kind: 'schema'; readonly text: string }
);
export type ArgumentKind = ArgumentForm['kind'];

const only = (schema: Readonly<Record<string, unknown>>, ...keys: readonly string[]): boolean => Object.keys(schema).every((name) => keys.includes(name));
const asText = (value: unknown): string => (typeof value === 'number' || typeof value === 'string' ? String(value) : '');
const isNumber = (value: unknown): boolean => value === undefined || typeof value === 'number';

/** The simplest form that says all of a schema. */
export function argumentForm(name: string, schema: unknown): ArgumentForm {
  if (schema === false) return { name, kind: 'forbidden' };
  if (isMap(schema)) {
    const { type } = schema;
    const least = schema['exclusiveMinimum'] ?? schema['minimum'];
    if ((type === 'number' || type === 'integer') && only(schema, 'type', 'minimum', 'exclusiveMinimum', 'maximum') && isNumber(least) && isNumber(schema['maximum']) && !('minimum' in schema && 'exclusiveMinimum' in schema)) {
      return { name, kind: 'number', whole: type === 'integer', minimum: asText(least), maximum: asText(schema['maximum']), above: 'exclusiveMinimum' in schema };
    }
    if (type === 'string' && only(schema, 'type', 'pattern', 'minLength', 'maxLength') && isNumber(schema['minLength']) && isNumber(schema['maxLength'])) {
      return { name, kind: 'text', pattern: asText(schema['pattern']), minLength: asText(schema['minLength']), maxLength: asText(schema['maxLength']) };
    }
    const values = schema['enum'];
    if (only(schema, 'enum') && Array.isArray(values) && values.length > 0 && (values.every((one) => typeof one === 'string') || values.every((one) => typeof one === 'number'))) {
      return { name, kind: 'choice', values: values.map(String), numbers: typeof values[0] === 'number' };
    }
    if (only(schema, 'const') && 'const' in schema) return { name, kind: 'exactly', value: JSON.stringify(schema['const']) };
  }
  return { name, kind: 'schema', text: JSON.stringify(schema ?? {}, null, 2) };
}

/** What a field holds: a number where it is one, else the text, which the check then names. */
const number = (value: string): number | string | undefined => (value.trim() === '' ? undefined : Number.isFinite(Number(value)) ? Number(value) : value);
const kept = (value: Readonly<Record<string, unknown>>): Record<string, unknown> => Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined && member !== ''));

/** The JSON Schema of a form. A text that is no JSON stays a text, which the check refuses with its place. */
export function argumentSchema(form: ArgumentForm): unknown {
  switch (form.kind) {
    case 'forbidden':
      return false;
    case 'number':
      return kept({ type: form.whole ? 'integer' : 'number', [form.above ? 'exclusiveMinimum' : 'minimum']: number(form.minimum), maximum: number(form.maximum) });
    case 'text':
      return kept({ type: 'string', pattern: form.pattern, minLength: number(form.minLength), maxLength: number(form.maxLength) });
    case 'choice':
      return { enum: form.numbers ? form.values.map(number) : form.values };
    case 'exactly':
      return { const: json(form.value) };
    case 'schema':
      return json(form.text);
  }
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** The form with which somebody begins, from what the tool's own schema says of the argument. */
export function suggestedForm(name: string, inputSchema: unknown): ArgumentForm {
  const properties = isMap(inputSchema) && isMap(inputSchema['properties']) ? inputSchema['properties'] : {};
  const own = Object.hasOwn(properties, name) ? properties[name] : undefined;
  if (isMap(own)) {
    if (Array.isArray(own['enum'])) {
      const form = argumentForm(name, { enum: own['enum'] });
      if (form.kind === 'choice') return form;
    }
    if (own['type'] === 'number' || own['type'] === 'integer') return argumentForm(name, kept({ type: own['type'], minimum: own['minimum'], maximum: own['maximum'] }));
    if (own['type'] === 'string') return argumentForm(name, { type: 'string' });
    if (own['type'] === 'boolean') return { name, kind: 'exactly', value: 'false' };
    if (own['type'] !== undefined) return { name, kind: 'schema', text: JSON.stringify({ type: own['type'] }, null, 2) };
  }
  return { name, kind: 'text', pattern: '', minLength: '', maxLength: '' };
}

/** Names of a tool's arguments, as its own schema has them. */
export function argumentNames(inputSchema: unknown): string[] {
  return isMap(inputSchema) && isMap(inputSchema['properties']) ? Object.keys(inputSchema['properties']) : [];
}
