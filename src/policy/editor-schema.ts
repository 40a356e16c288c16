import { MOST_REDACTED } from './check-journal.ts';
import { MAX_CALLS } from './check-limit.ts';
import { ACTIONS, RULE_KEYS } from './check-rule.ts';
import { CLASS_SELECTORS } from './class-selector.ts';
import { LONGEST_SELECTOR } from './check-selector.ts';
import { LETTER_SECONDS, UNIT_SECONDS } from './check-window.ts';
import { APPROVAL_WAYS, ARGUMENT_LOGGING, CLIENT_FEATURES, PER_DIMENSIONS } from './document.ts';
import type { SECTION } from './document.ts';
import type { EditorSchema } from './editor-argument-schema.ts';
import { argumentSchema } from './editor-argument-schema.ts';

type Section = (typeof SECTION)[keyof typeof SECTION];
type RuleKey = (typeof RULE_KEYS)[number];

/** Rules for resources and prompts have fewer fields: only tools have arguments with a schema of their own. */
const NOT_IN: Readonly<Record<Section, readonly RuleKey[]>> = { tools: [], resources: ['arguments', 'additional', 'schema'], prompts: ['schema'] };
/** Fields that make no rule by themselves. */
const NOT_ENOUGH: readonly RuleKey[] = ['reason', 'mode', 'when', 'approval'];

const letters = [...LETTER_SECONDS.keys()].join('');
const words = [...UNIT_SECONDS.keys()].join('|');
const oneOrMore = (schema: EditorSchema, most: number): EditorSchema => ({ anyOf: [schema, { type: 'array', minItems: 1, maxItems: most, items: schema }] });
const expression = (description: string): EditorSchema => ({ type: 'string', pattern: String.raw`\S`, description });
const duration = (least: number, most: number, description: string): EditorSchema => ({
  anyOf: [{ type: 'integer', minimum: least, maximum: most }, { type: 'string', pattern: `^(0|[1-9][0-9]{0,9})[${letters}]$` }],
  description: `${description} Whole seconds, or a text such as \`10m\`.`,
});

const REASON: EditorSchema = { type: 'string', minLength: 1, maxLength: 1000, pattern: String.raw`\S`, description: 'What the agent is told when the call is refused.' };
const WINDOW = duration(1, 366 * 86_400, 'The length of the window: no interval of this length ever holds more.');
const PER: EditorSchema = {
  anyOf: [{ enum: [...PER_DIMENSIONS] }, { type: 'array', minItems: 1, uniqueItems: true, items: { enum: [...PER_DIMENSIONS] } }],
  default: 'session',
  description: 'What has a counter of its own. A list forms one key of several.',
};
const ON_STATE_ERROR: EditorSchema = { enum: ['deny', 'allow'], default: 'deny', description: 'What to do when the counter cannot be read.' };

/** The parts that several places refer to. */
function definitions(): Record<string, EditorSchema> {
  return {
    action: {
      enum: [...ACTIONS],
      description: '`allow`: forward. `deny`: refuse and say why. `hide`: as if it did not exist. `require_approval`: somebody has to say yes to this very call.',
    },
    limit: {
      anyOf: [
        { type: 'string', pattern: `^[1-9][0-9]{0,6}/(?:${words}|[1-9][0-9]*[${letters}]|[${letters}])$`, examples: ['10/minute', '100/hour', '10/30s'] },
        {
          type: 'object',
          properties: { max: { type: 'integer', minimum: 1, maximum: MAX_CALLS, description: 'The most calls in one window.' }, window: WINDOW, per: PER, on_state_error: ON_STATE_ERROR },
          required: ['max', 'window'],
          additionalProperties: false,
        },
      ],
    },
    budget: {
      type: 'object',
      properties: {
        sum: { ...expression('What a call spends: a CEL number that is finite and not negative, such as `args.amount`. Added exactly.'), examples: ['args.amount'] },
        max: { type: 'number', exclusiveMinimum: 0, description: 'The most that may be spent in one window.' },
        window: WINDOW,
        per: PER,
        on_state_error: ON_STATE_ERROR,
      },
      required: ['sum', 'max', 'window'],
      additionalProperties: false,
    },
    condition: {
      anyOf: [
        expression('A CEL condition, such as `args.amount <= 500`.'),
        { type: 'object', properties: { if: expression('A CEL condition.'), reason: REASON }, required: ['if'], additionalProperties: false },
      ],
    },
    approval: approval(),
    argument_schema: argumentSchema(),
  };
}

function approval(): EditorSchema {
  const name: EditorSchema = { type: 'string', minLength: 1, maxLength: 100 };
  const list: EditorSchema = { type: 'array', minItems: 1, maxItems: 20, uniqueItems: true, items: name };
  const needed: EditorSchema = { type: 'integer', minimum: 1, maximum: 20, description: 'How many different approvers must say yes.' };
  return {
    type: 'object',
    minProperties: 1,
    properties: {
      timeout: duration(60, 7 * 86_400, 'How long a request waits for its decision, and how long an approval can be used. Default 1h.'),
      wait: duration(0, 600, 'How long the call is held before the agent is told to come back. Default 30s; 0 = not at all.'),
      approvers: {
        anyOf: [needed, list, { type: 'object', properties: { needed, of: list }, required: ['needed', 'of'], additionalProperties: false }],
        description: 'How many must approve, who may, or both.',
      },
      via: { ...oneOrMore({ enum: [...APPROVAL_WAYS] }, APPROVAL_WAYS.length), description: 'How they may decide. Default: every way but `elicitation`.' },
    },
    additionalProperties: false,
  };
}

const FIELDS: Readonly<Record<RuleKey, EditorSchema>> = {
  action: { $ref: '#/$defs/action' },
  reason: REASON,
  mode: { const: 'observe', description: 'This rule only records what it would have done.' },
  when: expression('CEL: the rule applies only if this holds.'),
  arguments: {
    type: 'object',
    minProperties: 1,
    maxProperties: 200,
    propertyNames: { minLength: 1 },
    // A boolean here would be a schema of an argument of that name, which nobody means.
    properties: { additional: { $ref: '#/$defs/argument_schema', type: 'object' } },
    additionalProperties: { $ref: '#/$defs/argument_schema' },
    description: 'What each argument must be. Dots reach into objects: `card.number`. An argument that is absent passes.',
  },
  additional: { const: false, description: 'Arguments that `arguments` does not name are forbidden.' },
  schema: { const: 'upstream', description: "Arguments must also satisfy the tool's own `inputSchema`." },
  require: { ...oneOrMore({ $ref: '#/$defs/condition' }, 100), description: 'Conditions that must hold. One about an argument that is absent does not hold.' },
  deny_if: { ...oneOrMore({ $ref: '#/$defs/condition' }, 100), description: 'Conditions that must not hold.' },
  rate_limit: { ...oneOrMore({ $ref: '#/$defs/limit' }, 20), description: 'How many calls. A list holds all of them: burst, hour and day.' },
  budget: { ...oneOrMore({ $ref: '#/$defs/budget' }, 20), description: 'How much may be spent.' },
  approval: { $ref: '#/$defs/approval', description: 'Who is asked, how, and how long. Needs `action: require_approval`.' },
};

function rule(section: Section): EditorSchema {
  const keys = RULE_KEYS.filter((key) => !NOT_IN[section].includes(key));
  return {
    type: 'object',
    properties: Object.fromEntries(keys.map((key) => [key, FIELDS[key]])),
    additionalProperties: false,
    anyOf: keys.filter((key) => !NOT_ENOUGH.includes(key)).map((key) => ({ required: [key] })),
    dependentSchemas: { approval: { required: ['action'], properties: { action: { const: 'require_approval' } } } },
  };
}

function rules(section: Section, selector: string): EditorSchema {
  const names: EditorSchema = { minLength: 1, maxLength: LONGEST_SELECTOR, not: { pattern: '^@|[*][*]' } };
  const kinds: readonly EditorSchema[] = [{ $ref: '#/$defs/action' }, { $ref: `#/$defs/${section}_rule` }];
  return {
    type: 'object',
    description: `Rules by ${selector}, a glob such as \`delete_*\`, ${section === 'tools' ? 'a class such as `@destructive` or `@high`, ' : ''}or \`*\`. The most specific one that has an action decides; guards of all that match add up.`,
    propertyNames: section === 'tools' ? { anyOf: [{ enum: [...CLASS_SELECTORS] }, names] } : names,
    additionalProperties: { anyOf: [...kinds, { type: 'array', minItems: 1, maxItems: 100, items: { anyOf: kinds }, description: 'The first rule whose `when` holds is the rule.' }] },
  };
}

/**
 * The JSON Schema (2020-12) of a policy document, for editors: completion, descriptions, and everything that is wrong with the
 * structure. Whatever the loader accepts is valid; what expressions mean, and which selectors exist, only the loader knows.
 */
export function editorSchema(): EditorSchema {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $id: 'urn:policylayer:policy:1',
    title: 'PolicyLayer policy',
    description: "What an agent may do with one MCP server's tools.",
    type: 'object',
    properties: {
      version: { const: '1', description: 'The version of the language: "1", in quotes.' },
      description: { type: 'string', description: 'Free text for people.' },
      default: { $ref: '#/$defs/action', description: 'What happens to everything that no rule names.' },
      mode: { enum: ['enforce', 'observe'], default: 'enforce', description: '`observe`: decide and record everything, block nothing.' },
      tools: rules('tools', 'tool name'),
      resources: rules('resources', 'URI'),
      prompts: rules('prompts', 'prompt name'),
      client: {
        type: 'object',
        description: 'What the server may ask of the client.',
        properties: Object.fromEntries(CLIENT_FEATURES.map((feature) => [feature, { enum: ['allow', 'deny'], default: 'allow' }])),
        additionalProperties: false,
      },
      journal: {
        type: 'object',
        description: 'What the journal keeps of arguments. The configuration of the gateway may keep less.',
        properties: {
          arguments: { enum: [...ARGUMENT_LOGGING], description: '`none`: nothing. `names`: their names. `hash`: a keyed hash as well. `values`: their values as well.' },
          redact: { type: 'array', minItems: 1, maxItems: MOST_REDACTED, items: { type: 'string', minLength: 1 }, description: 'Arguments whose values are never kept. Dots reach into objects: `card.number`.' },
        },
        required: ['arguments'],
        dependentSchemas: { redact: { properties: { arguments: { const: 'values' } } } },
        additionalProperties: false,
      },
    },
    required: ['version', 'default'],
    additionalProperties: false,
    $defs: { ...definitions(), tools_rule: rule('tools'), resources_rule: rule('resources'), prompts_rule: rule('prompts') },
  };
}
