import type { ReadyRule } from '../starter/index.ts';
import { parameterCount, riskMove, sureness, toolName, whatItDoes } from './explain.ts';
import { serverName, type Site, type ToolEntry } from './site.ts';
import { visible } from './visible.ts';
import { counted, day, listed, RISK_WORDS, upperFirst } from './wording.ts';

export interface Question {
  readonly question: string;
  /** Paragraphs of plain text. */
  readonly answer: readonly string[];
  /** A policy that belongs to the answer, or null. */
  readonly yaml: string | null;
}

/** The questions that every tool's page answers (catalogue.md, "The case that must come out as written"). */
export function questions(site: Site, entry: ToolEntry, rules: readonly ReadyRule[]): readonly Question[] {
  const { tool, server } = entry;
  const name = toolName(tool);
  const provider = visible(serverName(server), 80);
  const { category, risk } = tool.classification;
  const rule = (kind: ReadyRule['kind']): ReadyRule | null => rules.find((one) => one.kind === kind) ?? null;
  const [recommended] = rules;
  return [
    { question: `What does ${name} do?`, answer: whatItDoes(tool), yaml: null },
    {
      question: `How do I enforce a policy on ${name}?`,
      answer: [
        `Put PolicyLayer between the agent and the server: register ${provider} in gateway.yaml, or wrap it with policylayer run. Then write a rule under the tool’s exact name, and point the client at PolicyLayer instead of the server. The rule holds on every call, and each call is recorded.`,
        ...(recommended === undefined ? [] : [`For this tool we recommend: ${recommended.title.replace(/^Recommended: /, '')}. ${recommended.why}`]),
      ],
      yaml: recommended?.yaml ?? null,
    },
    {
      question: `What risk level is ${name}?`,
      answer: [`${upperFirst(risk)}: ${RISK_WORDS[risk]}. Its category is ${category}, its most severe effect.${riskMove(tool)} ${sureness(tool)}`],
      yaml: null,
    },
    {
      question: `Can I rate-limit ${name}?`,
      answer: [rateLimitAnswer(recommended, rule('rate_limit'))],
      yaml: rule('rate_limit')?.yaml ?? (recommended?.yaml.includes('rate_limit') === true ? recommended.yaml : null),
    },
    {
      question: `How do I block ${name}?`,
      answer: ['Deny it, and the agent is told why it may not use it; or hide it, and it is absent from lists, so that the model never hears of it. With default: deny every tool that no rule names is blocked already.'],
      yaml: rule('deny')?.yaml ?? recommended?.yaml ?? null,
    },
    { question: `Which server provides ${name}?`, answer: providerAnswer(site, entry), yaml: null },
  ];
}

function rateLimitAnswer(recommended: ReadyRule | undefined, limit: ReadyRule | null): string {
  const how = 'A limit counts calls in a sliding window, per grant, session or server, in the same transaction that admits the call, so parallel calls and reconnects do not get around it. A call too many is refused and told when there is room again.';
  if (limit === null && recommended?.yaml.includes('rate_limit') !== true) return `Only together with other tools: no selector says its name exactly, so a limit would have to be written for a pattern or for all tools. ${how}`;
  return `Yes. ${how}`;
}

function providerAnswer(site: Site, { tool, server }: ToolEntry): readonly string[] {
  const { record } = server;
  const own = `${visible(serverName(server), 80)}: the ${record.package.registry === 'npm' ? 'npm' : 'PyPI'} package ${record.package.name}, version ${record.package.version}, as scanned on ${day(record.scannedOn)}. It lists ${counted(record.tools.length, 'tool')}; this one takes ${parameterCount(tool)}.`;
  const others = [...new Set((site.byName.get(tool.name) ?? []).filter((one) => one.server.record.slug !== record.slug).map((one) => one.server.record.package.name))];
  if (others.length === 0) return [own];
  const shown = others.slice(0, 5);
  return [own, `A tool of this name is also listed by ${listed(others.length > shown.length ? [...shown, `${others.length - shown.length} more`] : shown)}. A rule holds for the server that it was written for, so the same name elsewhere needs a rule of its own.`];
}
