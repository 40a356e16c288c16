/** First parts of the dashboard's addresses. Everything else on the listener keeps its own answer. */
const PAGES: ReadonlySet<string> = new Set(['overview', 'servers', 'policies', 'grants', 'inbox', 'journal', 'members', 'tokens', 'audit', 'settings', 'profile', 'account', 'sign-in', 'held', 'messages', 'live']);

/** True for an address of the dashboard, which answers each of them with the same page. */
export function isSpaPage(path: string): boolean {
  return path === '/' || PAGES.has(path.split('/', 2)[1] ?? '');
}
