// The common part of the examples: options, the gateway or `run` in front of the server, and what an operator does.
import { existsSync, readFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';
import { connect } from './agent.mjs';
import { findProgram, operate, serve } from './policylayer.mjs';
import { patiently, Stage, Trouble } from './stage.mjs';

export const HELP = `
  --transport http|stdio    \`policylayer serve\` (default), or \`policylayer run\` for each agent
  --policies names|classes  the support agent's policy by tool names (default), or by the classes of the catalogue
  --data DIR                keep the journal, the logs and what the servers got in DIR (default: a temporary folder)
  --aws-profile FILE        AWS profile file with a [default] profile (default: keys that only moto takes)
  --stay                    leave everything running afterwards, for a client of your own, until Ctrl-C`;

/** @returns the options of the command line; ends the program for --help and for mistakes */
export function readOptions(usage, more = {}) {
  const choice = (name, value, choices) => {
    if (!choices.includes(value)) throw new Trouble(`--${name} is ${choices.join(' or ')}, not ${value}`);
  };
  let values;
  try {
    ({ values } = parseArgs({ options: { transport: { type: 'string', default: 'http' }, policies: { type: 'string', default: 'names' }, data: { type: 'string' }, 'aws-profile': { type: 'string' }, stay: { type: 'boolean' }, help: { type: 'boolean', short: 'h' }, ...more } }));
  } catch (error) {
    throw new Trouble(error.message.split('\n')[0]);
  }
  if (values.help) {
    console.log(usage);
    process.exit(0);
  }
  choice('transport', values.transport, ['http', 'stdio']);
  choice('policies', values.policies, ['names', 'classes']);
  if (values.stay && values.transport === 'stdio') throw new Trouble('--stay needs --transport http: over stdio each client starts its own');
  const profile = values['aws-profile'];
  if (profile !== undefined && !existsSync(profile)) throw new Trouble(`there is no AWS profile file ${profile}: write one with a [default] profile, or leave --aws-profile out`);
  if (profile !== undefined && !/^\s*\[default\]/m.test(readFileSync(profile, 'utf8'))) throw new Trouble(`${profile} has no [default] profile: add one, or leave --aws-profile out`);
  return values;
}

/** Runs an example: one line for what a reader can put right, and everything ended in any case. */
export async function perform(play) {
  let stage;
  const stop = new AbortController();
  for (const [signal, status] of [['SIGINT', 130], ['SIGTERM', 143]]) {
    process.on(signal, () => {
      if (stop.signal.aborted) return;
      stop.abort();
      process.exitCode = status;
      void stage?.close().finally(() => process.exit());
    });
  }
  try {
    findProgram();
    await play((data) => (stage = new Stage(data)), stop.signal);
  } catch (error) {
    if (!stop.signal.aborted) {
      process.exitCode = error instanceof Trouble ? 2 : 1;
      console.error(error instanceof Trouble ? `example: ${error.message}` : error);
    }
  } finally {
    if (!stop.signal.aborted) await stage?.close();
  }
}

/**
 * The gateway in front of one server.
 * @param place `{ server, folder, command, env, policyOf }`: the name in gateway.yaml, the URL of the example's folder, the server's
 *   command and environment, and the policy file of each agent
 */
export class Stand {
  constructor(stage, options, place) {
    Object.assign(this, { stage, options, place });
    this.data = stage.path('data');
    this.tokens = Object.fromEntries(Object.keys(place.policyOf).map((label) => [label, `plg_${randomBytes(32).toString('hex')}`]));
  }

  async open() {
    if (this.options.transport !== 'http') return;
    const tokens = Object.fromEntries(Object.entries(this.tokens).map(([label, token]) => [`${label.toUpperCase().replaceAll('-', '_')}_TOKEN`, token]));
    this.gateway = await serve(this.stage, this.#file('gateway.yaml'), { ...this.place.env, ...tokens, POLICIES: this.options.policies, CALLS: this.stage.path('calls.jsonl') });
    console.log(`PolicyLayer listens on ${this.gateway.url}`);
  }

  /** Connects the agent whose grant (over stdio: whose label) this is. */
  async agent(label) {
    const agent = await connect(label, this.#address(label), this.stage.path('transcript.jsonl'));
    this.stage.atEnd(() => agent.close());
    return agent;
  }

  #address(label) {
    if (this.gateway !== undefined) return { url: `${this.gateway.url}/mcp/${this.place.server}`, token: this.tokens[label], said: this.gateway.said };
    const command = [process.execPath, findProgram(), 'run', '--policy', this.#file(this.place.policyOf[label]), '--data', this.data, '--label', label, '--server', this.place.server, '--'];
    return { command: [...command, process.execPath, this.#file('../shared/tap.mjs'), this.stage.path('calls.jsonl'), ...this.place.command], env: { ...process.env, ...this.place.env } };
  }

  #file(name) {
    return decodeURIComponent(new URL(name, this.place.folder).pathname);
  }

  /** An operator's command, printed with what it answers. */
  async operator(...args) {
    console.log(`\noperator> policylayer ${args.map((arg) => (/\s/.test(arg) ? JSON.stringify(arg) : arg)).join(' ')}`);
    const text = await operate([...args, '--data', this.data]);
    console.log(text.trimEnd().replaceAll(/^/gm, '  '));
  }

  /** Waits for the next call that needs an approval, looks at it and decides. */
  async decide(decision, as, comment) {
    const id = await patiently('the request', async () => {
      for (;;) {
        const [line] = (await operate(['approvals', 'list', '--json', '--data', this.data])).split('\n');
        if (line) return JSON.parse(line).id;
        await new Promise((done) => setTimeout(done, 500));
      }
    });
    await this.operator('approvals', 'show', id);
    await this.operator('approvals', decision, id, '--as', as, '--comment', comment);
  }

  /** What arrived at the server, oldest first. */
  arrived(tool) {
    const file = this.stage.path('calls.jsonl');
    const calls = existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter((line) => line !== '').map((line) => JSON.parse(line)) : [];
    return calls.filter((call) => call.tool === tool);
  }

  /** Says, from the record at the server, how many calls of a tool arrived there. */
  sayArrived(tool) {
    const { length } = this.arrived(tool);
    console.log(`  at the server: ${length === 0 ? `no ${tool} ever arrived` : `${length} ${tool} arrived`}`);
  }

  /** --stay: how to connect, and a wait for Ctrl-C. */
  async stay(signal) {
    if (!this.options.stay) return;
    console.log(`\nEverything keeps running. Connect a client to ${this.gateway.url}/mcp/${this.place.server} with one of`);
    for (const [label, token] of Object.entries(this.tokens)) console.log(`  ${label}: Authorization: Bearer ${token}`);
    console.log('Stop it with Ctrl-C.');
    await new Promise((done) => signal.addEventListener('abort', done));
  }
}
