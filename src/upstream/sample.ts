const UNSAFE = /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}\\]/gu;

/**
 * Bytes or text from outside, made fit for one line of a log or an error: bounded, control, bidirectional and invisible characters
 * escaped, so that it can neither end the line nor colour or reorder a terminal (protocol.md U1).
 * @param max characters kept before the ellipsis
 */
export function sample(source: Buffer | string, max = 200): string {
  const bounded = typeof source === 'string' ? source.slice(0, max + 1) : source.subarray(0, max * 4 + 1).toString('utf8');
  const cut = bounded.length > max;
  const text = cut ? bounded.slice(0, max) : bounded;
  return text.replace(UNSAFE, escape) + (cut ? '…' : '');
}

function escape(character: string): string {
  switch (character) {
    case '\\': return '\\\\';
    case '\n': return '\\n';
    case '\r': return '\\r';
    case '\t': return '\\t';
    default: return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
  }
}
