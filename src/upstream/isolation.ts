/** Who shares a process: nobody, the sessions of one grant, everybody (product.md, `isolation`). */
export type Isolation = 'session' | 'grant' | 'shared';

/**
 * The key under which a process is kept. Clients with different keys never meet in one process.
 * @param session identifies the session; without one (modern requests) its place is taken by the grant
 */
export function isolationKey(isolation: Isolation, who: { readonly server: string; readonly grant: string; readonly session: string | null }): string {
  switch (isolation) {
    case 'shared': return JSON.stringify([who.server]);
    case 'grant': return JSON.stringify([who.server, who.grant]);
    case 'session': return JSON.stringify(who.session === null ? [who.server, who.grant] : [who.server, who.grant, who.session]);
  }
}
