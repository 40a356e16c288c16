/**
 * The policy engine as a library (`policylayer/policy`). Stable: what is exported here keeps its meaning within a major version.
 *
 *     const policy = await compile(text, { name: 'stripe' });
 *     const decision = policy.decide(callOf({ tool: 'create_charge', args: { amount: 10 } }));
 *
 * `decide` is pure: it counts nothing, asks nobody and knows no clock. Its answer holds what is left to do: limits that the call
 * must fit into, and an approval to be asked for.
 */
export type * from './types.ts';
export type { Diagnostic } from './diagnostic.ts';
export { formatDiagnostic } from './diagnostic.ts';
export type { LoadOptions, LoadResult } from './load.ts';
export { compile, loadPolicy, MAX_DOCUMENT_BYTES, PolicyError } from './load.ts';
export type { SavedPolicy } from './saved-policy.ts';
export { fromJSON, toJSON } from './saved-policy.ts';
export { CompiledPolicy } from './compiled-policy.ts';
export { combine } from './policy-set.ts';
export type { Definitions } from './definitions.ts';
export type { Classify } from './tool-facts.ts';
export { readDefinitions, toolFacts } from './definitions.ts';
export type { PlainCall } from './call-of.ts';
export { callOf } from './call-of.ts';
export type { Explanation, GuardExplanation, PolicyExplanation, RuleExplanation, SelectorExplanation } from './explain.ts';
export { explain } from './explain.ts';
export { refusalText } from './refusal-text.ts';
export type { Refusal } from './refusal-text.ts';
export { lintAgainst } from './lint-against.ts';
export { printable, quoted } from './printable.ts';
