// The stateless revision: one child for all requests, told apart by ids of our own.
import { startChild } from './child.mjs';
import { exchange, sendError } from './exchange.mjs';
import { replaceId } from './json-id.mjs';
import { checkModern } from './modern-headers.mjs';

const SUBSCRIPTION = 'io.modelcontextprotocol/subscriptionId';
const LOG_LEVEL = 'io.modelcontextprotocol/logLevel';
const STATUS = new Map([
  [-32601, 404],
  [-32020, 400],
  [-32021, 400],
  [-32022, 400],
]);
const statusOf = (message) => STATUS.get(message.error?.code) ?? 200;

/** Serves every request of the stateless revision with one child. */
export function modernFront(command) {
  const pending = new Map();
  let child;
  let lastId = 0;
  let schemas;

  function ownerOf(message) {
    const params = message.params ?? {};
    const open = [...pending.values()];
    const subscription = params._meta?.[SUBSCRIPTION];
    if (subscription !== undefined) return pending.get(Number(subscription));
    if (message.method === 'notifications/progress') {
      return open.findLast((entry) => entry.progressToken !== undefined && entry.progressToken === params.progressToken);
    }
    if (message.method === 'notifications/message') return open.findLast((entry) => entry.logLevel !== undefined);
    return undefined;
  }

  function onLine(line) {
    const message = JSON.parse(line);
    if (message.method !== undefined) {
      const owner = ownerOf(message);
      // The server tags with the id it knows; the client must find its own.
      const tagged = message.params?._meta?.[SUBSCRIPTION] === undefined;
      owner?.exchange.interim(tagged ? line : retag(message, owner));
      return;
    }
    const owner = pending.get(message.id);
    pending.delete(message.id);
    owner?.exchange.answer(replaceId(line, owner.id), message);
  }

  function retag(message, owner) {
    const _meta = { ...message.params._meta, [SUBSCRIPTION]: owner.id };
    return JSON.stringify({ ...message, params: { ...message.params, _meta } });
  }

  function running() {
    child ??= startChild(command, onLine, () => {
      for (const owner of pending.values()) owner.exchange.abandon();
      pending.clear();
      child = undefined;
      schemas = undefined;
    });
    return child;
  }

  function ask(text, entry) {
    lastId += 1;
    pending.set(lastId, entry);
    running().send(replaceId(text, lastId));
    return lastId;
  }

  /** Input schemas by tool name, asked from the server once. */
  async function schemaOf(name, meta) {
    schemas ??= new Promise((resolve) => {
      const answer = (_text, message) =>
        resolve(new Map((message.result?.tools ?? []).map((tool) => [tool.name, tool.inputSchema])));
      ask(JSON.stringify({ jsonrpc: '2.0', id: 0, method: 'tools/list', params: { _meta: meta } }), {
        id: 0,
        exchange: { answer, interim() {}, abandon: () => resolve(new Map()) },
      });
    });
    return (await schemas).get(name);
  }

  return {
    async handle(req, res, text, message) {
      const refusal = await checkModern(req.headers, message, (name) => schemaOf(name, message.params._meta));
      if (refusal !== undefined) return sendError(res, 400, message.id, refusal.code, refusal.message, refusal.data);
      if (message.id === undefined) {
        running().send(text);
        return res.writeHead(202).end();
      }
      const id = ask(text, {
        id: message.id,
        exchange: exchange(res, statusOf),
        progressToken: message.params._meta.progressToken,
        logLevel: message.params._meta[LOG_LEVEL],
      });
      res.once('close', () => {
        // Closing the response is how a client of this revision cancels.
        if (!pending.delete(id)) return;
        child?.send(JSON.stringify({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: id } }));
      });
    },
    stop: () => child?.stop(),
  };
}
