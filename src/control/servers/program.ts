import type { ServerDefinition } from '../../state/registry/types.ts';
import type { Caller } from '../api/caller.ts';
import { ApiProblem } from '../api/problem.ts';
import type { ServerBody } from './schemas.ts';

/**
 * What is run on the gateway's machine is for those who run the organisation: whoever says the program, its folder or a variable of its environment
 * (`NODE_OPTIONS`, `LD_PRELOAD`) has the rights of the gateway itself, its keys and every other server. A role for one server does not give that.
 * @throws ApiProblem forbidden
 */
export function demandSameProgram(before: ServerDefinition, body: ServerBody, caller: Caller): void {
  if (caller.can('servers.write', null) || sameProgram(before, body)) return;
  throw new ApiProblem('forbidden', 'what is run on the machine of the gateway (command, folder, environment) is changed only by admins of the organisation; everything else of the server you may change');
}

function sameProgram(before: ServerDefinition, body: ServerBody): boolean {
  if (before.kind === 'http' || body.kind === 'http') return before.kind === body.kind;
  if (JSON.stringify([before.command, before.cwd]) !== JSON.stringify([body.command, body.cwd])) return false;
  const names = Object.keys(body.env);
  return names.length === Object.keys(before.env).length && names.every((name) => {
    const [kept, written] = [Object.hasOwn(before.env, name) ? before.env[name] : undefined, body.env[name]];
    if (kept === undefined || written === undefined) return false;
    return 'plain' in written ? kept.kind === 'plain' && kept.value === written.plain : kept.kind === 'secret' && written.secret === true;
  });
}
