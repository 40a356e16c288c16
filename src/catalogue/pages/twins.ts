import { whatItDoes, whyPolicy } from './explain.ts';
import type { Links } from './links.ts';
import type { Question } from './questions.ts';
import type { ReadyRule } from '../starter/index.ts';
import { countBy, serverName, type ServerEntry, type ToolEntry } from './site.ts';

/** Where a thing has its page and its JSON; absolute where the catalogue's own address is known. */
function addresses(id: string, links: Links): object {
  return { id, url: links.absolute(id) ?? links.page(id), json: links.data(id) };
}

/** A tool as it stands in lists. */
export function toolTwin({ id, tool, server }: ToolEntry, links: Links): object {
  const { category, risk, confidence, signals, findings } = tool.classification;
  return {
    name: tool.name, server: server.record.slug, category, risk, confidence, signals, findings,
    parameters: tool.parameters.length, required: tool.parameters.filter(({ required }) => required).length, ...addresses(id, links),
  };
}

/** A server as it stands in lists. */
export function serverTwin(server: ServerEntry, links: Links): object {
  const { record } = server;
  return {
    slug: record.slug, name: serverName(server), package: record.package, scannedOn: record.scannedOn, tools: server.tools.length,
    byCategory: Object.fromEntries(countBy(server.tools, 'category')), byRisk: Object.fromEntries(countBy(server.tools, 'risk')), bytes: record.bytes, approximateTokens: record.approximateTokens,
    ...addresses(server.id, links),
  };
}

/** Everything the page of a tool says. */
export function wholeToolTwin(entry: ToolEntry, links: Links, rules: readonly ReadyRule[], asked: readonly Question[]): object {
  const { id, tool, server } = entry;
  const { classification, parameters, ...facts } = tool;
  return {
    kind: 'tool',
    ...addresses(id, links),
    server: { slug: server.record.slug, name: serverName(server), package: server.record.package, scannedOn: server.record.scannedOn, url: links.absolute(server.id) ?? links.page(server.id) },
    ...facts,
    parameters: { count: parameters.length, required: parameters.filter(({ required }) => required).length, list: parameters },
    ...classification,
    does: whatItDoes(tool),
    why: whyPolicy(tool),
    rules,
    questions: asked.map(({ question, answer }) => ({ question, answer: answer.join(' ') })),
  };
}
