/** What a tool can do to the world, most severe effect (catalogue.md, "Category"). */
export type Category = 'read' | 'write' | 'execute' | 'destructive' | 'financial';

export type Risk = 'low' | 'medium' | 'high' | 'critical';

export type Confidence = 'low' | 'medium' | 'high';

/** Facts that rules and people use (catalogue.md, "Signals and findings"). */
export type Signal =
  | 'secrets'
  | 'free_form_code'
  | 'arbitrary_url'
  | 'filesystem_path'
  | 'bulk'
  | 'permissions'
  | 'sends_messages'
  | 'money'
  | 'production'
  | 'reversible'
  | 'router'
  | 'many_parameters'
  | 'open_world';

/** Something that is wrong with the definition. `oversized`: more than the classifier reads, so the rest is unknown. */
export type Finding =
  | 'model_instructions'
  | 'hidden_characters'
  | 'look_alike_name'
  | 'shadowed_name'
  | 'invalid_schema'
  | 'missing_schema'
  | 'no_description'
  | 'contradiction'
  | 'oversized';

export type Place = 'name' | 'title' | 'description' | 'parameter' | 'annotations' | 'schema' | 'server';

/** Why: a short term, where in the definition it stood, and what it speaks for. */
export interface Evidence {
  readonly place: Place;
  /** JSON Pointer into the definition; '' for the server. */
  readonly pointer: string;
  /** At most 48 printable characters; never a sentence of the definition. */
  readonly term: string;
  readonly suggests: Category | Signal | Finding | 'risk_up' | 'risk_down';
}

export interface Classification {
  readonly category: Category;
  /** Every effect found, least severe first; holds the category. */
  readonly effects: readonly Category[];
  readonly risk: Risk;
  readonly confidence: Confidence;
  readonly signals: readonly Signal[];
  readonly findings: readonly Finding[];
  readonly evidence: readonly Evidence[];
}

/** What is known of the tool from outside of its definition. */
export interface ServerFacts {
  /** Package or configured name of the server. */
  readonly server?: string;
  /** The operator trusts this server's annotations: they may lower a class. */
  readonly trusted?: boolean;
}
