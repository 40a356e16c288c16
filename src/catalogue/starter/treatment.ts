import { severity } from '../severity.ts';
import type { Finding } from '../types.ts';
import type { StarterTool } from './types.ts';

/** The groups of a starter policy, in the order in which a reviewer reads them. */
export const GROUPS = ['suspicious', 'secrets', 'financial', 'destructive', 'powerful', 'permissions', 'execute', 'wide_write', 'write', 'wide_read', 'read'] as const;

export type Group = (typeof GROUPS)[number];

/** What is done about the tools of one group. */
export interface Treatment {
  readonly action: 'allow' | 'require_approval' | 'hide';
  /** Counted per grant: a session starts at zero whenever the client reconnects. */
  readonly limit: { readonly max: number; readonly window: '1m' | '1h' } | null;
  /** Arguments are held against the tool's own schema and against what their names promise. */
  readonly validated: boolean;
}

export const TREATMENTS: Readonly<Record<Group, Treatment>> = {
  suspicious: { action: 'hide', limit: null, validated: false },
  secrets: { action: 'hide', limit: null, validated: false },
  financial: { action: 'require_approval', limit: { max: 10, window: '1h' }, validated: true },
  destructive: { action: 'require_approval', limit: { max: 20, window: '1h' }, validated: true },
  powerful: { action: 'require_approval', limit: { max: 20, window: '1h' }, validated: true },
  permissions: { action: 'require_approval', limit: { max: 20, window: '1h' }, validated: true },
  execute: { action: 'allow', limit: { max: 10, window: '1m' }, validated: true },
  wide_write: { action: 'allow', limit: { max: 10, window: '1m' }, validated: true },
  write: { action: 'allow', limit: { max: 30, window: '1m' }, validated: false },
  wide_read: { action: 'allow', limit: { max: 30, window: '1m' }, validated: false },
  read: { action: 'allow', limit: { max: 120, window: '1m' }, validated: false },
};

/** With one of these the text of the definition is itself the attack: it must not reach a model. */
const HOSTILE_TEXT: readonly Finding[] = ['model_instructions', 'hidden_characters', 'look_alike_name', 'shadowed_name'];

export function hostileFindings(tool: StarterTool): readonly Finding[] {
  return tool.classification.findings.filter((finding) => HOSTILE_TEXT.includes(finding));
}

/** The group of a tool: the first that fits, most careful first. Total over every classification. */
export function groupOf(tool: StarterTool): Group {
  const { category, risk, confidence, signals } = tool.classification;
  if (hostileFindings(tool).length > 0) return 'suspicious';
  if (signals.includes('secrets')) return 'secrets';
  if (category === 'financial' || category === 'destructive') return category;
  if (risk === 'critical') return 'powerful';
  if (severity(category) === 0) return risk === 'low' && confidence !== 'low' ? 'read' : 'wide_read';
  if (signals.includes('permissions')) return 'permissions';
  if (category === 'execute') return 'execute';
  return risk === 'high' ? 'wide_write' : 'write';
}
