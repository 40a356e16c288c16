import { errorAnswer } from './answers.ts';
import { HEADER_MISMATCH, INVALID_PARAMS, INVALID_REQUEST, UNSUPPORTED_VERSION } from './error-codes.ts';
import { decodeHeaderValue, stripOws } from './header-values.ts';
import type { Message } from './message.ts';
import { declaredVersion, INVALID_VERSION } from './meta.ts';
import { routingMember } from './methods.ts';
import { eraOf, LEGACY_VERSIONS, looksModern, MODERN_VERSIONS, type Era } from './versions.ts';

/** A request whose headers and body disagree, or whose version we do not know. Always HTTP 400. */
export interface HeaderProblem {
  readonly code: string;
  readonly text: string;
  readonly bytes: Buffer;
}

/** What can be declared in `_meta`: legacy revisions are negotiated by `initialize` instead. */
const SUPPORTED = MODERN_VERSIONS;

function problem(message: Message, rpcCode: number, code: string, text: string, data?: unknown): HeaderProblem {
  return { code, text, bytes: errorAnswer(message.kind === 'request' ? message.id : null, rpcCode, text, data) };
}

const mismatch = (message: Message, text: string): HeaderProblem => problem(message, HEADER_MISMATCH, 'header_mismatch', `Bad Request: ${text}`);

/**
 * Tells the era of a POST from its body and checks the headers against it (H5, H6, H10). The body is the truth: no header makes a
 * message modern or legacy, it can only contradict.
 * @param header reads a header by lower-case name
 * @param negotiated the version of the session that the request belongs to, or null
 */
export function checkHeaders(message: Message, header: (name: string) => string | null, negotiated: string | null): Era | HeaderProblem {
  const raw = header('mcp-protocol-version');
  const named = raw === null ? null : stripOws(raw);
  const params = message.kind === 'response' ? null : message.params;
  const declared = declaredVersion(params);

  if (declared === INVALID_VERSION) return problem(message, INVALID_PARAMS, 'invalid_version', 'Invalid params: the protocol version must be a string');
  if (declared !== null && eraOf(declared) !== 'legacy') {
    if (named === null && message.kind === 'request') return mismatch(message, 'the MCP-Protocol-Version header is missing');
    if (named !== null && named !== declared) return mismatch(message, 'the MCP-Protocol-Version header and the body name different versions');
    if (eraOf(declared) === null) return problem(message, UNSUPPORTED_VERSION, 'unsupported_version', 'Unsupported protocol version', { supported: SUPPORTED, requested: declared.slice(0, 64) });
    return checkMirrors(message, header) ?? 'modern';
  }
  if (named !== null && looksModern(named)) {
    if (message.kind === 'response') return problem(message, INVALID_REQUEST, 'response_in_modern', 'Invalid request: clients send no responses in this protocol revision');
    if (eraOf(named) === null) return problem(message, UNSUPPORTED_VERSION, 'unsupported_version', 'Unsupported protocol version', { supported: SUPPORTED, requested: named.slice(0, 64) });
    if (message.kind === 'notification') return checkMirrors(message, header) ?? 'modern';
    if (message.method === 'initialize') return mismatch(message, 'initialize does not exist in the protocol version that the header names');
    return problem(message, INVALID_PARAMS, 'missing_envelope', 'Invalid params: the MCP-Protocol-Version header names a revision whose requests carry io.modelcontextprotocol/protocolVersion in _meta');
  }
  const initialize = message.kind === 'request' && message.method === 'initialize';
  if (named !== null && !initialize) {
    if (eraOf(named) === null) return problem(message, INVALID_REQUEST, 'unsupported_version', `Bad Request: unsupported protocol version (supported: ${LEGACY_VERSIONS.join(', ')})`);
    if (negotiated !== null && negotiated !== named) return problem(message, INVALID_REQUEST, 'version_contradiction', 'Bad Request: the MCP-Protocol-Version header contradicts the version of this session');
  }
  return 'legacy';
}

/** `Mcp-Method` and `Mcp-Name` of a modern request (H6). Notifications need none, but may not lie. */
function checkMirrors(message: Message, header: (name: string) => string | null): HeaderProblem | null {
  if (message.kind === 'response') return problem(message, INVALID_REQUEST, 'response_in_modern', 'Invalid request: clients send no responses in this protocol revision');
  const method = header('mcp-method');
  if (method === null && message.kind === 'request') return mismatch(message, 'the Mcp-Method header is missing');
  if (method !== null && stripOws(method) !== message.method) return mismatch(message, 'the Mcp-Method header and the body name different methods');
  if (message.kind === 'notification') return null;
  const member = routingMember(message.method);
  if (member === null) return null;
  const name = message.params?.get(member)?.text() ?? null;
  const raw = header('mcp-name');
  if (raw === null) return name === null ? null : mismatch(message, 'the Mcp-Name header is missing');
  const decoded = decodeHeaderValue(raw);
  if (decoded === null) return mismatch(message, 'the Mcp-Name header is not valid base64');
  return name !== null && decoded !== name ? mismatch(message, `the Mcp-Name header and params.${member} differ`) : null;
}
