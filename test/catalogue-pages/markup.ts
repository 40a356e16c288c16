/** One element of a page. */
export interface MarkupElement {
  readonly tag: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: (MarkupElement | string)[];
}

const VOID = new Set(['meta', 'link', 'input', 'br']);
/** Every element that the pages may have; a hostile name must not add one. */
const TAGS = new Set('html head meta title link script body a header div svg path rect span nav form label input main ol ul li h1 h2 h3 p small b strong section table caption thead tbody tr th td select option button footer dl dt dd code pre details summary mark bdi noscript textarea br'.split(' '));
const ATTRIBUTES = new Set('lang charset name content rel href type src defer class for id action method role value placeholder maxlength autocomplete autocapitalize spellcheck aria-label aria-labelledby aria-hidden aria-current aria-live aria-describedby aria-invalid scope tabindex download open selected required rows tabindex accept-charset data-index viewBox width height fill stroke stroke-width stroke-linejoin stroke-linecap d x y rx preserveAspectRatio'.split(' '));

const ENTITIES: Readonly<Record<string, string>> = { '&amp;': '&', '&lt;': '<', '&gt;': '>', '&quot;': '"', '&#39;': "'" };

/** Text of HTML; every & must begin one of the entities that we write. */
function decoded(text: string): string {
  return text.replace(/&[^;&\s]{0,8};?/g, (entity) => {
    const plain = ENTITIES[entity];
    if (plain === undefined) throw new Error(`a bare & or an unknown entity: ${entity}`);
    return plain;
  });
}

/**
 * Reads a document far more strictly than a browser: every element closed and in order, every attribute known, quoted and once, no stray
 * angle bracket. @throws with what is wrong
 */
export function parse(html: string): MarkupElement {
  if (!html.startsWith('<!doctype html>\n')) throw new Error('no doctype');
  const root: MarkupElement = { tag: '#root', attributes: new Map(), children: [] };
  const open: MarkupElement[] = [root];
  const tag = /<(\/?)([a-zA-Z][a-zA-Z0-9]*)((?:\s+[a-zA-Z-]+(?:="[^"<]*")?)*)\s*(\/?)>/y;
  let at = '<!doctype html>\n'.length;
  while (at < html.length) {
    const current = open.at(-1) ?? root;
    if (html[at] !== '<') {
      const end = html.indexOf('<', at);
      const text = html.slice(at, end < 0 ? html.length : end);
      if (text.includes('>')) throw new Error(`a stray >: ${text.slice(0, 80)}`);
      current.children.push(decoded(text));
      at += text.length;
      continue;
    }
    tag.lastIndex = at;
    const match = tag.exec(html);
    if (match === null) throw new Error(`no tag at ${html.slice(at, at + 80)}`);
    at += match[0].length;
    const [, closing, name = '', attributes = '', selfClosed] = match;
    if (!TAGS.has(name)) throw new Error(`an element that no page has: ${name}`);
    if (closing === '/') {
      if (current.tag !== name) throw new Error(`</${name}> closes <${current.tag}>`);
      open.pop();
      continue;
    }
    const element: MarkupElement = { tag: name, attributes: attributesOf(name, attributes), children: [] };
    current.children.push(element);
    if (name === 'script' && element.attributes.get('type') === 'application/ld+json') {
      const end = html.indexOf('</', at);
      element.children.push(html.slice(at, end));
      at = end;
    }
    if (!VOID.has(name) && selfClosed !== '/') open.push(element);
  }
  if (open.length !== 1) throw new Error(`not closed: ${open.map((one) => one.tag).join(' ')}`);
  return root;
}

function attributesOf(tag: string, text: string): Map<string, string> {
  const attributes = new Map<string, string>();
  for (const [, name = '', value] of text.matchAll(/\s+([a-zA-Z-]+)(?:="([^"]*)")?/g)) {
    if (!ATTRIBUTES.has(name)) throw new Error(`an attribute that no page has: ${name} of ${tag}`);
    if (attributes.has(name)) throw new Error(`${name} twice in ${tag}`);
    attributes.set(name, decoded(value ?? ''));
  }
  return attributes;
}

/** Every element, in order. */
export function* elements(of: MarkupElement): Generator<MarkupElement> {
  for (const child of of.children) {
    if (typeof child === 'string') continue;
    yield child;
    yield* elements(child);
  }
}

/** All text that a reader sees. */
export function textOf(of: MarkupElement | string): string {
  if (typeof of === 'string') return of;
  return of.tag === 'script' ? '' : of.children.map(textOf).join(of.tag === 'tr' || of.tag === 'dl' ? ' ' : '');
}

export function all(root: MarkupElement, tag: string): MarkupElement[] {
  return [...elements(root)].filter((element) => element.tag === tag);
}

/** What is wrong with a page beyond its syntax: what a validator and a screen reader would complain of. */
export function complaints(root: MarkupElement): string[] {
  const wrong: string[] = [];
  const ids = new Set<string>();
  const labels = new Set(all(root, 'label').map((label) => label.attributes.get('for')));
  for (const element of elements(root)) {
    const { tag, attributes } = element;
    const id = attributes.get('id');
    if (id !== undefined && ids.has(id)) wrong.push(`the id ${id} twice`);
    if (id !== undefined) ids.add(id);
    const address = attributes.get('href') ?? attributes.get('src') ?? attributes.get('action');
    if (address !== undefined && /^\s*(?:javascript|data|vbscript):/i.test(address)) wrong.push(`a script as address: ${address}`);
    if (['input', 'textarea'].includes(tag) && !labels.has(id)) wrong.push(`a field without label: ${id ?? ''}`);
    if (tag === 'a' && textOf(element).trim() === '' ) wrong.push('a link without text');
  }
  for (const element of elements(root)) for (const name of ['aria-labelledby', 'aria-describedby', 'for']) {
    const id = element.attributes.get(name);
    if (id !== undefined && !ids.has(id)) wrong.push(`${name} leads nowhere: ${id}`);
  }
  if (all(root, 'h1').length !== 1) wrong.push(`${all(root, 'h1').length} h1`);
  if (all(root, 'title').length !== 1) wrong.push('no title, or two');
  let level = 1;
  for (const { tag } of elements(root)) {
    const next = /^h([1-6])$/.exec(tag)?.[1];
    if (next === undefined) continue;
    if (Number(next) > level + 1) wrong.push(`${tag} behind h${level}`);
    level = Number(next);
  }
  return wrong;
}

/** The JSON-LD of a page, by type. */
export function structured(root: MarkupElement): Map<string, Record<string, unknown>> {
  return new Map(all(root, 'script').filter((script) => script.attributes.get('type') === 'application/ld+json').map((script) => {
    const value = JSON.parse(script.children.join('')) as Record<string, unknown>;
    return [String(value['@type']), value];
  }));
}
