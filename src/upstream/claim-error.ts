import type { Request, Response } from '../mcp/message.ts';
import { setMember } from '../wire/splice.ts';
import { idJson } from './cancelled.ts';
import { editResponse } from './edit-message.ts';

/**
 * An error that came as the body of this request's own POST is the answer to it, also when the server could not read the id and left it
 * out or null (H12): the id is put in, everything else stays.
 * @returns null when the message is not an error, or names another request
 */
export function claimError(response: Response, request: Request): Response | null {
  if (response.error === null) return null;
  if (response.idKey === request.idKey) return response;
  if (response.idKey !== null) return null;
  return editResponse(response, [setMember(response.root, 'id', idJson(request.idKey))], request.id, request.idKey);
}
