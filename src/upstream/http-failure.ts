import { failure } from './failure.ts';
import type { UpstreamFailure } from './types.ts';

/** How far an exchange had come when it failed. */
export type Progress = 'waiting' | 'sent' | 'answering';

const GONE = new Set(['ECONNRESET', 'EPIPE', 'ECONNABORTED', 'UND_ERR_SOCKET', 'UND_ERR_DESTROYED', 'UND_ERR_CLOSED', 'UND_ERR_INFO']);
const TLS = /^(?:ERR_TLS|ERR_SSL|CERT_|DEPTH_|SELF_SIGNED|UNABLE_TO)/;

/** True when the connection was lost, as opposed to an answer that is wrong. */
export function isConnectionLost(error: Error): boolean {
  return GONE.has(codeOf(error));
}

/** @param problem what the address guard says, which names no address */
export function notAllowed(problem: string, reached: boolean): UpstreamFailure {
  return failure('unreachable', `the gateway may not call this upstream: ${problem}`, reached);
}

/** Says for people what went wrong, without host names, addresses or stacks. */
export function httpFailure(error: Error, progress: Progress): UpstreamFailure {
  const code = codeOf(error);
  const reached = progress !== 'waiting';
  if (GONE.has(code)) {
    if (progress === 'answering') return failure('closed', 'the upstream closed the connection in the middle of its answer', true);
    if (progress === 'sent') return failure('closed', 'the upstream closed the connection without an answer', true);
    return failure('unreachable', 'the upstream closed the connection', false);
  }
  switch (code) {
    case 'ERR_TARGET_NOT_ALLOWED':
      return notAllowed(error.message, reached);
    case 'ECONNREFUSED':
      return failure('unreachable', 'the upstream refused the connection; is it running?', reached);
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return failure('unreachable', `the upstream's host name could not be resolved (${code})`, reached);
    case 'UND_ERR_CONNECT_TIMEOUT':
    case 'ETIMEDOUT':
      return failure('unreachable', 'the upstream did not accept a connection in time', reached);
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return failure('unreachable', `the upstream's network cannot be reached (${code})`, reached);
    case 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH':
      return failure('bad_response', 'the upstream ended its answer before its announced length', reached);
    case 'UND_ERR_HEADERS_OVERFLOW':
      return failure('bad_response', 'the upstream sent more headers than the bound allows', reached);
    case 'UND_ERR_INVALID_ARG':
    case 'UND_ERR_NOT_SUPPORTED':
      return failure('unreachable', `the request cannot be sent to the upstream: ${error.message.slice(0, 100)}`, reached);
    default:
  }
  if (error.name === 'HTTPParserError') return failure('bad_response', 'the upstream\'s answer is not valid HTTP', reached);
  if (TLS.test(code)) return failure('unreachable', `the upstream's TLS certificate or handshake was not accepted (${code})`, reached);
  return failure(reached ? 'closed' : 'unreachable', `the exchange with the upstream failed (${code === '' ? 'unknown error' : code})`, reached);
}

function codeOf(error: Error): string {
  const code = (error as NodeJS.ErrnoException).code;
  return typeof code === 'string' ? code : '';
}
