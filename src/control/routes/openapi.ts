import { z } from 'zod';
import { openApiDocument } from '../api/openapi.ts';
import { defineRoute, type Route } from '../api/route.ts';

/** The route of the document, which describes itself as well. @param routes asked at the first request */
export function openApiRoute(routes: () => readonly Route[]): Route {
  let made: Record<string, unknown> | null = null;
  return defineRoute({
    method: 'get', path: '/openapi.json', id: 'getOpenApi', summary: 'This document', tag: 'meta', permission: 'public', reply: z.record(z.string(), z.unknown()),
    handle: (_call, { version }) => ({ body: (made ??= openApiDocument(routes(), version)) }),
  });
}
