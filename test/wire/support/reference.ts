/**
 * What scan() must accept, by other means: the decoder and JSON.parse of the engine, and a token walk for duplicate names.
 */
export function referenceAccepts(bytes: Buffer): boolean {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    JSON.parse(text);
  } catch {
    return false;
  }
  return !hasDuplicateNames(text);
}

/** For text that JSON.parse accepts: whether an object has two members of the same decoded name. */
export function hasDuplicateNames(text: string): boolean {
  const tokens = text.match(/"(?:[^"\\]|\\[^])*"|[{}[\],:]|[^\s{}[\],:"]+/gu) ?? [];
  const open: Set<string>[] = [];
  for (const [k, token] of tokens.entries()) {
    if (token === '{') open.push(new Set());
    else if (token === '}') open.pop();
    else if (tokens[k + 1] === ':') {
      const names = open.at(-1);
      const name = JSON.parse(token) as string;
      if (names?.has(name) === true) return true;
      names?.add(name);
    }
  }
  return false;
}
