import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { repository } from '../cli/support.ts';

interface Meta {
  readonly outputs: Readonly<Record<string, { readonly inputs: Readonly<Record<string, unknown>>; readonly imports: readonly { readonly path: string; readonly kind: string }[] }>>;
}

test.each(['src/cli/commands/run.ts', 'src/cli/commands/serve.ts', 'src/cli/bin.ts'])('%s starts without the code of the catalogue’s pages', (source) => {
  const meta = JSON.parse(readFileSync(join(repository, 'dist/meta.json'), 'utf8')) as Meta;
  const waiting = Object.entries(meta.outputs).filter(([, output]) => Object.hasOwn(output.inputs, source)).map(([name]) => name);
  expect(waiting.length).toBeGreaterThan(0);
  const loaded = new Set<string>();
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    if (loaded.has(name)) continue;
    loaded.add(name);
    // A dynamic import waits for the first visit.
    for (const { path, kind } of meta.outputs[name]?.imports ?? []) if (kind === 'import-statement') waiting.push(path);
  }
  const inputs = [...loaded].flatMap((name) => Object.keys(meta.outputs[name]?.inputs ?? {}));
  expect(inputs.filter((input) => /^src\/(?:catalogue\/(?:pages|starter)\/|control\/(?:catalogue-http|contact-form|page-reply))/.test(input))).toEqual([]);
  // `serve` builds its configuration with the control room; what answers requests of the API still waits for the first one.
  const forbidden = source.endsWith('/serve.ts') ? /^src\/control\/(?:routes|api\/(?:app|dispatch|bridge|openapi))/ : /^src\/control\/(?!catalogue-paths)/;
  expect(inputs.filter((input) => forbidden.test(input))).toEqual([]);
});
