import type { PolicySet } from '../policy/types.ts';

/** The lists that may show something else after a policy edit, so that clients have to be told (N4). */
export function changedLists(next: PolicySet, previous: PolicySet): readonly ('tools' | 'prompts' | 'resources')[] {
  const lists: ('tools' | 'prompts' | 'resources')[] = ['tools'];
  if (next.mayHide('prompt') || previous.mayHide('prompt')) lists.push('prompts');
  if (next.mayHide('resource') || previous.mayHide('resource')) lists.push('resources');
  return lists;
}
