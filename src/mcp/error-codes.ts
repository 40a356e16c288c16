/**
 * JSON-RPC error numbers. Ours lie outside -32768...-32000: that range is reserved, and its part -32020...-32099 belongs to MCP
 * (S26 basic#error-codes; protocol.md section 5).
 */
export const PARSE_ERROR = -32700;
export const INVALID_REQUEST = -32600;
export const METHOD_NOT_FOUND = -32601;
export const INVALID_PARAMS = -32602;
export const INTERNAL_ERROR = -32603;
/** Legacy: `resources/read` of a URI that does not exist. Not emitted on modern traffic. */
export const RESOURCE_NOT_FOUND = -32002;
/** Modern: a header and the body say different things. */
export const HEADER_MISMATCH = -32020;
/** Modern: the request needs a capability that the client did not declare. */
export const MISSING_CAPABILITY = -32021;
/** Modern: protocol version not supported. */
export const UNSUPPORTED_VERSION = -32022;

/** Refused by policy, where the method has no result that could carry a refusal. */
export const DENIED = -31403;
/** Over a limit. */
export const RATE_LIMITED = -31429;
/** The approval was not decided in time. */
export const APPROVAL_EXPIRED = -31408;
/** The call waits for an approval; repeat it later. */
export const APPROVAL_PENDING = -31409;
