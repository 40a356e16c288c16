// A scripted agent: the official TypeScript SDK client, and a transcript of what it asked and was told.
import { appendFileSync } from 'node:fs';
import { patiently, Trouble } from './stage.mjs';

const LONG = { timeout: 300_000 };

async function sdk() {
  try {
    const [{ Client }, { StdioClientTransport }, { StreamableHTTPClientTransport }] = await Promise.all([
      import('@modelcontextprotocol/sdk/client/index.js'),
      import('@modelcontextprotocol/sdk/client/stdio.js'),
      import('@modelcontextprotocol/sdk/client/streamableHttp.js'),
    ]);
    return { Client, StdioClientTransport, StreamableHTTPClientTransport };
  } catch {
    throw new Trouble('@modelcontextprotocol/sdk was not found: the agent of this example is its client; run `npm ci` in the repository');
  }
}

/**
 * Connects an agent.
 * @param address `{ url, token }` for HTTP, or `{ command, env }` for stdio
 * @param transcript file that gets one line per call
 */
export async function connect(name, address, transcript) {
  const { Client, StdioClientTransport, StreamableHTTPClientTransport } = await sdk();
  let said = '';
  const transport = 'url' in address
    ? new StreamableHTTPClientTransport(new URL(address.url), { requestInit: { headers: { Authorization: `Bearer ${address.token}` } } })
    : new StdioClientTransport({ command: address.command[0], args: address.command.slice(1), env: address.env, stderr: 'pipe' });
  transport.stderr?.on('data', (chunk) => (said += chunk));
  const client = new Client({ name, version: '1.0.0' });
  console.log(`\n${name} connects (${'url' in address ? address.url : 'policylayer run'})`);
  try {
    await patiently('the server', () => client.connect(transport, LONG));
  } catch (error) {
    await client.close().catch(() => undefined);
    const words = `${address.said?.() ?? ''}${said}`.trim().split('\n').at(-1);
    throw new Trouble(`${name} could not connect: ${error.message.split('\n')[0]}${words ? `; the last line of the log: ${words}` : ''}`);
  }
  return new Agent(name, client, transport, transcript);
}

class Agent {
  constructor(name, client, transport, transcript) {
    Object.assign(this, { name, client, transport, transcript });
  }

  /** Names of the tools that this agent is shown. */
  async list() {
    const { tools } = await patiently('the list', () => this.client.listTools({}, LONG));
    const names = tools.map((tool) => tool.name);
    this.#note({ list: names });
    console.log(`${this.name} sees ${names.length} tools: ${names.slice(0, 6).join(', ')}${names.length > 6 ? ', ...' : ''}`);
    return names;
  }

  /**
   * One call, printed and noted.
   * @param quiet true: noted only
   * @returns `{ isError, text, decision }`; `error` for a JSON-RPC error
   */
  async call(tool, args = {}, quiet = false) {
    const ask = () => this.client.callTool({ name: tool, arguments: args }, undefined, LONG);
    let answer;
    try {
      const { content, isError, _meta } = await (quiet ? ask() : patiently(tool, ask));
      answer = { isError: isError === true, text: content.map((part) => part.text ?? '').join(''), decision: _meta?.['policylayer/decision'] ?? null, error: null };
    } catch (error) {
      if (typeof error.code !== 'number') throw error;
      answer = { isError: true, text: error.message, decision: null, error: { code: error.code, message: error.message } };
    }
    this.#note({ tool, arguments: hideSecrets(args), ...answer });
    if (!quiet) print(this.name, tool, args, answer);
    return answer;
  }

  async close() {
    if ('terminateSession' in this.transport) await this.transport.terminateSession().catch(() => undefined);
    await this.client.close();
  }

  #note(entry) {
    appendFileSync(this.transcript, `${JSON.stringify({ agent: this.name, ...entry })}\n`, { mode: 0o600 });
  }
}

const hideSecrets = (args) => Object.fromEntries(Object.entries(args).map(([name, value]) => [name, name === 'password' ? '***' : value]));
const short = (text) => {
  const line = text.replaceAll(/\s+/g, ' ').trim();
  return line.length > 200 ? `${line.slice(0, 197)}...` : line;
};

/** What a server says in words, where its answer is an object with such a member. */
function gist(text) {
  try {
    const { message, error } = JSON.parse(text);
    return message ?? error ?? text;
  } catch {
    return text;
  }
}

function print(name, tool, args, { isError, text, decision, error }) {
  console.log(`\n${name}> ${tool} ${JSON.stringify(hideSecrets(args))}`);
  const state = decision !== null ? 'refused' : error !== null ? 'error' : isError ? 'server error' : 'ok';
  console.log(`  ${state}: ${short(gist(text))}`);
  if (decision !== null) console.log(`  code=${decision.code} rule=${decision.rule}${decision.retryAfterMs === null ? '' : ` retryAfterMs=${decision.retryAfterMs}`}`);
}
