import type { Reporter } from './diagnostic.ts';
import type { SourceNode } from './source-node.ts';
import { found } from './source-node.ts';

/** Agents read reasons; a page of text is a mistake. */
const LONGEST_REASON = 1000;

/** Checks a `reason`: one sentence for the agent. */
export function checkReason(node: SourceNode, at: string, reporter: Reporter): string | null {
  if (node.kind === 'broken') return null;
  if (node.kind !== 'string') {
    reporter.error('wrong_type', node.span, at, `\`reason\` is ${found(node)}; expected a string`, 'put the text in quotes');
    return null;
  }
  if (node.value.trim() === '') {
    reporter.error('empty_reason', node.span, at, '`reason` is empty; expected a sentence for the agent', 'write why, or remove `reason`');
    return null;
  }
  if (node.value.length > LONGEST_REASON) {
    reporter.error('too_long', node.span, at, `\`reason\` has ${node.value.length} characters; expected at most ${LONGEST_REASON}`, null);
    return null;
  }
  return node.value;
}
