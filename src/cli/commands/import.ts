import { importPolicy as translate, type OldDialect } from '../../policy/import/index.ts';
import { formatDiagnostic, type Diagnostic } from '../../policy/index.ts';
import { readTextFile } from '../author/read-source.ts';
import { count } from '../author/words.ts';
import { writeNewFile } from '../write-new-file.ts';

export interface ImportOptions {
  /** Which dialect the file is written in; told by its content when left out. */
  readonly from?: OldDialect;
  /** Where the document is written; stdout when left out. */
  readonly out?: string;
  /** Replace an existing file. */
  readonly force?: boolean;
  readonly json?: boolean;
}

interface Streams {
  readonly stdout: NodeJS.WritableStream;
  readonly stderr: NodeJS.WritableStream;
}

const CALLED: Readonly<Record<OldDialect, string>> = { intercept: 'an Intercept policy', hosted: 'a hosted policy' };

/**
 * `policylayer import FILE` (policy.md, "Tools for the author"): a policy of an older dialect in this language. The document goes to
 * stdout or a file, what changes its meaning to stderr. What the loader does not accept is never written.
 * @returns 0 when it was written, 2 when it cannot be imported
 * @throws UsageError when the file to be written exists or cannot be written
 */
export async function importPolicy(file: string, options: ImportOptions, { stdout, stderr }: Streams): Promise<number> {
  const text = readTextFile(file);
  const imported = typeof text === 'string' ? await translate(text, { file, ...(options.from === undefined ? {} : { dialect: options.from }) }) : { dialect: null, document: null, notes: [], errors: [text] };
  const { dialect, document, notes, errors } = imported;
  if (document !== null && options.out !== undefined) writeNewFile(options.out, document, options.force === true);
  if (options.json === true) {
    stdout.write(`${JSON.stringify({ file, dialect, document, out: document === null ? null : (options.out ?? null), notes: notes.map(plain), errors: errors.map(plain) }, null, 2)}\n`);
    return document === null ? 2 : 0;
  }
  // A note is no mistake of the author.
  for (const note of notes) stderr.write(`${formatDiagnostic(note).replace(': warning: ', ': note: ')}\n\n`);
  for (const error of errors) stderr.write(`${formatDiagnostic(error)}\n\n`);
  if (document === null || dialect === null) {
    stderr.write(`policylayer: ${file} was not imported: ${count(errors.length, 'error')}\n`);
    return 2;
  }
  const changed = notes.length === 0 ? 'nothing changes its meaning' : `${count(notes.length, 'note')} above ${notes.length === 1 ? 'says' : 'say'} what means something else now`;
  stderr.write(`policylayer: read as ${CALLED[dialect]}; ${changed}\n`);
  if (options.out === undefined) stdout.write(document);
  else stderr.write(`Wrote ${options.out}. Then: policylayer check ${options.out}\n`);
  return 0;
}

function plain({ excerpt: _excerpt, ...rest }: Diagnostic): Omit<Diagnostic, 'excerpt'> {
  return rest;
}
