import type { Route } from '../api/route.ts';
import { sessionRoutes } from './session.ts';

/** Every route of the API. One that is not in this list is not served, and not in the OpenAPI document. */
export const routes: readonly Route[] = [
  ...sessionRoutes,
];
