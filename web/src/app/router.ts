import { createRootRoute, createRoute, createRouter, lazyRouteComponent, redirect } from '@tanstack/react-router';
import { queryClient } from '../api/query-client.ts';
import { sessionQuery } from '../api/session.ts';
import { NotFound, PageError, PageLoading } from './fallbacks.tsx';
import { Root } from './root.tsx';
import { Shell } from './shell.tsx';

const root = createRootRoute({ component: Root, notFoundComponent: NotFound });

const signIn = createRoute({ getParentRoute: () => root, path: '/sign-in', component: lazyRouteComponent(() => import('../pages/sign-in/index.tsx')) });

/** Everything behind the sign-in. */
const shell = createRoute({
  getParentRoute: () => root,
  id: 'shell',
  component: Shell,
  beforeLoad: async ({ location }) => {
    const session = await queryClient.ensureQueryData(sessionQuery);
    if (session.member === null) redirect({ to: '/sign-in', search: location.href === '/' ? {} : { next: location.href }, throw: true });
  },
});

type Loader = Parameters<typeof lazyRouteComponent>[0];
const page = (path: string, load: Loader) => createRoute({ getParentRoute: () => shell, path, component: lazyRouteComponent(load) });

const pages = [
  page('/', () => import('../pages/overview/index.tsx')),
  page('/servers', () => import('../pages/servers/index.tsx')),
  page('/servers/new', () => import('../pages/servers/new-server.tsx')),
  page('/servers/$server', () => import('../pages/servers/server.tsx')),
  page('/policies', () => import('../pages/policies/index.tsx')),
  page('/policies/$policy', () => import('../pages/policies/policy.tsx')),
  page('/grants', () => import('../pages/grants/index.tsx')),
  page('/grants/$grant', () => import('../pages/grants/grant.tsx')),
  page('/inbox/approvals', () => import('../pages/approvals/index.tsx')),
  page('/inbox/messages', () => import('../pages/messages/index.tsx')),
  page('/journal', () => import('../pages/journal/index.tsx')),
  page('/members', () => import('../pages/members/index.tsx')),
  page('/tokens', () => import('../pages/tokens/index.tsx')),
  page('/audit', () => import('../pages/audit/index.tsx')),
  page('/settings', () => import('../pages/settings/index.tsx')),
  page('/account', () => import('../pages/account/index.tsx')),
];

/** Search parameters are plain strings, so that an address can be read, written by hand and shared. */
function parseSearch(search: string): Record<string, string> {
  return Object.fromEntries(new URLSearchParams(search));
}

function stringifySearch(search: Record<string, unknown>): string {
  const parameters = new URLSearchParams();
  for (const [key, value] of Object.entries(search)) if (typeof value === 'string' && value !== '') parameters.set(key, value);
  const text = parameters.toString();
  return text === '' ? '' : `?${text}`;
}

export const router = createRouter({
  routeTree: root.addChildren([signIn, shell.addChildren(pages)]),
  parseSearch,
  stringifySearch,
  defaultPreload: 'intent',
  defaultPreloadStaleTime: 0,
  defaultPendingComponent: PageLoading,
  defaultPendingMs: 300,
  defaultErrorComponent: PageError,
  defaultNotFoundComponent: NotFound,
  scrollRestoration: true,
});
