/**
 * Reads the name of an argument in a policy: dots divide (`card.number`), `\.` is a dot in a name and `\\` a backslash.
 * @returns the names from the outside in, or what is wrong; completes the sentence "the argument name ..."
 */
export function readArgumentPath(name: string): { readonly ok: true; readonly path: readonly string[] } | { readonly ok: false; readonly problem: string; readonly help: string } {
  const path: string[] = [''];
  for (let at = 0; at < name.length; at += 1) {
    const character = name[at] ?? '';
    const last = path.length - 1;
    if (character === '.') path.push('');
    else if (character !== '\\') path[last] += character;
    else {
      at += 1;
      const escaped = name[at] ?? '';
      if (escaped !== '.' && escaped !== '\\') return { ok: false, problem: 'has a backslash before something else than `.` or `\\`', help: 'write `\\.` for a dot in a name and `\\\\` for a backslash' };
      path[last] += escaped;
    }
  }
  if (path.includes('')) return { ok: false, problem: path.length === 1 ? 'is empty' : 'has an empty part', help: 'write for example `amount` or `card.number`; a dot in a name is written `\\.`' };
  if (path.length > 16) return { ok: false, problem: `has ${path.length} parts, more than 16`, help: 'constrain an outer argument with a schema' };
  return { ok: true, path };
}

/** The name that `readArgumentPath` reads back. */
export function writeArgumentPath(path: readonly string[]): string {
  return path.map((part) => part.replaceAll('\\', '\\\\').replaceAll('.', '\\.')).join('.');
}
