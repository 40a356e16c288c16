import { formatDiagnostic } from '../../policy/diagnostic.ts';
import { printable } from '../../policy/printable.ts';
import { openApi, type ApiOptions } from '../gitops/api-client.ts';
import { readDocument, type ReadDocument } from '../gitops/read-document.ts';
import { changeLines, readAnswer, summaryLine, type Change, type Refusal } from '../gitops/told.ts';
import { printedJson } from '../printed-json.ts';
import { styleFor } from '../terminal.ts';

export interface ApplyOptions extends ApiOptions {
  readonly file: string;
  readonly prune?: boolean;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

/** `policylayer apply`: makes a gateway's registry as a document says. @returns 0 done, 1 the gateway refused it, 2 the document cannot be read @throws UsageError */
export async function apply(options: ApplyOptions): Promise<number> {
  return (await compare(options, options.dryRun === true)).status;
}

/** `policylayer diff`: what apply would change. @returns 0 nothing, 1 something, 2 it cannot be said @throws UsageError */
export async function diff(options: ApplyOptions): Promise<number> {
  const { status, changes } = await compare(options, true);
  return status !== 0 ? 2 : changes.length > 0 ? 1 : 0;
}

async function compare(options: ApplyOptions, dryRun: boolean): Promise<{ readonly status: number; readonly changes: readonly Change[] }> {
  const read = await readDocument(options.file);
  if (!read.ok) {
    for (const diagnostic of read.diagnostics) process.stderr.write(`${formatDiagnostic(diagnostic)}\n`);
    return { status: 2, changes: [] };
  }
  const api = await openApi(options);
  const answer = readAnswer(await api.call('POST', `/apply${dryRun ? '?dryRun=true' : ''}`, { document: read.document, prune: options.prune === true }));
  if ('code' in answer) {
    tellRefusal(answer, read, options);
    return { status: 1, changes: [] };
  }
  if (options.json === true) process.stdout.write(`${printedJson(answer)}\n`);
  else tellChanges(answer, dryRun);
  return { status: 0, changes: answer.changes };
}

function tellChanges({ changes, tokens }: { readonly changes: readonly Change[]; readonly tokens: Readonly<Record<string, string>> }, dryRun: boolean): void {
  const style = styleFor(process.stdout);
  const lines = changeLines(changes, style);
  if (changes.length === 0) lines.push('Nothing differs.');
  else lines.push('', `${summaryLine(changes)}${dryRun ? ', nothing of it done' : ''}.`);
  const made = Object.entries(tokens);
  if (made.length > 0) lines.push('', style.bold('New tokens, shown once:'), ...made.flatMap(([label, token]) => [`  ${printable(label, 80)}`, `    ${printable(token, 200)}`]));
  process.stdout.write(`${lines.join('\n')}\n`);
}

function tellRefusal({ code, detail, problems }: Refusal, { place }: Extract<ReadDocument, { ok: true }>, { json, file }: ApplyOptions): void {
  const placed = problems.map((problem) => ({ ...problem, at: place(problem.pointer) }));
  if (json === true) process.stdout.write(`${printedJson({ error: { code, detail, problems: placed.map(({ at, ...problem }) => ({ ...problem, line: at?.line ?? null, column: at?.column ?? null })) } })}\n`);
  process.stderr.write(`policylayer: the gateway refused the document (${printable(code, 60)}): ${detail}\n`);
  for (const { pointer, message, help, at } of placed) {
    const where = at === null ? printable(pointer, 200) : `${file === '-' ? '(stdin)' : file}:${at.line}:${at.column}`;
    process.stderr.write(`${where}: error: ${message}\n${help === undefined ? '' : `  help: ${help}\n`}`);
  }
}
