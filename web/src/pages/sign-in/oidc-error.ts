/** What the fragment `#error=oidc_...` means, and what to do. The words are ours: nothing of the address is shown. */
const OIDC_ERRORS: ReadonlyMap<string, string> = new Map([
  ['email_not_verified', 'Your identity provider does not confirm that the e-mail address is yours. Confirm it there, then sign in again.'],
  ['not_invited', 'Nobody has invited your e-mail address yet. Ask an admin for an invitation.'],
  ['disabled', 'Your account here is disabled. Ask an admin to enable it again.'],
  ['other_identity', 'The member with your e-mail address signs in with another identity. Use that one, or ask an admin.'],
  ['begun_elsewhere', 'The sign-in was begun in another browser, or too long ago. Begin again here.'],
  ['unreachable', 'The identity provider did not answer. Try again in a moment; if it stays so, tell an admin.'],
  ['failed', 'The answer of the identity provider was not accepted. Try again; if it stays so, tell an admin: the gateway’s log says why.'],
]);

/** @param code of the fragment, `oidc_failed` for example @returns what to tell a person; null for what is no error of a sign-in */
export function oidcError(code: string | null): string | null {
  if (code === null || !code.startsWith('oidc_')) return null;
  return OIDC_ERRORS.get(code.slice('oidc_'.length)) ?? 'The sign-in with the identity provider did not work. Try again; if it stays so, tell an admin.';
}
