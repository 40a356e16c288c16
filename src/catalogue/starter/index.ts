export { readyRules } from './ready-rules.ts';
export { starterPolicy } from './starter-policy.ts';
export type { ReadyRule, RuleKind, StarterParameter, StarterTool } from './types.ts';
