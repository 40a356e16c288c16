import type { HttpAction, HttpAnswer } from './http-session.ts';
import type { StdioPlan } from './stdio-session.ts';

/** Text of about this many bytes that a parse and a write would change everywhere. */
function bulk(bytes: number): string {
  const unit = '"é\\u00e9😀\\ud83d\\ude00" , 1.0,-0 , 9007199254740993,1e400 ,{"b":1, "a":2}, ';
  return `[${unit.repeat(Math.floor(bytes / Buffer.byteLength(unit)))}null]`;
}

const EIGHT_MB = 8 * 1024 * 1024;
const ALMOST_FOUR_MB = 4 * 1024 * 1024 - 10_000;
/** Few members, because their number has a bound: most of the request is one string. */
const BIG_REQUEST = `{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"plain","arguments":{"text":"${'é😀\\u00e9 '.repeat(ALMOST_FOUR_MB / 13 | 0)}", "n":1.0}}}`;
const call = (id: number): string => `{"jsonrpc":"2.0","id":${id},"method":"tools/call","params":{"name":"plain"}}`;
const result = (id: number, json: string): string => `{"id":${id},"result":{"content":[ ],"structuredContent":${json}}, "jsonrpc":"2.0"}`;

const LIST = '{"jsonrpc":"2.0","id":1,"result":{"tools":[{"name":"plain","inputSchema":{"type":"object"}}]}}';
const CAPABILITIES = '{"protocolVersion":"2025-11-25","capabilities":{"tools":{}},"serverInfo":{"name":"byte-echo","version":"1.0"}}';
const INITIALIZE = '{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"raw","version":"1"}}}';

/** Messages of many megabytes on stdio, and requests in one write whose order matters although not all of them need an admission. */
export function scriptedStdioPlan(): StdioPlan {
  const turn = (line: string, ...answers: string[]) => [{ line: Buffer.from(`${line}\n`), pieces: answers.map((text) => Buffer.from(`${text}\n`)) }];
  const atOnce = [call(10), '{"jsonrpc":"2.0","id":11,"method":"resources/subscribe","params":{"uri":"test://x"}}', '{"jsonrpc":"2.0","id":12,"method":"resources/unsubscribe","params":{"uri":"test://x"}}', '{"jsonrpc":"2.0","id":13,"method":"ping"}', '{"jsonrpc":"2.0","method":"notifications/roots/list_changed"}', call(14)];
  return [
    turn(INITIALIZE, `{"jsonrpc":"2.0","id":0,"result":${CAPABILITIES}}`), turn('{"jsonrpc":"2.0","method":"notifications/initialized"}'), turn('{"jsonrpc":"2.0","id":1,"method":"tools/list"}', LIST),
    turn(BIG_REQUEST, result(2, '0')), turn(call(3), result(3, bulk(EIGHT_MB))), turn(call(4), '{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":1.0}}', result(4, '-0')),
    atOnce.map((line, index) => ({ line: Buffer.from(`${line}\n`), pieces: index === atOnce.length - 1 ? [10, 11, 12, 13, 14].map((id) => Buffer.from(`${result(id, '1.0')}\n`)) : [] })),
  ];
}

const JSON_TYPE = ['Content-Type', 'application/json'];
const EVENTS_TYPE = ['Content-Type', 'text/event-stream'];

function post(body: string, answer: Partial<HttpAnswer>, more: readonly string[] = []): HttpAction {
  const opened = body === INITIALIZE ? [] : ['Mcp-Session-Id', 'scripted', 'MCP-Protocol-Version', '2025-11-25'];
  return {
    method: 'POST', headers: [...JSON_TYPE, 'Accept', 'application/json, text/event-stream', 'Content-Length', String(Buffer.byteLength(body)), ...(more.length === 0 ? opened : more)], body,
    answer: { status: 200, reason: 'OK', headers: JSON_TYPE, pieces: [], ...answer }, during: [], leaveAfter: null,
  };
}

const json = (text: string): Partial<HttpAnswer> => ({ pieces: [Buffer.from(text)] });
const events = (...texts: string[]): Partial<HttpAnswer> => ({ headers: EVENTS_TYPE, pieces: texts.map((text) => Buffer.from(text)) });

/** What a session over HTTP can meet besides ordinary answers: megabytes, streams with every oddity, pages of other programs. */
export function scriptedHttpPlan(): HttpAction[] {
  return [
    post(INITIALIZE, { ...json(`{"jsonrpc":"2.0","id":0,"result":${CAPABILITIES}}`), headers: [...JSON_TYPE, 'Mcp-Session-Id', 'scripted'] }),
    post('{"jsonrpc":"2.0","method":"notifications/initialized"}', { status: 202, reason: 'Accepted', headers: [] }),
    post('{"jsonrpc":"2.0","id":1,"method":"tools/list"}', json(LIST)),
    post(BIG_REQUEST, json(result(2, '0'))),
    post(call(3), json(result(3, bulk(EIGHT_MB)))),
    post(call(4), events(`id: 1\ndata: ${result(4, bulk(EIGHT_MB))}\n\n`)),
    post(call(5), events('\ufeff: a mark at the start\n\n', 'data: {"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":-0}}\r\n\r\n', `retry: 1\n\nevent: message\rdata: ${result(5, '1.0')}\r\r`)),
    post(call(6), events(...Array.from(`id: 7\ndata: ${result(6, '"\\ud800"')}\n\n`))),
    post(call(7), { ...json('<html><body>Overloaded</body></html>'), status: 503, reason: 'Service Unavailable', headers: ['Content-Type', 'text/html', 'Retry-After', '1'] }),
    post(call(8), { ...json('{"error":"slow down", "code":1.0}'), status: 429, reason: 'Too Many Requests', headers: [...JSON_TYPE, 'Retry-After', '2'] }),
    post(call(9), { ...json('{"jsonrpc":"2.0","id":9,"error":{"code":-32603,"message":"own","data":1e400}}'), status: 500, reason: 'Broken' }),
    post(call(10), { status: 500, reason: 'Empty', headers: [] }),
    post('{"jsonrpc":"2.0","id":11,"method":"ping"}', json('\r\n{"jsonrpc":"2.0",\n"id":11,\r"result":{}}\n')),
  ];
}

const MODERN = ['MCP-Protocol-Version', '2026-07-28'];
const META = '"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{"x": 1.0}}';

/**
 * A subscription of the modern revision, left by the client, and errors that have an HTTP status of their own. After `list_changed` the
 * client reads the list again, as clients do; one that called without would make the gateway ask for the list itself.
 */
export function modernHttpPlan(): HttpAction[] {
  const acknowledged = 'data: {"jsonrpc":"2.0","method":"notifications/subscriptions/acknowledged","params":{"notifications":{"toolsListChanged":true},"_meta":{"io.modelcontextprotocol/subscriptionId":"sub-1"}}}\n\n';
  const changed = ': beat\n\ndata: {"jsonrpc":"2.0","method":"notifications/tools/list_changed","params":{"x":1.0,"_meta":{"io.modelcontextprotocol/subscriptionId":"sub-1"}}}\n\n';
  const listen = post(`{"jsonrpc":"2.0","id":"sub-1","method":"subscriptions/listen","params":{"notifications":{"toolsListChanged":true}, ${META}}}`, { ...events(acknowledged, changed), hold: true }, [...MODERN, 'Mcp-Method', 'subscriptions/listen']);
  const list = (id: number): HttpAction => post(`{"jsonrpc":"2.0","id":${id},"method":"tools/list","params":{${META}}}`, json(LIST.replace('"id":1', `"id":${id}`)), [...MODERN, 'Mcp-Method', 'tools/list']);
  return [
    list(1),
    { ...listen, leaveAfter: Buffer.byteLength(acknowledged + changed) },
    list(4),
    post(`{"jsonrpc":"2.0","id":2,"method":"prompts/list","params":{${META}}}`, { ...json('{"jsonrpc":"2.0","id":2,"error":{"code":-32601,"message":"Method not found"}}'), status: 404, reason: 'Not Found' }, [...MODERN, 'Mcp-Method', 'prompts/list']),
    post(`{"jsonrpc":"2.0","id":3,"method":"tools/call","params":{"name":"plain",${META}}}`, { ...json('{"jsonrpc":"2.0","id":3,"error":{"code":-32021,"message":"Missing capability","data":{"requiredCapabilities":{"sampling":{}}}}}'), status: 400, reason: 'Bad Request' }, [...MODERN, 'Mcp-Method', 'tools/call', 'Mcp-Name', 'plain']),
  ];
}
