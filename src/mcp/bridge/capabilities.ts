import type { JsonNode } from '../../wire/json-node.ts';
import { editObject, type Edit } from '../../wire/splice.ts';
import { editedText } from './build.ts';
import { TASKS_EXTENSION } from './meta-keys.ts';

/** Capabilities without tasks of either kind: neither can be carried to the other era (protocol.md section 4). */
function withoutTasks(capabilities: JsonNode, changes: ReadonlyMap<string, string | null>): string {
  const edits: Edit[] = [...editObject(capabilities, new Map([['tasks', null], ...changes]))];
  const extensions = capabilities.get('extensions');
  if (extensions?.kind === 'object' && !changes.has('extensions')) edits.push(...editObject(extensions, new Map([[TASKS_EXTENSION, null]])));
  return editedText(capabilities, edits);
}

/** What a modern client declared, as the `initialize` of a legacy session says it. Nobody will announce changed roots. */
export function legacyClientCapabilities(declared: JsonNode): string {
  const roots = declared.get('roots');
  return withoutTasks(declared, (roots?.get('listChanged') ?? null) === null ? new Map() : new Map([['roots', '{}']]));
}

/** What a legacy client declared in `initialize`, as every modern request repeats it. */
export function modernClientCapabilities(declared: JsonNode | null): string {
  return declared?.kind === 'object' ? withoutTasks(declared, new Map()) : '{}';
}

/** What a server of one era offers, as it is told to a client of the other. */
export function serverCapabilities(offered: JsonNode | null): string {
  return offered?.kind === 'object' ? withoutTasks(offered, new Map()) : '{}';
}

/** True when the server offers `group`, and within it `flag` where one is named. */
export function offers(capabilities: JsonNode | null, group: string, flag?: string): boolean {
  const node = capabilities?.get(group) ?? null;
  if (node === null || node.kind !== 'object') return false;
  return flag === undefined || node.get(flag)?.kind === 'true';
}

/**
 * Whether a client that declared these capabilities can be asked this.
 * @returns the capability that is missing, such as `elicitation.url`, or null when it can
 */
export function missingCapability(declared: JsonNode | null, method: string, params: JsonNode | null): string | null {
  const has = (group: string): JsonNode | null => {
    const node = declared?.get(group) ?? null;
    return node?.kind === 'object' ? node : null;
  };
  switch (method) {
    case 'roots/list':
      return has('roots') === null ? 'roots' : null;
    case 'sampling/createMessage': {
      const sampling = has('sampling');
      if (sampling === null) return 'sampling';
      const tools = (params?.get('tools') ?? params?.get('toolChoice') ?? null) !== null;
      return tools && sampling.get('tools') === null ? 'sampling.tools' : null;
    }
    case 'elicitation/create': {
      const elicitation = has('elicitation');
      if (elicitation === null) return 'elicitation';
      if (params?.get('mode')?.text() === 'url') return elicitation.get('url') === null ? 'elicitation.url' : null;
      // `{}` means forms; a client that names url alone shows no forms.
      return elicitation.get('url') !== null && elicitation.get('form') === null ? 'elicitation.form' : null;
    }
    default:
      return method;
  }
}

/** A dotted capability as the object that `error.data.requiredCapabilities` wants. */
export function requiredCapabilities(missing: string): Record<string, unknown> {
  const [group = missing, member] = missing.split('.');
  return { [group]: member === undefined ? {} : { [member]: {} } };
}
