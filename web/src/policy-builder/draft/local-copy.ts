/** What this browser keeps of a draft that the gateway has not got yet: a closed tab loses nothing. */
export interface LocalCopy {
  readonly text: string;
  /** The version of the policy that it was written on. */
  readonly version: number;
}

const key = (name: string): string => `policylayer-draft:${name}`;

export function keepLocally(name: string, copy: LocalCopy): void {
  try {
    localStorage.setItem(key(name), JSON.stringify(copy));
  } catch {
    // A browser without room or without storage: the gateway's copy is the one that counts.
  }
}

export function dropLocally(name: string): void {
  try {
    localStorage.removeItem(key(name));
  } catch {
    // See above.
  }
}

export function readLocally(name: string): LocalCopy | null {
  try {
    const found: unknown = JSON.parse(localStorage.getItem(key(name)) ?? 'null');
    if (typeof found !== 'object' || found === null) return null;
    const { text, version } = found as Partial<LocalCopy>;
    return typeof text === 'string' && typeof version === 'number' ? { text, version } : null;
  } catch {
    return null;
  }
}
