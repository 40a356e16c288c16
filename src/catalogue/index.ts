export { classify } from './classify.ts';
export { baseRisk, CATEGORIES, moreSevere, RISKS, severity } from './severity.ts';
export { findShadowedNames, type NamedTool } from './shadowed-names.ts';
export type { Category, Classification, Confidence, Evidence, Finding, Place, Risk, ServerFacts, Signal } from './types.ts';
