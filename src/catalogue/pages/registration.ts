import type { ServerEntry } from './site.ts';

/** A name that gateway.yaml takes for a server: what the package is called, without scope and wrapping. */
export function configName({ record }: ServerEntry): string {
  const name = record.slug.toLowerCase().replace(/[^a-z0-9._-]+/g, '-').replace(/^[^a-z0-9]+/, '').slice(0, 64);
  return name === '' ? 'server' : name;
}

/** The usual command that starts a package at the scanned version, as a list. */
export function startCommand({ record }: ServerEntry): readonly string[] {
  const { registry, name, version } = record.package;
  return registry === 'npm' ? ['npx', '-y', `${name}@${version}`] : ['uvx', `${name}@${version}`];
}

/** Lines for gateway.yaml that register a server with its policy and one grant. Every text is JSON, which is YAML. */
export function registration(server: ServerEntry): string {
  const name = configName(server);
  return [
    'servers:',
    `  ${JSON.stringify(name)}:`,
    `    command: [${startCommand(server).map((word) => JSON.stringify(word)).join(', ')}]`,
    'policies:',
    `  ${JSON.stringify(name)}: ${JSON.stringify(`./${name}.policy.yaml`)}`,
    'grants:',
    '  - label: my-agent',
    `    server: ${JSON.stringify(name)}`,
    `    policies: [${JSON.stringify(name)}]`,
    '',
  ].join('\n');
}

/** A line for a shell that wraps the server for one client. */
export function wrapLine(server: ServerEntry): string {
  return `policylayer run --policy ${configName(server)}.policy.yaml -- ${startCommand(server).map((word) => (/^[A-Za-z0-9@%+=:,./_-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)).join(' ')}`;
}
