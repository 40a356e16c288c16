/** Where to go after the sign-in. An address of another site, or one that a browser would read as such (`//host`, `/\host`), becomes `/`. */
export function goodNext(next: string | undefined): string {
  if (next === undefined || !/^\/(?![/\\])/.test(next) || next.startsWith('/sign-in')) return '/';
  return new URL(next, location.origin).origin === location.origin ? next : '/';
}
