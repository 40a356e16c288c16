import { readFileSync, statSync } from 'node:fs';
import { dirname, isAbsolute, resolve } from 'node:path';
import type { Diagnostic } from '../../policy/diagnostic.ts';
import { toDiagnostic } from '../config/to-diagnostic.ts';
import type { Position, TreeNode } from '../config/tree.ts';
import { UsageError } from '../usage-error.ts';

const MAX_FILE = 16 * 1024 * 1024;

export type ReadDocument =
  | { readonly ok: true; readonly document: unknown; /** Where a pointer into the document stands in the file. */ readonly place: (pointer: string) => Position | null }
  | { readonly ok: false; readonly diagnostics: readonly Diagnostic[] };

/**
 * Reads a document of the registry: YAML or JSON. `${VAR}` is put in from the environment, and the text of a policy may be in a file of its own
 * (`file: path`, from the folder of the document), in which nothing is put in.
 * @param path `-` reads stdin @throws UsageError when it cannot be read
 */
export async function readDocument(path: string, env: NodeJS.ProcessEnv = process.env): Promise<ReadDocument> {
  const { parseTree } = await import('../config/parse-tree.ts');
  const { root, problems } = parseTree(readText(path === '-' ? 0 : path, path), env);
  const file = path === '-' ? '(stdin)' : path;
  if (root === null || problems.some(({ severity }) => severity === 'error')) return { ok: false, diagnostics: problems.map((problem) => toDiagnostic(problem, file)) };
  const document = valueOf(root);
  const base = path === '-' ? process.cwd() : dirname(resolve(path));
  return { ok: true, document: withPolicyFiles(document, base), place: (pointer) => placeOf(root, pointer) };
}

function readText(source: string | 0, path: string): string {
  try {
    if (source !== 0 && statSync(source).size > MAX_FILE) throw new UsageError(`${path} has more than ${MAX_FILE / 1_048_576} MB`);
    return new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(source));
  } catch (error) {
    if (error instanceof UsageError) throw error;
    const { code } = error as NodeJS.ErrnoException;
    throw new UsageError(`${path} cannot be read (${code ?? 'it is not UTF-8'})`, 'check the path; `policylayer export > registry.yaml` writes a document to begin with');
  }
}

function valueOf(node: TreeNode): unknown {
  if (node.kind === 'scalar') return node.value;
  if (node.kind === 'list') return node.items.map(valueOf);
  const result: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  for (const { key, value } of node.entries) result[key] = valueOf(value);
  return result;
}

type Members = Readonly<Record<string, unknown>>;

function isMap(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A policy that names a file gets its text; everything else stays for the gateway to judge. */
function withPolicyFiles(document: unknown, base: string): unknown {
  if (!isMap(document) || !isMap(document['policies'])) return document;
  const policies = Object.entries(document['policies']).map(([name, policy]) => {
    if (!isMap(policy) || typeof policy['file'] !== 'string' || 'text' in policy) return [name, policy] as const;
    const { file, ...rest } = policy;
    return [name, { ...rest, text: readText(isAbsolute(file) ? file : resolve(base, file), file) }] as const;
  });
  return { ...document, policies: Object.fromEntries(policies) };
}

/** Of a value that is not in the file, the place of the nearest thing around it. @param pointer begins with `/document` */
function placeOf(root: TreeNode, pointer: string): Position | null {
  const steps = pointer.split('/').slice(1).map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
  if (steps.shift() !== 'document') return null;
  let node = root;
  let at = root.at;
  for (const step of steps) {
    const entry = node.kind === 'map' ? node.entries.find(({ key }) => key === step) : undefined;
    const next = entry?.value ?? (node.kind === 'list' ? node.items[Number(step)] : undefined);
    if (next === undefined) break;
    at = entry?.at ?? next.at;
    node = next;
  }
  return at;
}
