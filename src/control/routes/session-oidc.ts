import { z } from 'zod';
import { notFound, tooMany } from '../api/problem.ts';
import { defineRoute, type Call, type RawReply, type Route } from '../api/route.ts';
import type { ControlServices } from '../api/services.ts';
import { Cookies } from '../auth/cookies.ts';
import { admit, type NotAdmitted } from '../auth/oidc/admit.ts';
import { beginFlow, endFlow } from '../auth/oidc/flow.ts';
import { openProvider } from '../auth/oidc/provider.ts';
import { openRoundTrip, ROUND_TRIP_COOKIE, ROUND_TRIP_SECONDS, sealRoundTrip } from '../auth/oidc/round-trip.ts';
import { openSession } from '../auth/open-session.ts';
import { oidcSettings, type OidcSettings } from '../auth/settings.ts';
import { deskOf } from '../auth/sign-in-desk.ts';

/** What the sign-in page is told in its fragment, `#error=oidc_...`. */
type Failure = NotAdmitted | 'begun_elsewhere' | 'failed' | 'unreachable';

const WHY: Readonly<Record<Failure, string>> = {
  email_not_verified: 'the identity provider does not vouch for the e-mail address', not_invited: 'nobody has invited this address', disabled: 'the member is disabled',
  other_identity: 'the member with this address signs in with another identity', begun_elsewhere: 'the sign-in was not begun in this browser, or too long ago', failed: 'the answer of the identity provider was not accepted',
  unreachable: 'the identity provider did not answer',
};

export const sessionOidcRoutes: readonly Route[] = [
  defineRoute({
    method: 'get', path: '/session/oidc/start', id: 'startOidc', summary: 'Sends the browser to the identity provider', tag: 'session', permission: 'public', raw: 'text/html', redirects: true, reply: z.string(),
    query: z.strictObject({ again: z.literal('1').optional() }),
    handle: async (call, services) => {
      const settings = await demandOidc(services);
      const publicUrl = services.publicUrl();
      // The cookie must be set where the identity provider sends the browser back to. Once: a proxy may write another Host.
      if (call.query.again === undefined && call.origin !== new URL(publicUrl).origin) return to(`${publicUrl}/api/v1/session/oidc/start?again=1`);
      try {
        const { location, trip } = await beginFlow(await openProvider(settings, services), redirectUri(publicUrl), services.now() + ROUND_TRIP_SECONDS * 1_000);
        return to(location, [new Cookies(publicUrl).set(ROUND_TRIP_COOKIE, sealRoundTrip(services.secrets, trip), ROUND_TRIP_SECONDS, true)]);
      } catch (error) {
        services.log(`sign-in: the identity provider could not be asked (request ${call.requestId}): ${error instanceof Error ? error.message : 'unknown error'}`);
        return fail('unreachable', publicUrl);
      }
    },
  }),
  defineRoute({
    method: 'get', path: '/session/oidc/callback', id: 'endOidc', summary: 'Where the identity provider sends the browser back to', tag: 'session', permission: 'public', raw: 'text/html', redirects: true, reply: z.string(),
    // Identity providers add parameters of their own.
    query: z.record(z.string().max(200), z.string().max(4_096)).meta({ override: { type: 'object', properties: { code: { type: 'string' }, state: { type: 'string' }, iss: { type: 'string' }, error: { type: 'string' } } } }),
    handle: async (call, services) => {
      const settings = await demandOidc(services);
      const wait = deskOf(services.registry).beginUnknown(call.address, services.now());
      if (wait > 0) throw tooMany('too many failed sign-ins from this address; wait', wait / 1_000);
      const end = await ended(call, settings, services);
      if (typeof end !== 'string') {
        deskOf(services.registry).endUnknown(call.address);
        return end;
      }
      await deskOf(services.registry).refuse(call, null, WHY[end], services);
      return fail(end, services.publicUrl());
    },
  }),
];

type EndCall = Call<unknown, Record<string, string>, unknown>;

async function ended(call: EndCall, settings: OidcSettings, services: ControlServices): Promise<RawReply | Failure> {
  const { registry, secrets, now, log } = services;
  const publicUrl = services.publicUrl();
  const cookies = new Cookies(publicUrl);
  const trip = openRoundTrip(secrets, call.cookie(cookies.name(ROUND_TRIP_COOKIE)), now());
  if (trip === null) return 'begun_elsewhere';
  try {
    const who = await endFlow(await openProvider(settings, services), trip, new URLSearchParams(call.query), redirectUri(publicUrl));
    const member = await deskOf(registry).inTurn(() => admit(who, settings, call, services));
    if (typeof member === 'string') return member;
    const opened = await openSession(member, call, `with ${settings.label}`, services);
    return to(`${publicUrl}/`, [...opened.cookies, cookies.set(ROUND_TRIP_COOKIE, '', 0, true)]);
  } catch (error) {
    log(`sign-in: the answer of the identity provider was not accepted (request ${call.requestId}): ${error instanceof Error ? error.message : 'unknown error'}`);
    return 'failed';
  }
}

async function demandOidc({ registry }: ControlServices): Promise<OidcSettings> {
  const settings = await oidcSettings(registry);
  if (settings?.enabled !== true) throw notFound('way to sign in');
  return settings;
}

function redirectUri(publicUrl: string): string {
  return `${publicUrl}/api/v1/session/oidc/callback`;
}

function fail(why: Failure, publicUrl: string): RawReply {
  return to(`${publicUrl}/sign-in#error=oidc_${why}`, [new Cookies(publicUrl).set(ROUND_TRIP_COOKIE, '', 0, true)]);
}

function to(location: string, cookies: readonly string[] = []): RawReply {
  return { status: 303, headers: { location, 'content-type': 'text/html; charset=utf-8' }, stream: nothing(), cookies };
}

async function* nothing(): AsyncGenerator<string> {}
