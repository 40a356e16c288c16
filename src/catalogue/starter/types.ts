import type { Category, Confidence, Finding, Risk, Signal } from '../types.ts';

/** What the rules for one tool are made from; a `ToolRecord` of the catalogue and a freshly classified definition both fit. */
export interface StarterTool {
  readonly name: string;
  readonly classification: {
    readonly category: Category;
    readonly risk: Risk;
    readonly confidence: Confidence;
    readonly signals: readonly Signal[];
    readonly findings: readonly Finding[];
  };
  readonly parameters: readonly StarterParameter[];
  /**
   * False when the gateway could not check a call against the tool's `inputSchema`, so that `schema: upstream` would refuse every call.
   * Left out: as far as the findings tell, it could.
   */
  readonly schemaUsable?: boolean;
}

export interface StarterParameter {
  readonly name: string;
  /** As in a server record: `string`, `array of object`, `string | null`; null when the schema names none. */
  readonly type: string | null;
  readonly required: boolean;
}

export type RuleKind = 'recommended' | 'allow' | 'rate_limit' | 'validate' | 'approval' | 'deny' | 'hide';

/** One thing that can be done about a tool, as a whole policy document that loads as it is. */
export interface ReadyRule {
  readonly kind: RuleKind;
  readonly title: string;
  readonly why: string;
  readonly yaml: string;
}
