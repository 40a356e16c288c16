import type { CelInput } from '../../../../src/policy/cel/index.ts';
import { VARIABLES } from '../../../../src/policy/cel/variables.ts';
import { CALLER, type Given, inputOf, TOOL } from '../evaluate.ts';
import { ARGUMENTS, LONG_TEXTS } from './arguments.ts';

const GIVEN: Readonly<Record<string, Given>> = {
  classified: {
    args: '{}',
    tool: { ...TOOL, title: null, annotations: null, category: 'destructive', risk: 'critical' },
    context: { ...CALLER, client: { name: 'claude', version: '1.2' }, user: null },
  },
  misclassified: { args: '{}', tool: { ...TOOL, category: 'Destructive', risk: '' } },
  stranger: { args: '{}', tool: null, context: undefined },
  unknown: { unknown: VARIABLES, tool: null, context: undefined },
  none: { args: null },
  list: { args: '[1,2]' },
  hidden: {},
  long: { args: LONG_TEXTS },
};

/** What a section of the table is evaluated on: the call with all arguments, or what its name says. */
export function inputFor(name: string | undefined): CelInput {
  const given = name === undefined ? { args: ARGUMENTS } : GIVEN[name];
  if (given === undefined) throw new Error(`no input is called ${name}`);
  return inputOf(given);
}
