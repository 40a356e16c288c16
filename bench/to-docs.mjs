/** Puts the figures of results/latest.json into docs/performance.md, between its two marks. Run it after a full bench: node bench/to-docs.mjs */
import { readFileSync, writeFileSync } from 'node:fs';
import { figure, spread } from './lib/table.mjs';

const BEGIN = '<!-- figures: written by bench/to-docs.mjs -->';
const END = '<!-- end of figures -->';
const doc = new URL('../docs/performance.md', import.meta.url);
const { at, machine, seconds, budgets, failures, wrong, results } = JSON.parse(readFileSync(new URL('./results/latest.json', import.meta.url), 'utf8'));

const row = (cells) => `| ${cells.map((cell) => (typeof cell === 'number' ? figure(cell) : (cell ?? '–'))).join(' | ')} |`;
const markdown = (title, head, rows) => [`### ${title}`, '', row(head), row(head.map(() => '---')), ...rows.map(row), ''].join('\n');

const throughput = (title, levels) =>
  markdown(
    title,
    ['contender', 'c', 'calls/s', 'p50 ms', 'p99 ms', 'CPU µs per call', 'of its children', 'CPU × bare'],
    levels.flatMap(({ connections, contenders }) =>
      contenders.map((s) => [s.name, String(connections), s.rate?.median, s.p50?.median, s.p99?.median, s.cpuUs?.median, s.childUs?.median > 0.5 ? s.childUs.median : null, s.cpuRatio === null ? null : spread(s.cpuRatio)]),
    ),
  );
const large = (title, contenders) =>
  markdown(title, ['contender', 'messages/s', 'p50 ms', 'CPU ms per message', 'CPU × bare', 'RSS MB'], contenders.map((s) => [s.name, s.rate?.median, s.p50?.median, s.cpuUs?.median / 1000, s.cpuRatio === null ? null : spread(s.cpuRatio), s.rssMb]));
const idle = (title, contenders) =>
  markdown(title, ['contender', 'KB per session', 'processes per session', 'MB of these'], contenders.map((s) => [s.name, s.kbPerSession, s.childrenPerSession, s.childKbPerSession / 1024]));

const [exact, mixed] = results.decide.inProcess ?? [];
const parts = [
  `Measured ${at.slice(0, 10)} at commit ${machine.commit}${machine.dirty ? ' with uncommitted changes' : ''}: Node ${machine.node.slice(1)}, ${machine.cpus} CPUs, load average ${machine.loadAtStart} before and ${machine.loadAtEnd} after, ${seconds} s. ${wrong.length === 0 ? 'Every answer was right.' : `${wrong.length} stretches had wrong answers.`}${failures.length === 0 ? '' : ` Left out: ${failures.map(({ name, where }) => `${name} (${where})`).join(', ')}.`}\n`,
  markdown('Budgets', ['budget', 'limit', 'measured', 'met'], budgets.map(({ what, limit, measured, met }) => [what, limit, measured, met === null ? 'not measured' : met ? 'yes' : '**no**'])),
  throughput('HTTP → HTTP, legacy era', results.http),
  throughput('HTTP → HTTP, modern era', results.modern),
  throughput('HTTP → stdio', results.bridge),
  throughput('stdio → stdio', results.stdio),
  markdown(
    'Start-up over stdio, CPU ms from spawn',
    ['contender', 'to `initialize`', 'to the first call', 'very first start', 'later than the bare relay'],
    results.start.map((s) => [s.name, s.initializeMs.median, s.firstCallMs.median, s.firstStartMs, s.overRelayMs === null ? null : spread(s.overRelayMs)]),
  ),
  idle('Idle sessions, HTTP upstream', results.idle.http),
  idle('Idle sessions, stdio upstream', results.idle.stdio),
  exact === undefined
    ? ''
    : markdown(
        'A decision in process, ns',
        ['rules', 'exact names: known', 'new', 'half globs: known', 'new', 'load, ms'],
        exact.sizes.map((size, i) => [String(size.rules), size.knownNs.median, size.newNs.median, mixed.sizes[i].knownNs.median, mixed.sizes[i].newNs.median, mixed.sizes[i].loadMs]),
      ),
  results.decide.gateway === null ? '' : markdown('The same call through the gateway, by size of the policy', ['policy', 'CPU µs per call', '× 10 rules'], results.decide.gateway.map((s) => [s.name, s.cpuUs?.median, s.cpuRatio === null ? null : spread(s.cpuRatio)])),
  results.guards === undefined
    ? ''
    : `${markdown('A decision with a glob, a condition and an argument schema', ['rules', 'CPU µs', 'load, ms'], results.guards.sizes.map((size) => [String(size.rules), spread(size.decideUs), size.loadMs]))}
${markdown('Decide and reserve together', ['limits', 'journal row', 'calls a transaction', 'CPU µs per call'], results.guards.reserve.map(({ what, batch, row, us }) => [what, row ? 'with' : 'without', String(batch), spread(us)]))}`,
  large('tools/list of 600 KB over HTTP', results.large.listHttp),
  large('Results of 8 MB over HTTP', results.large.blobHttp),
  large('tools/list of 600 KB over stdio', results.large.listStdio),
  large('Results of 8 MB over stdio', results.large.blobStdio),
  results.large.listEdited === undefined ? '' : large('tools/list of 600 KB over stdio, 100 tools hidden', results.large.listEdited),
];

const text = readFileSync(doc, 'utf8');
const from = text.indexOf(BEGIN);
const to = text.indexOf(END);
if (from < 0 || to < from) throw new Error(`docs/performance.md has lost its marks: ${BEGIN} and ${END}`);
writeFileSync(doc, `${text.slice(0, from + BEGIN.length)}\n\n${parts.filter((part) => part !== '').join('\n')}\n${text.slice(to)}`.replaceAll('\n\n\n', '\n\n'));
