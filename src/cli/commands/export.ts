import { openApi, type ApiOptions } from '../gitops/api-client.ts';
import { refusalOf } from '../gitops/told.ts';
import { printedJson } from '../printed-json.ts';
import { UsageError } from '../usage-error.ts';
import { writeNewFile } from '../write-new-file.ts';

export interface ExportOptions extends ApiOptions {
  readonly out?: string;
  readonly force?: boolean;
  readonly json?: boolean;
}

/** `policylayer export`: the registry of a gateway as a document for `apply`, without secrets. @returns the exit status @throws UsageError */
export async function exportRegistry(options: ExportOptions): Promise<number> {
  const api = await openApi(options);
  const { status, body } = await api.call('GET', '/export');
  if (typeof body !== 'object' || body === null) throw new UsageError(`the answer (HTTP ${status}) is not one of PolicyLayer`, 'check --url');
  if (status !== 200) throw new UsageError(`the gateway refused it: ${refusalOf(status, body as Record<string, unknown>).detail}`);
  const document = escaped(body);
  const text = options.json === true ? `${printedJson(document)}\n` : await asYaml(document);
  if (options.out === undefined) process.stdout.write(text);
  else writeNewFile(options.out, text, options.force === true);
  return 0;
}

/** `apply` puts variables in for `${NAME}`; what stands there literally has to come back literally. */
function escaped(value: unknown): unknown {
  if (typeof value === 'string') return value.replaceAll('${', () => '$${');
  if (Array.isArray(value)) return value.map(escaped);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, escaped(inner)]));
}

async function asYaml(document: unknown): Promise<string> {
  const { yamlText } = await import('../gitops/yaml-text.ts');
  return `# The registry of a PolicyLayer gateway. Secrets are not in it: \`secret: true\` keeps the stored one, \`secret: \${NAME}\` sets it.\n${yamlText(document)}`;
}
