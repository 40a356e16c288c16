import { readFileSync, statSync } from 'node:fs';
import { type Diagnostic, Reporter } from '../../policy/diagnostic.ts';
import type { SourceNode } from '../../policy/source-node.ts';
import { SourceText } from '../../policy/source-text.ts';

/** Files of the author's tools are written by hand; more than this is a mistake. Bytes. */
const MAX_FILE = 16 * 1024 * 1024;

export interface ParsedSource {
  /** Null when the text is not YAML; then the reporter has said why. */
  readonly root: SourceNode | null;
  readonly reporter: Reporter;
  readonly source: SourceText;
}

/** Reads YAML 1.2 or JSON as strictly as policies are read. @param file how messages call the text */
export async function parseSource(text: string, file: string): Promise<ParsedSource> {
  const body = text.startsWith('\uFEFF') ? text.slice(1) : text;
  const source = new SourceText(body, file);
  const reporter = new Reporter(source);
  const { parseYaml } = await import('../../policy/parse-yaml.ts');
  return { root: parseYaml(body, reporter), reporter, source };
}

/** The text of a file, or the error that a reader of the message can act on. */
export function readTextFile(path: string): string | Diagnostic {
  const problem = (message: string, help: string): Diagnostic => ({
    severity: 'error', code: 'unreadable', file: path, line: 1, column: 1, pointer: '', message, help, excerpt: null,
  });
  try {
    const stats = statSync(path);
    if (stats.isDirectory()) return problem('this is a directory', 'name a file');
    if (stats.size > MAX_FILE) return problem(`the file has ${stats.size} bytes; expected at most ${MAX_FILE}`, 'divide it');
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(readFileSync(path));
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT') return problem('there is no such file', 'check the path');
    if (code === 'ERR_ENCODING_INVALID_ENCODED_DATA') return problem('the file is not UTF-8', 'save it as UTF-8');
    return problem(`the file cannot be read (${code ?? 'unknown error'})`, 'check the permissions of the file');
  }
}
