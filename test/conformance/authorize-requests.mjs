// Preloaded into the suite, which has no option for headers: adds a bearer token to each request for the URL under test.
// It listens to the announcements that Node and undici make of requests, so nothing else of a request changes. Used with
// and without the gateway, so that both runs send the same.
import { subscribe } from 'node:diagnostics_channel';

const { CONFORMANCE_URL, CONFORMANCE_BEARER } = process.env;

if (CONFORMANCE_URL !== undefined && CONFORMANCE_BEARER !== undefined) {
  const { origin, hostname, pathname } = new URL(CONFORMANCE_URL);
  const authorization = `Bearer ${CONFORMANCE_BEARER}`;
  subscribe('undici:request:create', ({ request }) => {
    if (new URL(String(request.origin)).origin === origin) request.addHeader('authorization', authorization);
  });
  subscribe('http.client.request.created', ({ request }) => {
    // By the address that is connected to, not by the Host header: a scenario may send another name to the same server.
    if (request.host === hostname && request.path === pathname) request.setHeader('authorization', authorization);
  });
}
