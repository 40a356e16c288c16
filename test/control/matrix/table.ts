/** Who asks. `own` is the server for which the four in the middle have their role; `token` is an API token of an admin that may only view; the last was disabled. */
export const CALLERS = ['nobody', 'viewer', 'approver', 'policy_manager', 'admin', 'own viewer', 'own approver', 'own policy_manager', 'own admin', 'token', 'disabled'] as const;
export type CallerName = (typeof CALLERS)[number];

/**
 * What each caller is told: `+` the handler is reached; 1: 401; 3: 403; 4: 404, because he may not know that it is there. In the order of CALLERS.
 */
export type Expectation = `${string} ${string} ${string} ${string} ${string}`;

//                      nobody, of the organisation, of `own`, token, disabled
const EVERYBODY = /*        */ '+ ++++ ++++ + +';
const MEMBERS = /*          */ '1 ++++ ++++ + 1';
const PEOPLE = /*           */ '1 ++++ ++++ 3 1';
const READ_ORGANISATION = /**/ '1 ++++ 3333 + 1';
const READ_OTHER = /*       */ '1 ++++ 4444 + 1';
const ADMINS = /*           */ '1 333+ 3333 3 1';
const SERVERS_OWN = /*      */ '1 333+ 333+ 3 1';
const SERVERS_OTHER = /*    */ '1 333+ 3334 3 1';
const WRITERS_OWN = /*      */ '1 33++ 33++ 3 1';
const WRITERS_OTHER = /*    */ '1 33++ 3344 3 1';
const WRITERS_ALL = /*      */ '1 33++ 3333 3 1';
const DECIDE_OWN = /*       */ '1 3+3+ 3+3+ 3 1';
const DECIDE_OTHER = /*     */ '1 3+3+ 3434 3 1';

/** What a request is about: something of the server `own`, of the server `other`, or of the whole organisation. */
export type About = 'own' | 'other' | 'all';

export interface Row {
  readonly id: string;
  /** With `{name}` where the name of the server goes, `{approval}` where the id of an approval of it goes. */
  readonly path: string;
  /** `$server` and `$approval` in it are replaced too. */
  readonly body?: unknown;
  readonly expected: Partial<Readonly<Record<About, Expectation>>>;
  /** A list or a row that shows each caller only what he may see: tried with the real handlers for what it gives away. */
  readonly filtered?: true;
}

const reading = (id: string, path: string): Row => ({ id, path, expected: { own: MEMBERS, other: READ_OTHER } });
const list = (id: string, path: string): Row => ({ id, path, expected: { all: MEMBERS }, filtered: true });
const serverChange = (id: string, path: string, body?: unknown): Row => ({ id, path, ...(body === undefined ? {} : { body }), expected: { own: SERVERS_OWN, other: SERVERS_OTHER } });
const admins = (id: string, path: string, body?: unknown): Row => ({ id, path, ...(body === undefined ? {} : { body }), expected: { all: ADMINS } });
const writing = (id: string, path: string, body: unknown, all?: Expectation): Row => ({ id, path, ...(body === undefined ? {} : { body }), expected: { own: WRITERS_OWN, other: WRITERS_OTHER, ...(all === undefined ? {} : { all }) } });

/** What changes nothing, but shows what is known of a server. */
const trying = (id: string, path: string, body: unknown): Row => ({ id, path, body, expected: { own: MEMBERS, other: READ_OTHER } });

const COMMAND = { kind: 'command', command: ['node'] };

/** Every route of the API with every kind of caller. A route that is not here fails the test: whoever adds one says who may use it. */
export const TABLE: readonly Row[] = [
  { id: 'getSession', path: '/session', expected: { all: EVERYBODY } },
  { id: 'signIn', path: '/session', body: { email: 'a@example.com', password: 'x' }, expected: { all: EVERYBODY } },
  { id: 'checkLink', path: '/session/link/check', body: { secret: 'x'.repeat(43) }, expected: { all: EVERYBODY } },
  { id: 'redeemLink', path: '/session/link', body: { secret: 'x'.repeat(43) }, expected: { all: EVERYBODY } },
  { id: 'startOidc', path: '/session/oidc/start', expected: { all: EVERYBODY } },
  { id: 'endOidc', path: '/session/oidc/callback?code=a&state=b', expected: { all: EVERYBODY } },
  { id: 'getOpenApi', path: '/openapi.json', expected: { all: EVERYBODY } },
  { id: 'signOut', path: '/session', expected: { all: PEOPLE } },
  { id: 'signOutEverywhere', path: '/sessions', expected: { all: PEOPLE } },
  { id: 'listMySessions', path: '/me/sessions', expected: { all: MEMBERS } },
  { id: 'changeMyPassword', path: '/me/password', body: { current: 'x', next: 'a new password 12' }, expected: { all: PEOPLE } },

  admins('listMembers', '/members'),
  admins('createMember', '/members', { name: 'A', email: 'a@example.com', role: 'viewer', serverRoles: {} }),
  admins('getMember', '/members/nobody'),
  admins('changeMember', '/members/nobody', { name: 'B' }),
  admins('deleteMember', '/members/nobody'),
  admins('resetMember', '/members/nobody/reset'),
  admins('endSessionsOfMember', '/members/nobody/sessions'),
  { id: 'listTokens', path: '/tokens', expected: { all: MEMBERS } },
  { id: 'createToken', path: '/tokens', body: { label: 'x' }, expected: { all: PEOPLE } },
  { id: 'deleteToken', path: '/tokens/nothing', expected: { all: MEMBERS } },
  admins('listAudit', '/audit'),
  admins('getSettings', '/settings'),
  admins('changeSettings', '/settings', {}),
  admins('rotateKeys', '/settings/keys/rotate'),

  list('listServers', '/servers'),
  admins('createServer', '/servers', { name: 'new', ...COMMAND }),
  reading('getServer', '/servers/{name}'),
  serverChange('replaceServer', '/servers/{name}', COMMAND),
  serverChange('deleteServer', '/servers/{name}'),
  serverChange('scanServer', '/servers/{name}/scan'),
  reading('listTools', '/servers/{name}/tools'),
  reading('getStarterPolicy', '/servers/{name}/starter-policy'),
  reading('getPin', '/servers/{name}/tools/a-tool/pin'),
  writing('acceptDefinition', '/servers/{name}/tools/a-tool/accept', { hash: 'a'.repeat(64) }),
  serverChange('startServerOAuth', '/servers/{name}/oauth/start', {}),
  serverChange('setServerOAuthClient', '/servers/{name}/oauth/client', { clientId: 'x' }),
  serverChange('endServerOAuth', '/servers/{name}/oauth'),

  list('listPolicies', '/policies'),
  { id: 'createPolicy', path: '/policies', body: { name: 'new', server: '$server' }, expected: { own: WRITERS_OWN, other: WRITERS_OTHER, all: WRITERS_ALL } },
  { id: 'getPolicy', path: '/policies/{name}-policy', expected: { own: MEMBERS, other: READ_OTHER, all: MEMBERS } },
  writing('replacePolicy', '/policies/{name}-policy', { draft: null, server: '$server' }, WRITERS_ALL),
  writing('deletePolicy', '/policies/{name}-policy', undefined, WRITERS_ALL),
  writing('publishPolicy', '/policies/{name}-policy/publish', { stage: 'enforce' }, WRITERS_ALL),
  writing('rollBackPolicy', '/policies/{name}-policy/rollback', { number: 1 }, WRITERS_ALL),
  { id: 'listPolicyVersions', path: '/policies/{name}-policy/versions', expected: { own: MEMBERS, other: READ_OTHER, all: MEMBERS } },
  { id: 'getPolicyVersion', path: '/policies/{name}-policy/versions/1', expected: { own: MEMBERS, other: READ_OTHER, all: MEMBERS } },
  { id: 'diffPolicy', path: '/policies/{name}-policy/diff?from=1&to=1', expected: { own: MEMBERS, other: READ_OTHER, all: MEMBERS } },

  { id: 'getPolicySchema', path: '/policy-tools/schema', expected: { all: MEMBERS } },
  trying('checkPolicy', '/policy-tools/check', { text: 'version: 1', server: '$server' }),
  trying('decideTools', '/policy-tools/decide', { text: 'version: 1', server: '$server' }),
  trying('placeTools', '/policy-tools/place', { text: 'version: 1', server: '$server', tool: 'x', column: 'deny' }),
  trying('explainCall', '/policy-tools/explain', { texts: ['version: 1'], server: '$server', call: { name: 'x' } }),
  trying('simulatePolicy', '/policy-tools/simulate', { policy: 'x', text: 'version: 1', server: '$server' }),

  admins('exportRegistry', '/export'),
  admins('applyDocument', '/apply?dryRun', { document: { version: '1' } }),

  list('listGrants', '/grants'),
  writing('createGrant', '/grants', { label: 'new', server: '$server', policies: [] }),
  reading('getGrant', '/grants/{name}-grant'),
  writing('changeGrant', '/grants/{name}-grant', { tags: [] }),
  writing('deleteGrant', '/grants/{name}-grant', undefined),
  writing('rotateGrant', '/grants/{name}-grant/rotate', {}),
  writing('revokeGrant', '/grants/{name}-grant/revoke', undefined),
  reading('listClientConfigurations', '/grants/{name}-grant/clients'),

  { id: 'getOverview', path: '/overview', expected: { all: MEMBERS }, filtered: true },
  list('listApprovals', '/approvals'),
  reading('getApproval', '/approvals/{approval}'),
  { id: 'decideApproval', path: '/approvals/{approval}/decide', body: { decision: 'approve' }, expected: { own: DECIDE_OWN, other: DECIDE_OTHER } },
  { id: 'streamEvents', path: '/events', expected: { all: MEMBERS } },
  admins('listMessages', '/inbox'),
  admins('markMessageRead', '/inbox/1/read'),
  list('listHeldDefinitions', '/held'),
  admins('getOps', '/ops'),

  list('listJournal', '/journal'),
  list('exportJournal', '/journal/export?format=jsonl'),
  { id: 'getJournalRow', path: '/journal/1', expected: { all: MEMBERS } },
  list('listCheckpoints', '/journal/checkpoints'),
  { id: 'verifyJournal', path: '/journal/verify', expected: { all: READ_ORGANISATION } },
  admins('redactJournal', '/journal/redact', { ids: ['x'], reason: 'because' }),
];
