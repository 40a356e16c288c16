import { z } from 'zod';
import type { CompiledPolicy } from '../../policy/compiled-policy.ts';
import type { Diagnostic } from '../../policy/diagnostic.ts';
import { editorSchema } from '../../policy/editor-schema.ts';
import { readText } from '../policy-tools/read-text.ts';
import { ApiProblem, invalid, notFound, tooMany } from '../api/problem.ts';
import { ANYWHERE, defineRoute, type Route } from '../api/route.ts';
import type { ControlServices } from '../api/services.ts';
import { checkText, plainDiagnostic } from '../policy-tools/check-text.ts';
import { explainCall, type ChosenCall } from '../policy-tools/explain-call.ts';
import { explainedSteps } from '../policy-tools/explain-steps.ts';
import { candidatesFor, linesOfAll, namedPolicies, tagsOf, type NamedPolicy } from '../policy-tools/named-policies.ts';
import { chosenCall, recordedChoice } from '../policy-tools/chosen-call.ts';
import { COLUMNS, placedTool } from '../policy-tools/placed-tools.ts';
import { place } from '../policy-tools/place.ts';
import { RuleLines } from '../policy-tools/rule-lines.ts';
import { serverTools } from '../policy-tools/server-tools.ts';
import { simulate } from '../policy-tools/simulate.ts';
import { Slices } from '../policy-tools/slices.ts';
import { plainName } from '../servers/schemas.ts';

/** Longer documents are for the command line: compiling one takes the gateway's time. UTF-16 units. */
const MAX_TEXT = 96 * 1024;
const MAX_TOOLS = 2_000;
const MAX_ROWS = 20_000;
/** Replays that run at the same time. */
const MAX_REPLAYS = 2;

const text = z.string().max(MAX_TEXT);
const toolName = z.string().min(1).max(1_024);
const label = z.string().min(1).max(64);
const tool = z.enum(COLUMNS);

const diagnostic = z.object({
  severity: z.enum(['error', 'warning']), code: z.string(), line: z.int(), column: z.int(), endLine: z.int().nullable(), endColumn: z.int().nullable(), pointer: z.string(), message: z.string(), help: z.string().nullable(),
});
const guard = z.object({ kind: z.enum(['when', 'arguments', 'require', 'deny_if', 'rate_limit', 'budget', 'approval']), rule: z.string() });
const placed = z.object({
  name: z.string(), column: tool, rule: z.string().nullable(), line: z.int().nullable(), guards: z.array(guard), observes: z.boolean(), class: z.object({ category: z.string(), risk: z.string() }).nullable(),
});
const step = z.object({ text: z.string(), rule: z.string().nullable(), line: z.int().nullable(), policy: z.string().nullable(), outcome: z.enum(['decides', 'applies', 'does_not_apply', 'refuses', 'unknown', 'not_reached', 'passes', 'counts']) });
const explained = z.object({
  decision: z.enum(['allow', 'require_approval', 'deny', 'hide', 'unknown']), code: z.string().nullable(), rule: z.string().nullable(), policy: z.string().nullable(), reasons: z.array(z.string()), steps: z.array(step),
  wouldPass: z.string().nullable(), wouldBe: z.string().nullable(), argumentsKnown: z.boolean().describe('false: they were not recorded, or you may not see them'),
});
const changed = z.object({
  seq: z.int(), at: z.string(), server: z.string(), tool: z.string(), grant: z.string(), change: z.enum(['newly_refused', 'newly_allowed', 'needs_approval', 'unknown']), before: z.string(), after: z.string(), rule: z.string().nullable(), count: z.int(),
});
const simulation = z.object({
  calls: z.int(), changed: z.array(changed), summary: z.object({ same: z.int(), newlyDenied: z.int(), newlyAllowed: z.int(), needsApproval: z.int(), unknown: z.int() }), skipped: z.record(z.string(), z.int()),
  complete: z.boolean().describe('false: older rows were not looked at'),
});

const checkBody = z.strictObject({ text, server: plainName.optional() });
const decideBody = z.strictObject({ text, server: plainName, tools: z.array(toolName).max(MAX_TOOLS).optional() });
const placeBody = z.strictObject({
  text, server: plainName.optional(), tool: toolName.optional(), tools: z.array(toolName).min(1).max(200).optional(), column: tool,
  guard: z.strictObject({
    rateLimit: z.union([z.string().min(1).max(100), z.strictObject({ max: z.int().min(0), window: z.union([z.int().min(1), z.string().min(1).max(20)]) })]).optional(),
    reason: z.string().min(1).max(1_000).optional(),
  }).optional(),
});
const explainBody = z.strictObject({
  texts: z.array(text).min(1).max(8).optional(), policies: z.array(plainName).min(1).max(16).optional(), server: plainName, grant: label.optional(),
  call: z.strictObject({ kind: z.enum(['tool', 'resource', 'prompt']).optional(), name: z.string().max(8_192), arguments: z.record(z.string(), z.json()).optional(), session: z.string().max(256).nullable().optional(), user: z.record(z.string(), z.json()).optional(), at: z.iso.datetime({ offset: true }).optional() }).optional(),
  journalId: z.string().min(1).max(128).optional(),
});
const simulateBody = z.strictObject({ policy: plainName, text, server: plainName.optional(), grant: label.optional(), since: z.iso.datetime({ offset: true }).optional(), limit: z.int().min(1).max(MAX_ROWS).optional() });

/** A server that is not there is told to nobody apart from one that may not be seen. */
async function serverScope({ body }: { readonly body: { readonly server?: string | undefined } }, services: ControlServices): Promise<string | undefined> {
  const { server } = body;
  if (server === undefined) return ANYWHERE;
  return services.effective().file.config.servers.has(server) || (await services.registry.get('server', server)) !== null ? server : undefined;
}

function refuseErrors(diagnostics: readonly Diagnostic[]): never {
  throw new ApiProblem('invalid_policy', 'the policy has errors', { problems: diagnostics.map((one) => ({ ...plainDiagnostic(one), help: one.help ?? '' })) });
}

async function compiled(source: string, name: string): Promise<CompiledPolicy> {
  const loaded = await readText(source, name);
  return loaded.ok ? loaded.policy : refuseErrors(loaded.errors);
}

let replays = 0;

export const policyToolRoutes: readonly Route[] = [
  defineRoute({
    method: 'post', path: '/policy-tools/check', id: 'checkPolicy', summary: 'Everything that is wrong with a policy, or probably not meant', tag: 'policy tools', permission: 'read', scope: serverScope,
    body: checkBody, reply: z.object({ diagnostics: z.array(diagnostic), summary: z.object({ ok: z.boolean(), errors: z.int(), warnings: z.int(), rules: z.int(), tools: z.int().nullable() }) }),
    handle: async ({ body, signal }, services) => {
      const known = body.server === undefined ? null : await serverTools(body.server, services, new Slices(signal));
      return { body: await checkText(body.text, known) };
    },
  }),
  defineRoute({
    method: 'post', path: '/policy-tools/decide', id: 'decideTools', summary: 'Where each tool of a server stands under a policy, and why', tag: 'policy tools', permission: 'read', scope: serverScope,
    body: decideBody, reply: z.object({ tools: z.array(placed) }),
    handle: async ({ body, signal }, services) => {
      const slices = new Slices(signal);
      const policy = await compiled(body.text, 'policy');
      const known = await serverTools(body.server, services, slices);
      const lines = new RuleLines(policy, body.text);
      const tools: z.input<typeof placed>[] = [];
      for (const name of body.tools ?? known?.names ?? []) {
        await slices.breathe();
        const one = placedTool(policy, name, known?.tools ?? null, body.server, lines);
        tools.push({ ...one, guards: [...one.guards] });
      }
      return { body: { tools } };
    },
  }),
  defineRoute({
    method: 'post', path: '/policy-tools/place', id: 'placeTools', summary: 'The text of a policy after tools were moved to another column of the board', tag: 'policy tools', permission: 'read', scope: serverScope,
    body: placeBody, reply: z.object({ text: z.string() }),
    handle: async ({ body, signal }, services) => {
      const tools = [...new Set([...(body.tool === undefined ? [] : [body.tool]), ...(body.tools ?? [])])];
      if (tools.length === 0) throw invalid('/tools', 'no tool is named: give `tool` or `tools`');
      if (body.guard?.rateLimit !== undefined && body.column !== 'rate_limit') throw invalid('/guard/rateLimit', 'a rate limit is for the column rate_limit only');
      const slices = new Slices(signal);
      const known = body.server === undefined ? null : await serverTools(body.server, services, slices);
      const { rateLimit, reason } = body.guard ?? {};
      const asked = { text: body.text, tools, column: body.column, guard: { ...(rateLimit === undefined ? {} : { rateLimit }), ...(reason === undefined ? {} : { reason }) } };
      const result = await place(asked, body.server ?? 'server', known, slices);
      if (result.ok) return { body: { text: result.text } };
      if (result.why === 'errors') return refuseErrors(result.diagnostics);
      throw new ApiProblem('conflict', result.problem);
    },
  }),
  defineRoute({
    method: 'post', path: '/policy-tools/explain', id: 'explainCall', summary: 'Why a call is decided as it is: every rule that is about it, and what each guard says', tag: 'policy tools', permission: 'read', scope: serverScope,
    body: explainBody, reply: explained,
    handle: async ({ body, caller, signal }, services) => {
      if ((body.call === undefined) === (body.journalId === undefined)) throw invalid('/call', 'one of `call` and `journalId` is needed');
      if (body.texts !== undefined && body.policies !== undefined) throw invalid('/policies', 'give `texts` or `policies`, not both');
      if (body.texts === undefined && body.policies === undefined && body.grant === undefined) throw invalid('/texts', 'give `texts` or `policies`, or a `grant` to take its policies');
      const grant = body.grant === undefined ? null : (services.config().grants.find((one) => one.label === body.grant && one.server === body.server) ?? null);
      if (body.grant !== undefined && grant === null) throw notFound('grant');
      const named: readonly NamedPolicy[] = body.texts === undefined ? await namedPolicies(body.policies ?? grant?.policyNames ?? [], body.server, caller, services) : await Promise.all(body.texts.map(async (source, index) => ({ policy: await compiled(source, index === 0 ? 'policy' : `policy-${index + 1}`), text: source })));
      const known = await serverTools(body.server, services, new Slices(signal));
      const choice: { readonly call: ChosenCall; readonly argumentsKnown: boolean } =
        body.journalId === undefined ? chosenCall(body.call ?? { name: '' }, body.server, grant, services.now()) : await recordedChoice(body.journalId, body.server, grant, caller, services);
      const { call, argumentsKnown } = choice;
      // Without any definition every tool may be there: nothing is said of names.
      const tools = known === null || known.names.length === 0 ? null : known.tools;
      const steps = explainedSteps(explainCall(named.map(({ policy }) => policy), call, tools, argumentsKnown), linesOfAll(named));
      return { body: { ...steps, reasons: [...steps.reasons], steps: [...steps.steps], argumentsKnown } };
    },
  }),
  defineRoute({
    method: 'post', path: '/policy-tools/simulate', id: 'simulatePolicy', summary: 'What a policy would have said of recorded calls', tag: 'policy tools', permission: 'read', scope: serverScope,
    body: simulateBody, reply: simulation,
    handle: async ({ body, caller, signal }, services) => {
      if (replays >= MAX_REPLAYS) throw tooMany('other replays are running', 5);
      replays += 1;
      try {
        const slices = new Slices(signal);
        const candidate = await compiled(body.text, body.policy);
        const tags = tagsOf(services.config());
        const result = await simulate(services.state, {
          server: body.server ?? null,
          grant: body.grant ?? null,
          since: body.since === undefined ? null : new Date(body.since),
          limit: body.limit ?? 5_000,
          policiesOf: candidatesFor(candidate, services),
          toolsOf: async (server) => {
            const known = await serverTools(server, services, slices);
            return known === null || known.names.length === 0 ? null : known.tools;
          },
          tags,
          seesArguments: (server) => caller.can('journal.arguments', server),
          seesServer: (server) => caller.can('read', server),
        }, slices);
        return { body: { ...result, changed: [...result.changed], skipped: { ...result.skipped } } };
      } finally {
        replays -= 1;
      }
    },
  }),
  defineRoute({
    method: 'get', path: '/policy-tools/schema', id: 'getPolicySchema', summary: 'JSON Schema of a policy, for editors', tag: 'policy tools', permission: 'read', scope: () => ANYWHERE, reply: z.record(z.string(), z.unknown()),
    handle: () => ({ body: editorSchema() as Record<string, unknown> }),
  }),
];
