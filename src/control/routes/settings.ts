import { z } from 'zod';
import type { Change, Stored } from '../../state/registry/types.ts';
import { ApiProblem, invalid } from '../api/problem.ts';
import { defineRoute, type Route } from '../api/route.ts';
import type { ControlServices } from '../api/services.ts';
import { refusedChange } from '../api/versions.ts';
import { auditOf, changedFields } from '../auth/audit-entry.ts';
import { OIDC, OIDC_SECRET, ORGANISATION_NAME, type OidcSettings } from '../auth/settings.ts';
import { PRIVATE_TARGETS, PUBLIC_URL } from '../config/settings.ts';
import { KeysNotChanged } from '../secrets/key-file.ts';
import { rotateKeys } from '../secrets/reseal.ts';
import { allowEntryProblem } from '../../upstream/address-guard.ts';
import { role, shownName } from './session-schemas.ts';

const NAMES = [ORGANISATION_NAME, PUBLIC_URL, PRIVATE_TARGETS, OIDC] as const;

const domain = z.string().toLowerCase().regex(/^(?=.{4,253}$)[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)+$/, 'a domain like example.com is expected');
const issuer = z.string().max(500).refine(isIssuer, 'an https address without query or fragment is expected (http on this machine only)');
const publicUrl = z.string().max(500).refine(isOrigin, 'an address like https://gateway.example.com is expected, without path, query or fragment').transform((text) => new URL(text).origin);
const target = z.string().max(253).superRefine((text, context) => {
  const problem = allowEntryProblem(text);
  if (problem !== null) context.addIssue({ code: 'custom', message: problem });
});

const oidcFields = {
  enabled: z.boolean(), label: shownName, issuer, clientId: z.string().min(1).max(500).regex(/^[\x20-\x7e]*$/, 'printable ASCII is expected'), allowedDomains: z.array(domain).max(50), defaultRole: role.nullable(),
  roleClaim: z.string().min(1).max(200).nullable(), roleMap: z.record(z.string().min(1).max(200), role),
};
const settingsReply = z.object({
  organisationName: z.string(), publicUrl: z.string().nullable(), publicUrlSource: z.enum(['file', 'registry']), privateTargets: z.array(z.string()),
  retainDays: z.number().nullable().describe('from gateway.yaml'), journalArguments: z.enum(['keys', 'values']).describe('from gateway.yaml'),
  oidc: z.object({ ...oidcFields, label: z.string(), issuer: z.string(), allowedDomains: z.array(z.string()), clientSecretSet: z.boolean(), redirectUri: z.string() }).nullable(),
  keys: z.object({ newest: z.int(), count: z.int(), source: z.enum(['environment', 'file', 'generated']) }),
});
const body = z.strictObject({
  organisationName: shownName, publicUrl: publicUrl.nullable(), privateTargets: z.array(target).max(200),
  oidc: z.strictObject({ ...oidcFields, clientSecret: z.union([z.string().min(1).max(2_000), z.literal(true)]).nullable().default(true).describe('true keeps the stored one; null removes it') }).nullable(),
}).partial();

type Kept = ReadonlyMap<string, Stored<'setting'>>;

async function kept({ registry }: ControlServices): Promise<Kept> {
  const found: [string, Stored<'setting'>][] = [];
  for (const name of NAMES) {
    const setting = await registry.get('setting', name);
    if (setting !== null) found.push([name, setting]);
  }
  return new Map(found);
}

/** Grows with every change of any setting, because no setting is ever removed. */
function versionOf(settings: Kept): number {
  return [...settings.values()].reduce((sum, { version }) => sum + version, 0);
}

async function shown(settings: Kept, services: ControlServices): Promise<z.input<typeof settingsReply>> {
  const { registry, secrets } = services;
  const { approvals, journal } = services.config();
  const oidc = (settings.get(OIDC)?.value ?? null) as OidcSettings | null;
  const name = settings.get(ORGANISATION_NAME)?.value;
  const targets = settings.get(PRIVATE_TARGETS)?.value;
  return {
    organisationName: typeof name === 'string' ? name : 'PolicyLayer',
    publicUrl: approvals.publicUrl, publicUrlSource: urlIsOfFile(settings, services) ? 'file' : 'registry',
    privateTargets: Array.isArray(targets) ? targets.filter((one) => typeof one === 'string') : [],
    retainDays: journal.retainDays, journalArguments: journal.arguments,
    oidc: oidc === null ? null : { ...oidc, allowedDomains: [...oidc.allowedDomains], roleMap: { ...oidc.roleMap }, clientSecretSet: (await registry.secret(OIDC_SECRET)) !== null, redirectUri: `${services.publicUrl()}/api/v1/session/oidc/callback` },
    keys: { newest: secrets.newest, count: secrets.keys.length, source: secrets.source },
  };
}

function urlIsOfFile(settings: Kept, { config }: ControlServices): boolean {
  const inForce = config().approvals.publicUrl;
  const own = settings.get(PUBLIC_URL)?.value;
  return inForce !== null && inForce !== own;
}

export const settingsRoutes: readonly Route[] = [
  defineRoute({
    method: 'get', path: '/settings', id: 'getSettings', summary: 'Settings of the organisation', tag: 'settings', permission: 'settings.write', reply: settingsReply,
    handle: async (_call, services) => {
      const settings = await kept(services);
      return { body: await shown(settings, services), version: versionOf(settings) };
    },
  }),
  defineRoute({
    method: 'patch', path: '/settings', id: 'changeSettings', summary: 'Change settings; what is left out stays', tag: 'settings', permission: 'settings.write', needsIfMatch: true,
    // An identity provider of his own would let whoever stole an API token in as anybody.
    sessionOnly: true, body, reply: settingsReply,
    handle: async (call, services) => {
      const { registry, secrets } = services;
      const settings = await kept(services);
      if (call.ifMatch !== null && call.ifMatch !== versionOf(settings)) throw new ApiProblem('precondition_failed', 'the settings were changed since you read them; read them again and repeat the change');
      const { organisationName, publicUrl: url, privateTargets, oidc } = call.body;
      if (url !== undefined && urlIsOfFile(settings, services)) throw new ApiProblem('owned_by_file', 'gateway.yaml says what the public address is (approvals.public_url); change it there');
      const changes: Change[] = [];
      const before: Record<string, unknown> = {};
      const after: Record<string, unknown> = {};
      const put = (name: string, value: unknown): void => {
        const now = settings.get(name);
        changes.push({ op: 'put', kind: 'setting', name, value, expect: now?.version ?? null });
        before[name] = now?.value ?? null;
        after[name] = value;
      };
      if (organisationName !== undefined) put(ORGANISATION_NAME, organisationName);
      if (url !== undefined) put(PUBLIC_URL, url);
      if (privateTargets !== undefined) put(PRIVATE_TARGETS, [...new Set(privateTargets)]);
      if (oidc !== undefined) {
        const { clientSecret, ...rest } = oidc ?? { clientSecret: null };
        if (oidc !== null && clientSecret === true && (await registry.secret(OIDC_SECRET)) !== null && issuerChanged(settings, oidc.issuer)) throw invalid('/oidc/clientSecret', 'the secret is for another issuer; write the one for this issuer, or null');
        put(OIDC, oidc === null ? null : rest);
        if (typeof clientSecret === 'string') changes.push({ op: 'seal', secret: secrets.seal(OIDC_SECRET, clientSecret) });
        else if (clientSecret === null && (await registry.secret(OIDC_SECRET)) !== null) changes.push({ op: 'unseal', name: OIDC_SECRET });
      }
      if (changes.length > 0) {
        const result = await registry.apply(changes, [auditOf(call, { action: 'settings.change', kind: 'setting', name: Object.keys(after).join(','), summary: `Settings changed: ${Object.keys(after).join(', ')}`, ...changedFields(before, after) })]);
        if (!result.ok) throw refusedChange({ ...result, current: null }, 'settings', true);
        await services.refresh();
      }
      const now = await kept(services);
      return { body: await shown(now, services), version: versionOf(now) };
    },
  }),
  defineRoute({
    method: 'post', path: '/settings/keys/rotate', id: 'rotateKeys', summary: 'Lay a new key and seal all stored secrets with it', tag: 'settings', permission: 'settings.write',
    reply: z.object({ key: z.int(), resealed: z.int(), unreadable: z.int().describe('secrets that no key of the ring opens'), dropped: z.int().describe('old keys that nothing needs any more') }),
    handle: async (call, { registry, secrets }) => {
      const { key, resealed, unreadable, dropped } = await rotateKeys(registry, secrets).catch((error: unknown) => {
        throw error instanceof KeysNotChanged ? new ApiProblem('unavailable', error.message) : error;
      });
      await registry.addAudit(auditOf(call, { action: 'settings.rotate_key', kind: 'setting', name: 'keys', summary: `Secrets were sealed anew with key ${key}: ${resealed} of them, ${unreadable.length} could not be opened` }));
      return { body: { key, resealed, unreadable: unreadable.length, dropped } };
    },
  }),
];

function issuerChanged(settings: Kept, next: string): boolean {
  const before = settings.get(OIDC)?.value as OidcSettings | null | undefined;
  return before !== null && before !== undefined && before.issuer !== next;
}

function isIssuer(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, search, hash, username, password } = new URL(text);
  const local = hostname === 'localhost' || hostname === '127.0.0.1' || hostname === '[::1]';
  return (protocol === 'https:' || (protocol === 'http:' && local)) && search === '' && hash === '' && username === '' && password === '';
}

function isOrigin(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, pathname, search, hash, username, password } = new URL(text);
  return (protocol === 'https:' || protocol === 'http:') && pathname === '/' && search === '' && hash === '' && username === '' && password === '';
}
