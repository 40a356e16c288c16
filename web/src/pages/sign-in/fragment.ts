/** What the fragment of the address brings. No server and no log ever sees it. */
export interface Fragment {
  /** The secret of a one-time link. */
  readonly link: string | null;
  /** Why a sign-in at the identity provider ended here, `oidc_failed` for example. */
  readonly error: string | null;
}

/** Reads the fragment and takes it out of the address and the history at once. */
export function takeFragment(): Fragment {
  const parameters = new URLSearchParams(location.hash.slice(1));
  const fragment = { link: parameters.get('link'), error: parameters.get('error') };
  if (fragment.link !== null || fragment.error !== null) history.replaceState(history.state, '', location.pathname + location.search);
  return fragment;
}
