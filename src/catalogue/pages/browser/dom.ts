/** The little of a browser that the script uses; the program itself is compiled without the types of a browser. */
export interface Element {
  textContent: string | null;
  className: string;
  href: string;
  value: string;
  type: string;
  readonly dataset: Record<string, string | undefined>;
  readonly name: string;
  append(...nodes: (Element | string)[]): void;
  replaceChildren(...nodes: (Element | string)[]): void;
  setAttribute(name: string, value: string): void;
  addEventListener(type: string, listener: (event: { preventDefault(): void }) => void): void;
  querySelector(selector: string): Element | null;
  querySelectorAll(selector: string): Iterable<Element>;
}

export interface Document {
  readonly head: Element;
  createElement(tag: string): Element;
  createElementNS(namespace: string, tag: string): Element;
  querySelector(selector: string): Element | null;
  querySelectorAll(selector: string): Iterable<Element>;
}

export interface Window {
  readonly document: Document;
  readonly location: { readonly search: string; readonly pathname: string };
  readonly history: { replaceState(data: null, title: string, address: string): void };
  readonly navigator: { readonly clipboard?: { writeText(text: string): Promise<void> } };
  setTimeout(act: () => void, ms: number): number;
  clearTimeout(timer: number): void;
  policylayerCatalogue?: (data: unknown) => void;
}
