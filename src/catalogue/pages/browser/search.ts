import { SearchIndex } from '../search-index.ts';
import type { Element, Window } from './dom.ts';

type Facet = 'category' | 'risk' | 'confidence' | 'signal' | 'finding';

/** As for-machines.ts writes it. */
interface Data {
  readonly facets: Readonly<Record<Facet, readonly string[]>>;
  /** Id, name, text to search in. */
  readonly servers: readonly (readonly [string, string, string])[];
  /** Server, name, segment or 0 when it is the name, class, signals, findings. */
  readonly tools: readonly (readonly [number, string, string | 0, number, number, number])[];
}

type Tool = Data['tools'][number];

const SHOWN = 80;

/** Searches in an exported catalogue, which has no server that could. The index is loaded when somebody searches. */
export function searchForm(window: Window): void {
  const { document } = window;
  const form = document.querySelector('form[data-index]');
  const results = document.querySelector('#results');
  if (form === null || results === null) return;
  const fields = [...form.querySelectorAll('input,select')];
  const parameters = new URLSearchParams(window.location.search);
  for (const field of fields) field.value = parameters.get(field.name) ?? '';

  let data: Data | null = null;
  let index: SearchIndex | null = null;
  let loading = false;
  const wanted = (): boolean => fields.some((field) => field.value.trim() !== '');
  const show = (): void => {
    const main = document.querySelector('main');
    if (main !== null) main.className = wanted() ? 'searching' : '';
    if (!wanted()) return results.replaceChildren();
    if (data === null || index === null) return load();
    const value = (name: string): string => fields.find((field) => field.name === name)?.value.trim() ?? '';
    render(window, results, data, find(data, index, value), value('q') !== '', document.querySelector('.brand')?.href ?? '');
  };
  const load = (): void => {
    if (loading) return;
    loading = true;
    // What stands below moves out of sight at once, and not when the answer is there.
    results.className = 'waiting';
    window.policylayerCatalogue = (loaded) => {
      data = loaded as Data;
      const { servers } = data;
      index = new SearchIndex(data.tools.map(([server, name]) => ({ name, server: servers[server]?.[2] ?? '' })));
      results.className = '';
      show();
    };
    const script = document.createElement('script');
    script.setAttribute('src', form.dataset['index'] ?? '');
    document.head.append(script);
  };
  let timer = 0;
  const changed = (): void => {
    window.clearTimeout(timer);
    timer = window.setTimeout(() => {
      const query = new URLSearchParams(fields.map((field) => [field.name, field.value.trim()] as [string, string]).filter(([, value]) => value !== ''));
      window.history.replaceState(null, '', `${window.location.pathname}${query.size > 0 ? `?${query.toString()}` : ''}`);
      show();
    }, 120);
  };
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    changed();
  });
  form.addEventListener('input', changed);
  show();
}

interface Found {
  readonly tools: readonly Tool[];
  readonly complete: boolean;
}

function find(data: Data, index: SearchIndex, value: (name: string) => string): Found {
  const { facets, servers, tools } = data;
  const text = value('q');
  const found = text === '' ? { rows: tools.map((_, row) => row).sort((a, b) => severity(tools[b]) - severity(tools[a])), complete: true } : index.search(text);
  const is = (name: Facet, position: number): boolean => value(name) === '' || facets[name].indexOf(value(name)) === position;
  const has = (name: Facet, bits: number): boolean => value(name) === '' || Math.floor(bits / 2 ** facets[name].indexOf(value(name))) % 2 === 1;
  const kept = found.rows.map((row) => tools[row]).filter((tool) => tool !== undefined).filter(([server, , , code, signals, findings]) =>
    is('category', Math.floor(code / 100)) && is('risk', Math.floor(code / 10) % 10) && is('confidence', code % 10) && has('signal', signals) && has('finding', findings)
    && (value('server') === '' || servers[server]?.[0] === value('server')));
  return { tools: kept, complete: found.complete };
}

/** Risk first, then category. */
function severity(tool: Tool | undefined): number {
  const code = tool?.[3] ?? 0;
  return (Math.floor(code / 10) % 10) * 10 + Math.floor(code / 100);
}

function render(window: Window, results: Element, data: Data, found: Found, ranked: boolean, home: string): void {
  const { document } = window;
  const make = (tag: string, className: string, ...children: (Element | string)[]): Element => {
    const element = document.createElement(tag);
    if (className !== '') element.className = className;
    element.append(...children);
    return element;
  };
  const base = home.replace(/index\.html$/, '');
  const count = found.tools.length;
  const outcome = count === 0 ? 'Nothing was found. Try fewer words, or a word for what the tool does.'
    : `${count} ${count === 1 ? 'tool' : 'tools'}${found.complete ? (ranked ? ', best match first' : ', most severe first') : ' with some of these words'}${count > SHOWN ? `; the first ${SHOWN} are shown` : ''}`;
  const rows = found.tools.slice(0, SHOWN).map(([at, name, segment, code]) => {
    const [id = '', serverName = ''] = data.servers[at] ?? [];
    const category = data.facets.category[Math.floor(code / 100)] ?? '';
    const level = Math.floor(code / 10) % 10;
    const risk = data.facets.risk[level] ?? '';
    const link = make('a', 'name', make('bdi', '', name));
    link.href = `${base}${id}/${segment === 0 ? name : segment}.html`;
    const cell = make('th', '', link, make('small', '', make('bdi', '', serverName)));
    cell.setAttribute('scope', 'row');
    return make('tr', '', cell, make('td', '', make('span', `cat c-${category}`, category)), make('td', '', make('span', `risk r-${risk}`, scale(window, level), risk)), make('td', 'wide', data.facets.confidence[code % 10] ?? ''));
  });
  const head = make('thead', '', make('tr', '', ...['Tool', 'Category', 'Risk', 'Confidence'].map((text, column) => {
    const cell = make('th', column === 3 ? 'wide' : '', text);
    cell.setAttribute('scope', 'col');
    return cell;
  })));
  const said = make('p', 'outcome', outcome);
  if (rows.length === 0) results.replaceChildren(said);
  else results.replaceChildren(said, make('table', 'tools', head, make('tbody', '', ...rows)));
}

const SVG = 'http://www.w3.org/2000/svg';

function scale({ document }: Window, level: number): Element {
  const svg = document.createElementNS(SVG, 'svg');
  for (const [name, value] of [['class', 'scale'], ['viewBox', '0 0 18 12'], ['width', '18'], ['height', '12'], ['aria-hidden', 'true']] as const) svg.setAttribute(name, value);
  for (let bar = 0; bar < 4; bar += 1) {
    const rect = document.createElementNS(SVG, 'rect');
    for (const [name, value] of [['x', bar * 5], ['y', 9 - bar * 3], ['width', 3], ['height', 3 + bar * 3], ['rx', 1]] as const) rect.setAttribute(name, String(value));
    if (bar > level) rect.setAttribute('class', 'off');
    svg.append(rect);
  }
  return svg;
}
