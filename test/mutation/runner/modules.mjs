/** Loads TypeScript modules into this process, so that a mutant costs no new process and, unless it is static, no new import. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { runInThisContext } from 'node:vm';
import { transform } from 'esbuild';
import { moduleRunnerTransform } from 'vite';

const PARAMETERS = '__vite_ssr_exports__, __vite_ssr_import_meta__, __vite_ssr_import__, __vite_ssr_dynamic_import__, __vite_ssr_exportAll__, __vite_ssr_exportName__';

export class Modules {
  #cacheFolder;
  #given;
  #compiled = new Map();
  #loaded = new Map();

  /** @param given modules that replace what a bare specifier names, e.g. `vitest` */
  constructor(cacheFolder, given) {
    this.#cacheFolder = cacheFolder;
    this.#given = given;
    mkdirSync(cacheFolder, { recursive: true });
  }

  /** The exports of a file; the second time those of the first. */
  async load(path) {
    const known = this.#loaded.get(path);
    // A module that is still being evaluated is given as far as it is: its importer is part of a cycle.
    if (known !== undefined) {
      if (!known.evaluating) await known.done;
      return known.exports;
    }
    const entry = { exports: newExports(), evaluating: false, done: Promise.resolve() };
    this.#loaded.set(path, entry);
    entry.done = this.#evaluate(path, entry.exports, entry);
    await entry.done;
    return entry.exports;
  }

  /** The exports of a file that is evaluated anew, on the modules that are loaded. */
  async again(path) {
    const exports = newExports();
    await this.#evaluate(path, exports, {});
    return exports;
  }

  /** Everything is evaluated anew when it is next asked for. */
  forget() {
    this.#loaded.clear();
  }

  async #evaluate(path, exports, entry) {
    const run = await this.#compile(path);
    const importing = (specifier) => this.#import(specifier, path);
    entry.evaluating = true;
    const all = (from) => { for (const name of Object.keys(from)) if (name !== 'default' && !(name in exports)) named(name, () => from[name]); };
    const named = (name, get) => Object.defineProperty(exports, name, { enumerable: true, configurable: true, get });
    const url = pathToFileURL(path).href;
    await run(exports, { url, filename: path, dirname: dirname(path), resolve: (to) => new URL(to, url).href }, importing, importing, all, named);
    entry.evaluating = false;
  }

  async #import(specifier, from) {
    if (/^(?:\.|\/|file:)/.test(specifier)) {
      const path = specifier.startsWith('file:') ? fileURLToPath(specifier) : resolve(dirname(from), specifier);
      return path.startsWith(process.cwd()) && !path.endsWith('.ts') ? await import(pathToFileURL(path).href) : await this.load(path);
    }
    const given = this.#given[specifier];
    if (given !== undefined) return given;
    if (/^(?:node|data):/.test(specifier)) return await import(specifier);
    return await import(specifier).catch(async () => await import(pathToFileURL(createRequire(from).resolve(specifier)).href));
  }

  async #compile(path) {
    const known = this.#compiled.get(path);
    if (known !== undefined) return known;
    const source = readFileSync(path, 'utf8');
    const cached = join(this.#cacheFolder, `${createHash('sha256').update(source).digest('hex')}.js`);
    if (!existsSync(cached)) {
      const { code } = await transform(source, { loader: 'ts', format: 'esm', target: 'node20', tsconfigRaw: { compilerOptions: { verbatimModuleSyntax: true } } });
      writeFileSync(cached, (await moduleRunnerTransform(code, null, path, code)).code);
    }
    const run = runInThisContext(`(async function (${PARAMETERS}) {"use strict";\n${readFileSync(cached, 'utf8')}\n})`, { filename: path });
    this.#compiled.set(path, run);
    return run;
  }
}

function newExports() {
  return Object.defineProperty(Object.create(null), Symbol.toStringTag, { value: 'Module' });
}
