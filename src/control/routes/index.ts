import type { Route } from '../api/route.ts';
import { auditRoutes } from './audit.ts';
import { journalRoutes } from './journal.ts';
import { journalChainRoutes } from './journal-chain.ts';
import { memberRoutes } from './members.ts';
import { openApiRoute } from './openapi.ts';
import { approvalRoutes } from './approvals.ts';
import { eventRoutes } from './events.ts';
import { inboxRoutes } from './inbox.ts';
import { opsRoutes } from './ops.ts';
import { overviewRoutes } from './overview.ts';
import { serverOAuthRoutes } from './server-oauth.ts';
import { sessionOidcRoutes } from './session-oidc.ts';
import { gitopsRoutes } from './gitops.ts';
import { grantRoutes } from './grants.ts';
import { policyRoutes } from './policies.ts';
import { serverToolRoutes } from './server-tools.ts';
import { serverRoutes } from './servers.ts';
import { policyToolRoutes } from './policy-tools.ts';
import { sessionRoutes } from './session.ts';
import { settingsRoutes } from './settings.ts';
import { tokenRoutes } from './tokens.ts';

/** Every route of the API. One that is not in this list is not served, and not in the OpenAPI document. */
export const routes: readonly Route[] = [
  ...sessionRoutes,
  ...serverRoutes,
  ...serverToolRoutes,
  ...policyRoutes,
  ...grantRoutes,
  ...gitopsRoutes,
  ...sessionOidcRoutes,
  ...overviewRoutes,
  ...opsRoutes,
  ...inboxRoutes,
  ...journalChainRoutes,
  ...journalRoutes,
  ...eventRoutes,
  ...approvalRoutes,
  ...memberRoutes,
  ...tokenRoutes,
  ...auditRoutes,
  ...settingsRoutes,
  ...policyToolRoutes,
  ...serverOAuthRoutes,
  openApiRoute(() => routes),
];
