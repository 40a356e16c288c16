import { isMap } from '../yaml/render.ts';

/** A field of the form for arguments; what is not simple is written as JSON. */
export interface SampleField {
  readonly name: string;
  readonly kind: 'text' | 'number' | 'boolean' | 'choice' | 'json';
  readonly choices: readonly string[];
  readonly required: boolean;
  readonly description: string;
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '');

export function sampleFields(inputSchema: unknown): SampleField[] {
  if (!isMap(inputSchema) || !isMap(inputSchema['properties'])) return [];
  const required = Array.isArray(inputSchema['required']) ? inputSchema['required'] : [];
  return Object.entries(inputSchema['properties'])
    .slice(0, 100)
    .map(([name, schema]) => {
      const own = isMap(schema) ? schema : {};
      const { type } = own;
      const choices = Array.isArray(own['enum']) && own['enum'].every((one) => typeof one === 'string') ? (own['enum']) : [];
      const kind = choices.length > 0 ? 'choice' : type === 'number' || type === 'integer' ? 'number' : type === 'boolean' ? 'boolean' : type === 'string' ? 'text' : 'json';
      return { name, kind, choices, required: required.includes(name), description: text(own['description']).slice(0, 300) };
    });
}

/** Arguments as JSON text. */
export function argumentsText(fields: readonly SampleField[], values: Readonly<Record<string, string>>): string {
  const members = fields.flatMap(({ name, kind }) => {
    const value = Object.hasOwn(values, name) ? (values[name] ?? '') : '';
    if (value === '') return [];
    const plain = kind === 'text' || kind === 'choice' || !isJson(value);
    return [`  ${JSON.stringify(name)}: ${plain ? JSON.stringify(value) : value.trim()}`];
  });
  return members.length === 0 ? '{}' : `{\n${members.join(',\n')}\n}`;
}

export function isJson(value: string): boolean {
  try {
    JSON.parse(value);
    return true;
  } catch {
    return false;
  }
}

/** The values of fields from arguments; null when the text is no object or has members without a field. */
export function fieldValues(fields: readonly SampleField[], json: string): Record<string, string> | null {
  if (!isJson(json)) return null;
  const value: unknown = JSON.parse(json);
  if (!isMap(value) || Object.keys(value).some((name) => !fields.some((field) => field.name === name))) return null;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, typeof member === 'string' ? member : JSON.stringify(member)]));
}
