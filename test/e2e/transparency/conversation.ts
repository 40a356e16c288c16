import { deep, type Member, type OddJson } from './odd-json.ts';

export type Era = 'legacy' | 'modern';

/** What a server says before it answers. A request of the server comes with the client's answer to it. */
export interface Interlude {
  readonly text: string;
  readonly reply: string | null;
}

/** One request with everything that belongs to it. All texts are JSON texts, to be sent exactly as they are. */
export interface Exchange {
  readonly request: string;
  readonly method: string;
  /** The value that `Mcp-Name` mirrors, or null. */
  readonly name: string | null;
  readonly before: readonly Interlude[];
  /** Sent by the client when it has seen everything before the answer. */
  readonly cancel: string | null;
  /** Null when the server never answers. */
  readonly answer: string | null;
}

export type Step =
  | { readonly kind: 'exchange'; readonly exchange: Exchange }
  /** A notification of the client, and what the server sends about nothing in particular. */
  | { readonly kind: 'aside'; readonly notification: string; readonly unsolicited: readonly string[] };

export interface Conversation {
  readonly era: Era;
  /** Negotiated by `initialize`, or declared by every request. */
  readonly version: string;
  /** A legacy conversation over HTTP whose server gives out no session. Nothing then ties a later POST to an open request. */
  readonly sessionless: boolean;
  /** The opening exchange and, in a legacy conversation, the notification after it; then the tool list, without which a gateway would have to ask for it. */
  readonly opening: readonly Step[];
  readonly steps: readonly Step[];
}

const LEGACY = ['2024-11-05', '2025-03-26', '2025-06-18', '2025-11-25'];
const MODERN = '2026-07-28';
const META = 'io.modelcontextprotocol/';
/** Nesting that both directions may have at most, with the levels of a message around it. */
const DEEPEST_REQUEST = 58;
const DEEPEST_ANSWER = 120;

/** Draws a conversation in which nothing is governed by any rule. */
export function conversation(odd: OddJson, era: Era, options: { readonly unknownMethods: boolean; readonly http: boolean }): Conversation {
  return new Writer(odd, era, options).conversation();
}

class Writer {
  readonly #odd: OddJson;
  readonly #era: Era;
  readonly #version: string;
  readonly #unknownMethods: boolean;
  readonly #http: boolean;
  readonly #sessionless: boolean;
  #tools: readonly string[] = [];
  #ids = 0;
  #serverIds = 0;

  constructor(odd: OddJson, era: Era, options: { readonly unknownMethods: boolean; readonly http: boolean }) {
    this.#odd = odd;
    this.#era = era;
    this.#unknownMethods = options.unknownMethods;
    this.#http = options.http;
    this.#sessionless = options.http && era === 'legacy' && odd.once(6);
    // The revision of 2024-11-05 has another HTTP transport.
    this.#version = era === 'modern' ? MODERN : odd.pick(options.http ? LEGACY.slice(1) : LEGACY);
  }

  conversation(): Conversation {
    const opening: Step[] = this.#era === 'modern' ? [this.#step(this.#discover())] : [this.#step(this.#initialize()), this.#aside('notifications/initialized')];
    opening.push(this.#step(this.#toolList()));
    const steps = Array.from({ length: this.#odd.int(4, 9) }, () => this.#next());
    return { era: this.#era, version: this.#version, sessionless: this.#sessionless, opening, steps };
  }

  #step(exchange: Exchange): Step {
    return { kind: 'exchange', exchange };
  }

  #next(): Step {
    const { int, legacy } = { int: (max: number) => this.#odd.int(1, max), legacy: this.#era === 'legacy' };
    switch (int(14)) {
      case 1: return this.#step(this.#progressing());
      case 2: return this.#sessionless ? this.#step(this.#call()) : legacy ? this.#step(this.#asking()) : this.#step(this.#inputRequired());
      case 3: return this.#step(this.#sessionless ? this.#progressing() : this.#cancelled());
      case 4: return this.#step(this.#exchange('resources/read', 'file:///notes/ü-1.txt', [['uri', this.#odd.text('file:///notes/ü-1.txt')]]));
      case 5: return this.#step(this.#prompt());
      case 6: return this.#step(this.#exchange('completion/complete', null, [['ref', this.#odd.object([['"type"', '"ref/prompt"'], ['"name"', '"greet"']])], ['argument', this.#odd.object([['"name"', '"a"'], ['"value"', this.#odd.text(this.#odd.plain())]])]]));
      case 7: return this.#step(this.#exchange(this.#odd.pick(['prompts/list', 'resources/list', 'resources/templates/list']), null, [], this.#emptyLists()));
      case 8: return legacy ? this.#step(this.#odd.once(2) ? this.#exchange('ping', null, []) : this.#exchange('logging/setLevel', null, [['level', '"debug"']])) : this.#step(this.#toolList());
      case 9: return this.#aside(`notifications/${this.#odd.pick(['x', 'example/thing', 'roots/list_changed'])}`);
      case 10: return this.#unknownMethods ? this.#step(this.#exchange(this.#odd.pick(['example/do', 'x', 'tools/describe']), null, [])) : this.#step(this.#call());
      case 11: return this.#step(this.#deepCall());
      default: return this.#step(this.#call());
    }
  }

  /** An id as the client and the server write it; both mean the same. */
  #id(): { readonly asked: string; readonly answered: string } {
    this.#ids += 1;
    if (this.#odd.once(2)) {
      const number = this.#odd.pick([this.#ids, -this.#ids, 9007199254740991 - this.#ids, this.#ids + 1_000_000]);
      return { asked: String(number), answered: String(number) };
    }
    const plain = `${this.#ids}:${this.#odd.plain()}`;
    return { asked: this.#odd.text(plain), answered: this.#odd.text(plain) };
  }

  #meta(extra: readonly Member[] = []): Member[] {
    const own: Member[] = this.#era === 'legacy' ? [] : [
      [this.#odd.text(`${META}protocolVersion`), `"${MODERN}"`],
      [this.#odd.text(`${META}clientCapabilities`), this.#odd.object([['"elicitation"', '{ }'], ...this.#odd.strangers(1, 'x-')])],
      [`"${META}clientInfo"`, '{"name":"raw", "version":"1.0"}'],
    ];
    const strangers = this.#odd.once(3) ? this.#odd.strangers(2, 'example.com/') : [];
    const all = [...own, ...extra, ...strangers];
    return all.length === 0 ? [] : [['"_meta"', this.#odd.object(all)]];
  }

  #request(id: string, method: string, params: readonly Member[], meta: readonly Member[] = []): string {
    const strangers = this.#odd.once(3) ? this.#odd.strangers(2, 'x-') : [];
    const members = [...params.map(([key, value]): Member => [this.#odd.once(10) ? this.#odd.text(key) : `"${key}"`, value]), ...this.#meta(meta), ...strangers];
    const body: Member[] = members.length === 0 && this.#odd.once(2) ? [] : [['params', this.#odd.object(members)]];
    return this.#odd.message([['id', id], ['method', this.#odd.text(method)], ...body]);
  }

  #notification(method: string, params: readonly Member[]): string {
    const all = [...params, ...(this.#odd.once(2) ? this.#odd.strangers(2, 'x-') : [])];
    return this.#odd.message([['method', this.#odd.text(method)], ...(all.length === 0 ? [] : [['params', this.#odd.object(all)] as const])]);
  }

  #result(id: string, members: readonly Member[] = []): string {
    const type: Member[] = this.#era === 'modern' && !members.some(([key]) => key === '"resultType"') ? [['"resultType"', '"complete"']] : [];
    return this.#odd.message([['id', id], ['result', this.#odd.object([...type, ...members, ...this.#odd.strangers(3, 'x-')])]]);
  }

  #error(id: string): string {
    const code = this.#odd.pick(['-32603', '-32602', '-32000', '-31999', '17', '-32603.0']);
    return this.#odd.message([['id', id], ['error', this.#odd.object([['"code"', code], ['"message"', this.#odd.text(this.#odd.plain())], ...(this.#odd.once(2) ? [['"data"', this.#odd.value()] as const] : [])])]]);
  }

  #exchange(method: string, name: string | null, params: readonly Member[], result: readonly Member[] = []): Exchange {
    const { asked, answered } = this.#id();
    const answer = this.#odd.once(6) ? this.#error(answered) : this.#result(answered, result);
    return { request: this.#request(asked, method, params), method, name, before: [], cancel: null, answer };
  }

  #emptyLists(): Member[] {
    return [['"prompts"', '[ ]'], ['"resources"', this.#odd.array([this.#odd.object([['"uri"', '"file:///notes/1"'], ['"name"', '"1"'], ...this.#odd.strangers(1, 'x-')])])], ['"resourceTemplates"', '[]']];
  }

  #initialize(): Exchange {
    const { asked, answered } = this.#id();
    const capabilities = this.#odd.object([['"elicitation"', '{}'], ['"sampling"', '{}'], ['"roots"', '{"listChanged":true}'], ...this.#odd.strangers(2, 'x-')]);
    const params: Member[] = [['protocolVersion', `"${this.#version}"`], ['capabilities', capabilities], ['clientInfo', '{"name":"raw","version":"1.0"}']];
    const result: Member[] = [
      ['"protocolVersion"', this.#odd.text(this.#version)],
      ['"capabilities"', this.#odd.object([['"tools"', '{"listChanged" : true}'], ['"prompts"', '{}'], ['"resources"', '{}'], ['"logging"', '{}'], ...this.#odd.strangers(2, 'x-')])],
      ['"serverInfo"', '{"name":"byte-echo","version":"1.0"}'],
    ];
    return { request: this.#request(asked, 'initialize', params), method: 'initialize', name: null, before: [], cancel: null, answer: this.#result(answered, result) };
  }

  #discover(): Exchange {
    const { asked, answered } = this.#id();
    const result: Member[] = [['"supportedVersions"', this.#odd.array([`"${MODERN}"`, '"2025-11-25"'])], ['"capabilities"', this.#odd.object(this.#odd.strangers(2, 'x-'))]];
    return { request: this.#request(asked, 'server/discover', []), method: 'server/discover', name: null, before: [], cancel: null, answer: this.#result(answered, result) };
  }

  #toolList(): Exchange {
    const { asked, answered } = this.#id();
    if (this.#tools.length === 0) this.#tools = ['plain', ...Array.from({ length: this.#odd.int(1, 4) }, (_, index) => `t${index}${this.#odd.plain()}`)];
    const definitions = this.#tools.map((name) => this.#odd.object([
      ['"name"', this.#odd.text(name)], ['"description"', this.#odd.text(this.#odd.plain())],
      ['"inputSchema"', this.#odd.object([['"type"', '"object"'], ...this.#odd.strangers(2, 'x-')])], ...this.#odd.strangers(2, 'x-'),
    ]));
    const caching: Member[] = this.#era === 'modern' ? [['"ttlMs"', '3600000.0'], ['"cacheScope"', '"public"']] : [];
    return { request: this.#request(asked, 'tools/list', []), method: 'tools/list', name: null, before: [], cancel: null, answer: this.#result(answered, [['"tools"', this.#odd.array(definitions)], ...caching]) };
  }

  #callParams(args = this.#odd.object(this.#odd.strangers(3))): { readonly name: string; readonly params: Member[] } {
    const name = this.#odd.pick(this.#tools);
    return { name, params: [['name', this.#odd.text(name)], ...(this.#odd.once(5) ? [] : [['arguments', args] as const])] };
  }

  #content(): Member[] {
    const part = this.#odd.object([['"type"', '"text"'], ['"text"', this.#odd.text(this.#odd.plain())], ...this.#odd.strangers(1, 'x-')]);
    return [['"content"', this.#odd.array([part])], ...(this.#odd.once(3) ? [['"isError"', this.#odd.pick(['true', 'false'])] as const] : []), ...(this.#odd.once(3) ? [['"structuredContent"', this.#odd.value()] as const] : [])];
  }

  #call(): Exchange {
    const { name, params } = this.#callParams();
    return this.#exchange('tools/call', name, params, this.#content());
  }

  #deepCall(): Exchange {
    const { asked, answered } = this.#id();
    const { name, params } = this.#callParams(`{"deep":${deep(DEEPEST_REQUEST)}}`);
    return { request: this.#request(asked, 'tools/call', params), method: 'tools/call', name, before: [], cancel: null, answer: this.#result(answered, [['"content"', '[]'], ['"structuredContent"', deep(DEEPEST_ANSWER)]]) };
  }

  #prompt(): Exchange {
    return this.#exchange('prompts/get', 'greet', [['name', '"greet"'], ['arguments', this.#odd.object(this.#odd.strangers(1))]], [['"messages"', '[ ]']]);
  }

  #progressNotes(token: string): Interlude[] {
    const notes = Array.from({ length: this.#odd.int(1, 3) }, (_, index) => this.#notification('notifications/progress', [['"progressToken"', token], ['"progress"', this.#odd.pick([`${index}`, `${index}.0`, '1e2'])], ['"total"', this.#odd.number()]]));
    return notes.map((text): Interlude => ({ text, reply: null }));
  }

  #progressing(): Exchange {
    const { asked, answered } = this.#id();
    const token = `p${this.#ids}${this.#odd.plain()}`;
    const { name, params } = this.#callParams();
    const log: Interlude = { text: this.#notification('notifications/message', [['"level"', '"info"'], ['"data"', this.#odd.value()]]), reply: null };
    const meta: Member[] = [['"progressToken"', this.#odd.text(token)], ...(this.#era === 'modern' ? [[`"${META}logLevel"`, '"debug"'] as const] : [])];
    return { request: this.#request(asked, 'tools/call', params, meta), method: 'tools/call', name, before: [...this.#progressNotes(this.#odd.text(token)), log, ...this.#progressNotes(this.#odd.text(token))], cancel: null, answer: this.#result(answered, this.#content()) };
  }

  /** The server asks the client something before it answers. */
  #asking(): Exchange {
    const { asked, answered } = this.#id();
    const { name, params } = this.#callParams();
    const questions = Array.from({ length: this.#odd.int(1, 2) }, (): Interlude => {
      this.#serverIds += 1;
      const plain = `s${this.#serverIds}${this.#odd.plain()}`;
      const number = this.#odd.once(2);
      const id = (): string => (number ? String(this.#serverIds) : this.#odd.text(plain));
      const method = this.#odd.pick(['sampling/createMessage', 'elicitation/create', 'roots/list', 'ping', 'example/ask']);
      const text = this.#odd.message([['id', id()], ['method', this.#odd.text(method)], ['params', this.#odd.object(this.#odd.strangers(3, 'x-'))]]);
      const reply = this.#odd.once(4) ? this.#error(id()) : this.#odd.message([['id', id()], ['result', this.#odd.object(this.#odd.strangers(3))]]);
      return { text, reply };
    });
    return { request: this.#request(asked, 'tools/call', params), method: 'tools/call', name, before: questions, cancel: null, answer: this.#result(answered, this.#content()) };
  }

  #inputRequired(): Exchange {
    const { asked, answered } = this.#id();
    const { name, params } = this.#callParams();
    const question = this.#odd.object([['"method"', '"elicitation/create"'], ['"params"', this.#odd.object(this.#odd.strangers(2, 'x-'))]]);
    const result: Member[] = [['"resultType"', '"input_required"'], ['"inputRequests"', this.#odd.object([[this.#odd.text(this.#odd.plain()), question]])], ['"requestState"', this.#odd.text(this.#odd.plain())]];
    const again: Member[] = this.#odd.once(2) ? [['inputResponses', this.#odd.object(this.#odd.strangers(3))], ['requestState', this.#odd.text(this.#odd.plain())]] : [];
    return { request: this.#request(asked, 'tools/call', [...params, ...again]), method: 'tools/call', name, before: [], cancel: null, answer: this.#result(answered, result) };
  }

  #cancelled(): Exchange {
    const { asked, answered } = this.#id();
    const { name, params } = this.#callParams();
    const token = `c${this.#ids}`;
    const cancel = this.#notification('notifications/cancelled', [['"requestId"', asked], ['"reason"', this.#odd.text(this.#odd.plain())]]);
    // A modern HTTP client cancels by leaving: nothing can follow then.
    const answer = this.#odd.once(2) && !(this.#http && this.#era === 'modern') ? this.#result(answered, this.#content()) : null;
    return { request: this.#request(asked, 'tools/call', params, [['"progressToken"', `"${token}"`]]), method: 'tools/call', name, before: this.#progressNotes(`"${token}"`), cancel, answer };
  }

  #aside(method: string): Step {
    const unsolicited = Array.from({ length: this.#odd.int(0, 3) }, () => this.#notification(this.#odd.pick(['notifications/message', 'notifications/prompts/list_changed', 'notifications/resources/list_changed', 'notifications/example']), [['"level"', '"info"'], ['"data"', this.#odd.value()]]));
    return { kind: 'aside', notification: this.#notification(method, []), unsolicited };
  }
}
