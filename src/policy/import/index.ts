import type { Diagnostic } from '../diagnostic.ts';
import { formatDiagnostic, Reporter } from '../diagnostic.ts';
import { loadPolicy, MAX_DOCUMENT_BYTES } from '../index.ts';
import { parseYaml } from '../parse-yaml.ts';
import { pointer } from '../pointer.ts';
import type { SourceNode } from '../source-node.ts';
import { SourceText } from '../source-text.ts';
import { compose } from './compose.ts';
import { readHosted } from './hosted.ts';
import { readIntercept } from './intercept.ts';
import { OldReader } from './reader.ts';
import { write } from './write.ts';

export type OldDialect = 'intercept' | 'hosted';

export interface Imported {
  /** What the file was read as; null when it is neither. */
  readonly dialect: OldDialect | null;
  /** The policy in this language, as YAML that loads; null when there is an error: nothing is half imported. */
  readonly document: string | null;
  /** What means something else now, with its place in the old file. Empty when there is an error. */
  readonly notes: readonly Diagnostic[];
  readonly errors: readonly Diagnostic[];
}

export interface ImportOptions {
  /** How messages call the file. */
  readonly file?: string;
  /** Which dialect to read; found out when left out. */
  readonly dialect?: OldDialect;
}

/**
 * Translates a policy of one of the two older dialects: Intercept YAML (`tools.NAME.rules[]`) or hosted JSON
 * (`tools.NAME.{require, deny_if, limits}`). Pure. policy.md, "Tools for the author".
 *
 * @param text the whole file, YAML or JSON
 */
export async function importPolicy(text: string, options: ImportOptions = {}): Promise<Imported> {
  const file = options.file ?? 'policy';
  const body = text.startsWith('\uFEFF') ? text.slice(1) : text;
  const reporter = new Reporter(new SourceText(body, file));
  const nothing = (dialect: OldDialect | null): Imported => ({ dialect, document: null, notes: [], errors: reporter.list('error') });
  if (Buffer.byteLength(body) > MAX_DOCUMENT_BYTES) {
    reporter.error('too_large', { start: 0, end: 0 }, '', `the file has more than ${MAX_DOCUMENT_BYTES} bytes`, 'divide it');
    return nothing(null);
  }
  const root = parseYaml(body, reporter);
  if (root === null || reporter.failed) return nothing(options.dialect ?? null);
  const dialect = options.dialect ?? dialectOf(root, body, reporter);
  if (dialect === null) return nothing(null);
  const reader = new OldReader(reporter);
  const old = dialect === 'intercept' ? readIntercept({ node: root, at: '' }, reader) : readHosted({ node: root, at: '' }, reader);
  if (old === null || reporter.failed) return nothing(dialect);
  const policy = compose(old);
  const place = (tool: string): readonly [SourceNode['span'], string] => [spanOfTool(root, tool), pointer('tools', tool)];
  if (policy.problem !== null) reporter.error('cannot_be_said', ...place(policy.problem.tool), policy.problem.message, policy.problem.help);
  for (const { code, tool } of policy.notes) reader.notes.add(code, ...place(tool), tool);
  if (reporter.failed) return nothing(dialect);
  const document = write(policy, dialect === 'intercept' ? 'an Intercept policy' : 'a hosted policy');
  // Whatever was overlooked above must not leave a file behind that looks imported.
  const loaded = await loadPolicy(document, { name: 'imported', file: `imported ${file}` });
  if (!loaded.ok) {
    for (const error of loaded.errors) reporter.error('does_not_load', root.span, '', `the imported policy would not load: ${formatDiagnostic(error).split('\n')[0] ?? ''}`, error.help);
    return nothing(dialect);
  }
  return { dialect, document, notes: reporter.list('warning'), errors: [] };
}

/** Which dialect a file is written in, by what stands in its tools. */
function dialectOf(root: SourceNode, text: string, reporter: Reporter): OldDialect | null {
  if (root.kind !== 'map') {
    reporter.error('wrong_type', root.span, '', 'the file is no map; expected a policy with `version` and `tools`', null);
    return null;
  }
  const entry = (node: SourceNode | undefined, key: string): SourceNode | undefined => (node?.kind === 'map' ? node.entries.find((candidate) => candidate.key === key)?.value : undefined);
  const tools = entry(root, 'tools');
  const values = tools?.kind === 'map' ? tools.entries.map((tool) => tool.value) : [];
  const has = (...keys: readonly string[]): boolean => values.some((value) => keys.some((key) => entry(value, key) !== undefined));
  const hosted = entry(root, 'all_tools') !== undefined || has('limits') || (has('require', 'deny_if') && !has('rate_limit', 'budget', 'action', 'arguments', 'when'));
  if (has('rules') && !hosted) return 'intercept';
  if (hosted && !has('rules')) return 'hosted';
  if (hosted) {
    reporter.error('two_dialects', root.span, '', 'the file mixes both old dialects: `rules` and `require`, `deny_if`, `limits` or `all_tools`', 'divide it');
    return null;
  }
  const ours = values.some((value) => value.kind === 'string' || value.kind === 'list') || has('action', 'rate_limit', 'budget', 'arguments', 'require', 'deny_if', 'when', 'approval');
  if (ours) {
    reporter.error('not_old', root.span, '', 'the file is written in this language already', 'use `policylayer check` on it');
    return null;
  }
  return text.trimStart().startsWith('{') ? 'hosted' : 'intercept';
}

function spanOfTool(root: SourceNode, tool: string): SourceNode['span'] {
  const entries = root.kind === 'map' ? root.entries : [];
  const tools = entries.find(({ key }) => key === 'tools')?.value;
  const found = tools?.kind === 'map' ? tools.entries.find(({ key }) => key === tool) : undefined;
  return found?.keySpan ?? root.span;
}
