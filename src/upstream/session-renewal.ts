import { type CallHost, HttpCall } from './http-call.ts';
import type { HttpAside } from './http-aside.ts';
import { POST_HEADERS, sessionHeaders } from './http-headers.ts';
import { LegacySession } from './legacy-session.ts';
import { sample } from './sample.ts';

/**
 * Opens a new session in place of an expired one by repeating the client's own `initialize` and `notifications/initialized`, byte for
 * byte. The client sees nothing of it. A server that now chooses another version is not accepted: the client speaks the old one.
 * @param configured the operator's headers
 * @param done the new session, or why there is none
 */
export function renewSession(
  old: LegacySession,
  configured: readonly string[],
  host: CallHost,
  aside: HttpAside,
  done: (session: LegacySession | null, why: string) => void,
): void {
  const session = new LegacySession(old.initialize);
  const { initialized } = old;
  const call = new HttpCall(old.initialize, false, {
    ...host,
    resumeHeaders: () => null,
    head: (_call, status, headers) => {
      session.readHead(status, headers);
      return true;
    },
    message: (_call, message) => host.garbage('early_message', sample(message.bytes)),
    failed: (_call, reason) => done(null, reason.text),
    answered: (_call, response) => {
      session.readAnswer(response);
      if (response.error !== null || initialized === null) done(null, 'the upstream refused to initialize');
      else if (session.version !== old.version) done(null, 'the upstream chose another protocol version');
      else {
        session.initialized = initialized;
        aside.post(initialized.bytes, sessionHeaders(session), initialized.method, (accepted) => {
          done(accepted ? session : null, 'the upstream did not accept notifications/initialized');
        });
      }
    },
  });
  call.send([...configured, ...POST_HEADERS]);
}
