/** Value of the only header of this name, or null when it is absent or repeated with different values. @param name lower case */
export function headerValue(headers: readonly string[], name: string): string | null {
  let found: string | null = null;
  for (let index = 0; index + 1 < headers.length; index += 2) {
    const candidate = headers[index] ?? '';
    if (candidate.length !== name.length || candidate.toLowerCase() !== name) continue;
    const value = (headers[index + 1] ?? '').trim();
    if (found !== null && found !== value) return null;
    found = value;
  }
  return found;
}

/** The media type of an answer in lower case; null when there is none, two differ, or its charset is not UTF-8 (protocol.md J1). */
export function mediaType(headers: readonly string[]): string | null {
  const value = headerValue(headers, 'content-type')?.toLowerCase() ?? null;
  if (value === null) return null;
  const charset = /;\s*charset\s*=\s*"?([^";\s]*)"?/.exec(value)?.[1];
  if (charset !== undefined && charset !== 'utf-8' && charset !== 'utf8') return null;
  return (value.split(';')[0] ?? '').trim();
}
