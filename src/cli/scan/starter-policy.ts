import { printable } from '../../policy/printable.ts';
import type { ToolSummary } from './tool-summary.ts';

/** Words that YAML reads as something other than text. */
const YAML_WORDS = new Set(['true', 'false', 'null', 'True', 'False', 'Null', 'TRUE', 'FALSE', 'NULL', 'y', 'n', 'yes', 'no', 'on', 'off']);

/**
 * A policy that names every tool and allows none. The operator turns `deny` into `allow` line by line: nothing becomes callable by
 * accident, and a tool that the server adds later is denied as well.
 * @param origin what was scanned, for the heading
 */
export function starterPolicy(tools: readonly ToolSummary[], origin: string): string {
  const lines = [
    `# A starting point, written by \`policylayer scan\` for ${printable(origin, 100)}.`,
    '#',
    '# Every tool is denied. Read what each one does, then change `deny` to `allow` for',
    '# the tools that the agent needs. Other values: `hide` (the agent never sees the',
    '# tool), or `{ rate_limit: 10/minute }` (allowed, ten times a minute).',
    '#',
    '# What a server says about its own tools is not checked by anything.',
    '',
    'version: "1"',
    'default: deny                # for tools that are not named here, also future ones',
    tools.some((tool) => isNameable(tool.name)) ? 'tools:' : 'tools: {}',
  ];
  const seen = new Set<string>();
  for (const tool of tools) {
    const says = comment(tool);
    if (!isNameable(tool.name)) {
      lines.push(`  # ${printable(tool.name, 128)}: stays denied by the default; a selector of this text would match other tools${says}`);
    } else if (!seen.has(tool.name)) {
      lines.push(`  ${key(tool.name)}: deny${says}`);
    }
    seen.add(tool.name);
  }
  return `${lines.join('\n')}\n`;
}

/** False for a name that the language would read as a glob or as a class of tools. */
function isNameable(name: string): boolean {
  return name !== '' && !/\p{Cs}/u.test(name) && !name.includes('*') && name.length <= 2048 && !name.startsWith('@');
}

/** The name as a YAML key: plain where YAML allows it, else a quoted text in which every control character is escaped. */
function key(name: string): string {
  if (/^[A-Za-z_][A-Za-z0-9_./-]*$/.test(name) && !YAML_WORDS.has(name)) return name;
  return JSON.stringify(name).replace(/[\u007f-\u009f\u2028\u2029\ufeff]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function comment(tool: ToolSummary): string {
  const amount = tool.parameters.length;
  const parts = [amount === 0 ? 'no parameters' : amount === 1 ? '1 parameter' : `${amount} parameters`];
  if (tool.hints.readOnly === true) parts.push('says it only reads');
  if (tool.hints.destructive === true) parts.push('says it can destroy');
  const text = (tool.description ?? tool.title ?? '').trim().split(/\r\n|[\n\r\u2028\u2029]/)[0] ?? '';
  if (text !== '') parts.push(printable(text, 80));
  return `  # ${parts.join('; ')}`;
}
