import type { Condition, CelInput } from './cel/types.ts';
import type { CompiledSchema, SchemaFailure } from './json-schema/index.ts';
import type { ConditionModel, ConstraintModel, RuleModel } from './document.ts';
import { writeArgumentPath } from './argument-path.ts';
import { findArgument } from './argument-places.ts';
import type { JsonNode } from '../wire/json-node.ts';
import { sentenceOf } from './sentence.ts';

/** Why a guard does not let a call through. */
export interface Refused {
  readonly kind: 'refused';
  readonly code: 'invalid_arguments' | 'condition_failed' | 'policy_error';
  /** For the agent: the author's words, else ours. Never holds an argument's value. */
  readonly reason: string | null;
  readonly wouldPass: string | null;
}

/** `unknown`: it depends on what is not known, as in a listing. */
export type GuardAnswer = Refused | 'passes' | 'unknown';

/** One thing that must hold for a call, ready to be asked. */
export interface Guard {
  readonly kind: 'arguments' | 'additional' | 'schema' | 'require' | 'deny_if';
  /** JSON Pointer of the guard in its document. */
  readonly at: string;
  /** The expression; null for schemas. */
  readonly source: string | null;
  ask(input: CelInput): GuardAnswer;
}

/** Compiles the `inputSchema` that an upstream served; null where it cannot be used. */
export type UpstreamSchemas = (schema: JsonNode) => CompiledSchema | null;

/** `require` and `deny_if`, which differ in what absence means (policy.md, "Conditions"). */
export function conditionGuard(kind: 'require' | 'deny_if', model: ConditionModel, rule: RuleModel, condition: Condition): Guard {
  const reason = model.reason ?? rule.reason;
  const wouldPass = condition.wouldPass(kind === 'deny_if');
  const failed = refused('condition_failed', reason ?? sentenceOf(wouldPass), wouldPass);
  const passing = kind === 'require';
  return {
    kind,
    at: model.at,
    source: model.source,
    ask(input) {
      const outcome = condition.evaluate(input);
      switch (outcome.kind) {
        case 'value':
          return outcome.value === passing ? 'passes' : failed;
        case 'absent':
          return passing ? refused('condition_failed', reason ?? `${outcome.path} is missing`, wouldPass) : 'passes';
        case 'unknown':
          return 'unknown';
        case 'error':
          return couldNotEvaluate('a condition', outcome.message);
      }
    },
  };
}

/** The schema of one argument. An argument that is not there passes, as in `properties`; what should hold it must be an object. */
export function constraintGuard({ path, at, name }: ConstraintModel, rule: RuleModel, schema: CompiledSchema): Guard {
  return {
    kind: 'arguments',
    at,
    source: null,
    ask({ args }) {
      if (args === undefined) return 'unknown';
      const place = findArgument(args, path);
      if (place.kind === 'absent') return 'passes';
      if (place.kind === 'misshapen') return refused('invalid_arguments', rule.reason ?? `${writeArgumentPath(place.path)} must be an object`, null);
      return answer(schema.validate(place.node, name), rule.reason, 'the arguments cannot be checked');
    },
  };
}

/** The ban on all arguments that are not named. */
export function closedGuard(rule: RuleModel, schema: CompiledSchema): Guard {
  return {
    kind: 'additional',
    at: `${rule.at}/additional`,
    source: null,
    ask: ({ args }) => (args === undefined ? 'unknown' : answer(schema.validate(args), rule.reason, 'the arguments cannot be checked')),
  };
}

/** `schema: upstream`. A schema that is not there or cannot be used decides nothing, so the call is refused. */
export function upstreamGuard(rule: RuleModel, compile: UpstreamSchemas): Guard {
  return {
    kind: 'schema',
    at: `${rule.at}/schema`,
    source: null,
    ask({ args, tool }) {
      if (args === undefined) return 'unknown';
      const declared = tool?.inputSchema ?? null;
      if (declared === null) return refused('policy_error', 'the tool has no `inputSchema` to check the arguments against', null);
      const schema = compile(declared);
      if (schema === null) return refused('policy_error', 'the `inputSchema` of the tool cannot be used', null);
      return answer(schema.validate(args), rule.reason, 'the `inputSchema` of the tool cannot be used');
    },
  };
}

function answer(failure: SchemaFailure | null, authors: string | null, unusable: string): GuardAnswer {
  if (failure === null) return 'passes';
  if (failure.kind === 'unusable') return refused('policy_error', `${unusable}: ${failure.message}`, null);
  return refused('invalid_arguments', authors ?? failure.message, failure.wouldPass);
}

export function couldNotEvaluate(what: string, message: string): Refused {
  return refused('policy_error', `${what} of the policy could not be evaluated: ${message}`, null);
}

export function refused(code: Refused['code'], reason: string | null, wouldPass: string | null): Refused {
  return { kind: 'refused', code, reason, wouldPass };
}
