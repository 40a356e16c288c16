// The stateful revisions: one session is one child process.
import { randomUUID } from 'node:crypto';
import { startChild } from './child.mjs';
import { exchange, openPrimedStream, openStream, sendError, writeEvent } from './exchange.mjs';

const VERSIONS = new Set(['2024-11-05', '2025-03-26', '2025-06-18', '2025-11-25']);
const MAX_WAITING = 1000;

function startSession(command, id, onEnd) {
  // Requests that the child has not answered: JSON of the id -> { exchange, progressToken }.
  const pending = new Map();
  let eventStream;
  const waiting = [];

  function unrelated(line) {
    if (eventStream !== undefined) writeEvent(eventStream, line);
    else if (waiting.length < MAX_WAITING) waiting.push(line);
  }

  // Stdio does not say which request a message belongs to, except by a progress token. With one request open it is that one.
  function ownerOf(message) {
    if (message.method === 'notifications/progress') {
      return [...pending.values()].find((open) => open.progressToken === message.params?.progressToken);
    }
    if (message.method?.endsWith('list_changed') || message.method === 'notifications/resources/updated') return undefined;
    return pending.size === 1 || eventStream === undefined ? [...pending.values()].at(-1) : undefined;
  }

  const child = startChild(
    command,
    (line) => {
      const message = JSON.parse(line);
      if (message.method === undefined) {
        const key = JSON.stringify(message.id);
        pending.get(key)?.exchange.answer(line, message);
        pending.delete(key);
        return;
      }
      const owner = ownerOf(message);
      if (owner === undefined) unrelated(line);
      else owner.exchange.interim(line);
    },
    () => {
      for (const open of pending.values()) open.exchange.abandon();
      eventStream?.end();
      onEnd();
    },
  );
  return {
    post(res, text, message) {
      const expectsAnswer = message.method !== undefined && message.id !== undefined;
      if (expectsAnswer) {
        openPrimedStream(res, { 'mcp-session-id': id }, randomUUID());
        pending.set(JSON.stringify(message.id), {
          exchange: exchange(res, () => 200),
          progressToken: message.params?._meta?.progressToken,
        });
      }
      child.send(text);
      if (!expectsAnswer) res.writeHead(202).end();
    },
    get(res) {
      if (eventStream !== undefined) return sendError(res, 409, undefined, -32000, 'The session has an event stream');
      eventStream = res;
      openStream(res, { 'mcp-session-id': id });
      res.once('close', () => {
        eventStream = undefined;
      });
      for (const line of waiting.splice(0)) writeEvent(res, line);
    },
    stop: () => child.stop(),
  };
}

/** Serves sessions, each with a child of its own. */
export function legacyFront(command) {
  const sessions = new Map();
  return {
    /**
     * @param text the body as it came; undefined for GET and DELETE
     * @param message the parsed body
     */
    handle(req, res, text, message) {
      const version = req.headers['mcp-protocol-version'];
      if (version !== undefined && !VERSIONS.has(version)) {
        return sendError(res, 400, message?.id, -32000, `Unsupported protocol version ${version}`);
      }
      const given = req.headers['mcp-session-id'];
      if (given === undefined) {
        if (message?.method !== 'initialize') return sendError(res, 400, message?.id, -32000, 'A session id is required');
        const id = randomUUID();
        const session = startSession(command, id, () => sessions.delete(id));
        sessions.set(id, session);
        return session.post(res, text, message);
      }
      const session = sessions.get(given);
      if (session === undefined) return sendError(res, 404, message?.id, -32001, 'Session not found');
      if (req.method === 'GET') return session.get(res);
      if (req.method === 'DELETE') {
        sessions.delete(given);
        session.stop();
        return res.writeHead(200).end();
      }
      return session.post(res, text, message);
    },
    stop() {
      for (const session of sessions.values()) session.stop();
    },
  };
}
