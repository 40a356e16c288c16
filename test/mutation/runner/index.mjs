/**
 * A test runner for Stryker that keeps one process. The modules under test are loaded once, mutants are switched while they are
 * loaded (Stryker's instrumented code asks a global at run time), and test files are evaluated anew for every mutant, so that nothing
 * a test file remembers outlives a mutant.
 *
 * Honest results need three more things:
 * - A mutant that a test kills is only killed if that test then passes without the mutant. If it does not, the mutant spoilt something
 *   that the modules remember: they are evaluated anew and the mutant is tested again.
 * - A static mutant (its code runs only while a module is loaded) gets modules that are evaluated with it active.
 * - Tests that take long are left out (and said); that can only lower the score.
 */
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { PluginKind, commonTokens, declareFactoryPlugin, tokens } from '@stryker-mutator/api/plugin';
import { DryRunStatus, TestStatus, determineHitLimitReached, toMutantRunResult } from '@stryker-mutator/api/test-runner';
import fc from 'fast-check';
import { collect, vitest } from './dsl.mjs';
import { Modules } from './modules.mjs';
import { close, runUnit, unitsOf } from './units.mjs';

const NAMESPACE = '__stryker__';
/** What the dry run found: Stryker starts this process anew after a timeout. */
const REMEMBERED = '.one-process.json';

class OneProcessRunner {
  #log;
  #settings;
  #modules;
  #files = [];
  /** Units that take too long. */
  #left = new Set();
  /** Mutants whose code runs while a module is loaded and never else. */
  #static = new Set();
  #atLoad = {};
  #failure = null;
  #kills = new Map();
  #stray = [];
  #clean = false;

  constructor(options, log) {
    this.#log = log;
    this.#settings = options.oneProcess;
  }

  capabilities() {
    return { reloadEnvironment: true };
  }

  async init() {
    process.env.NODE_ENV = 'test';
    process.env.VITEST = '1';
    globalThis[NAMESPACE] ??= {};
    // Instrumented modules keep the object that they find first.
    globalThis[NAMESPACE].mutantCoverage = { static: {}, perTest: {} };
    // Properties that are quick enough to take part find the same things every time.
    fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: 20261122 });
    this.#modules = new Modules(resolve('.transformed'), { vitest });
    this.#files = this.#settings.tests.flatMap((folder) => filesIn(resolve(folder), '.test.ts')).filter((file) => !this.#settings.slow.some((word) => file.includes(word)));
    process.on('unhandledRejection', (error) => this.#stray.push(error));
    process.on('uncaughtException', (error) => this.#stray.push(error));
    if (existsSync(REMEMBERED)) {
      const { left, static: fixed } = JSON.parse(readFileSync(REMEMBERED, 'utf8'));
      this.#left = new Set(left);
      this.#static = new Set(fixed);
    } else this.#atLoad = await this.#warmUp();
  }

  async #loadAll() {
    this.#modules.forget();
    for (const folder of this.#settings.sources) for (const file of filesIn(resolve(folder), '.ts')) await this.#modules.load(file);
    this.#clean = true;
  }

  /** Evaluates a test file and gives its units; what its own code covers is of no test. */
  async #unitsIn(file) {
    const source = readFileSync(file, 'utf8');
    const shared = source.includes('??=') || source.includes('beforeAll(');
    const root = await collect('', async () => await this.#modules.again(file));
    return unitsOf(root, relative('.', file), shared);
  }

  /** A first run warms up and finds what takes too long; it is no part of the dry run, by whose time Stryker measures its timeouts. */
  async #warmUp() {
    const space = globalThis[NAMESPACE];
    const begin = performance.now();
    await this.#loadAll();
    const atLoad = space.mutantCoverage.static;
    const spent = performance.now() - begin;
    const cold = new Map();
    this.#failure = await this.#runEverything(cold);
    for (const [id, time] of cold) if (time > 5 * this.#settings.longestMs) this.#leaveOut(id, time);
    const again = performance.now();
    await this.#loadAll();
    this.#log.info(`loading the modules: ${Math.round(spent)} ms, then ${Math.round(performance.now() - again)} ms`);
    return atLoad;
  }

  async dryRun() {
    const space = globalThis[NAMESPACE];
    if (this.#failure !== null) return { status: DryRunStatus.Error, errorMessage: this.#failure };
    space.mutantCoverage.perTest = {};
    const times = new Map();
    const failure = await this.#runEverything(times);
    if (failure !== null) return { status: DryRunStatus.Error, errorMessage: failure };
    const tests = [];
    const coverage = { static: {}, perTest: {} };
    for (const [id, spent] of times) {
      if (spent > this.#settings.longestMs) {
        this.#leaveOut(id, spent);
        continue;
      }
      tests.push({ id, name: id, fileName: resolve(id.split('#')[0]), status: TestStatus.Success, timeSpentMs: Math.max(1, Math.round(spent)) });
      coverage.perTest[id] = space.mutantCoverage.perTest[id] ?? {};
    }
    this.#addStatic(coverage);
    writeFileSync(REMEMBERED, JSON.stringify({ left: [...this.#left], static: [...this.#static] }));
    this.#log.info(`${tests.length} tests, ${Math.round([...times.values()].reduce((sum, one) => sum + one, 0))} ms; ${this.#left.size} left out; ${this.#static.size} static mutants`);
    return { status: DryRunStatus.Complete, tests, mutantCoverage: coverage };
  }

  /**
   * What runs at load time and in tests is tested in the tests, as `ignoreStatic` does. What runs at load time alone is tested, on
   * modules that were evaluated with it, by the tests that reach anything of its file; by all where none does.
   */
  #addStatic(coverage) {
    const reached = new Set(Object.values(coverage.perTest).flatMap((one) => Object.keys(one)));
    for (const folder of this.#settings.sources) {
      for (const file of filesIn(resolve(folder), '.ts')) {
        const ids = [...readFileSync(file, 'utf8').matchAll(/stryMutAct_9fa48\("(\d+)"\)/g)].map(([, id]) => id);
        const fixed = ids.filter((id) => !reached.has(id) && this.#atLoad[id] !== undefined);
        if (fixed.length === 0) continue;
        const own = Object.values(coverage.perTest).filter((one) => ids.some((id) => one[id] !== undefined));
        for (const id of fixed) {
          this.#static.add(id);
          for (const one of own.length === 0 ? Object.values(coverage.perTest) : own) one[id] = 1;
        }
      }
    }
  }

  #leaveOut(id, spent) {
    this.#log.info(`left out, ${Math.round(spent)} ms: ${id}`);
    this.#left.add(id);
  }

  async #runEverything(times) {
    const space = globalThis[NAMESPACE];
    const failures = [];
    space.activeMutant = undefined;
    for (const file of this.#files) {
      let units;
      try {
        units = await this.#unitsIn(file);
      } catch (error) {
        failures.push(`${file}: ${error?.stack ?? error}`);
        continue;
      }
      const opened = new Set();
      for (const [id, tests] of units) {
        if (this.#left.has(id)) continue;
        const begin = processorTime();
        space.currentTestId = id;
        const error = await runUnit(tests, opened);
        space.currentTestId = undefined;
        times.set(id, processorTime() - begin);
        if (error !== null) failures.push(`${id}: ${error?.stack ?? error}`);
      }
      await close(opened);
    }
    failures.push(...this.#stray.map((error) => `outside of a test: ${error?.stack ?? error}`));
    return failures.length === 0 ? null : failures.join('\n');
  }

  async mutantRun({ activeMutant: { id }, testFilter, hitLimit }) {
    const space = globalThis[NAMESPACE];
    if (testFilter === undefined) return toMutantRunResult({ status: DryRunStatus.Error, errorMessage: 'expected coverage analysis per test' });
    if (this.#static.has(id)) {
      const result = await this.#testStatic(id, testFilter);
      this.#clean = false;
      return result;
    }
    if (!this.#clean) {
      space.activeMutant = undefined;
      await this.#loadAll();
    }
    const first = await this.#test(id, testFilter, hitLimit);
    if (first.killer === undefined || await this.#passes(first.killer)) return first.result;
    this.#log.info(`mutant ${id} spoilt what the modules remember: tested again on new ones`);
    await this.#loadAll();
    const second = await this.#test(id, testFilter, hitLimit);
    this.#clean = false;
    return second.result;
  }

  async #testStatic(id, testFilter) {
    const space = globalThis[NAMESPACE];
    space.activeMutant = id;
    space.hitLimit = undefined;
    try {
      await this.#loadAll();
    } catch (error) {
      return toMutantRunResult({ status: DryRunStatus.Complete, tests: [failed(testFilter[0], error)] });
    }
    return (await this.#test(id, testFilter, undefined)).result;
  }

  /** Whether a unit passes without a mutant. */
  async #passes(id) {
    globalThis[NAMESPACE].activeMutant = undefined;
    const opened = new Set();
    try {
      const tests = (await this.#unitsIn(resolve(id.split('#')[0]))).get(id);
      return tests !== undefined && await runUnit(tests, opened) === null;
    } catch {
      return false;
    } finally {
      await close(opened);
    }
  }

  async #test(mutant, filter, hitLimit) {
    const space = globalThis[NAMESPACE];
    space.hitLimit = hitLimit;
    space.hitCount = 0;
    this.#stray.length = 0;
    const isStatic = this.#static.has(mutant);
    const wanted = new Map();
    for (const id of filter) {
      const file = resolve(id.split('#')[0]);
      wanted.set(file, (wanted.get(file) ?? new Set()).add(id));
    }
    const ran = [];
    let killer;
    for (const file of this.#byKills([...wanted.keys()])) {
      space.activeMutant = isStatic ? mutant : undefined;
      let units;
      try {
        units = await this.#unitsIn(file);
      } catch (error) {
        // Only with a static mutant: without one the file was evaluated before.
        ran.push(failed([...wanted.get(file)][0], error));
        break;
      }
      space.activeMutant = mutant;
      const opened = new Set();
      for (const id of wanted.get(file)) {
        const tests = units.get(id);
        // A static mutant may change which tests there are.
        const error = tests === undefined ? new Error('the test is not there') : await runUnit(tests, opened);
        if (error === null) {
          ran.push({ id, name: id, status: TestStatus.Success, timeSpentMs: 0 });
          continue;
        }
        ran.push(failed(id, error));
        killer = id;
        this.#kills.set(file, (this.#kills.get(file) ?? 0) + 1);
        break;
      }
      await close(opened);
      if (killer !== undefined) break;
    }
    space.activeMutant = undefined;
    await new Promise((done) => setImmediate(done));
    const late = determineHitLimitReached(space.hitCount, hitLimit);
    if (late === undefined && killer === undefined && this.#stray.length > 0) {
      return { killer, result: toMutantRunResult({ status: DryRunStatus.Error, errorMessage: `outside of a test: ${String(this.#stray[0])}` }) };
    }
    return { killer, result: toMutantRunResult(late ?? { status: DryRunStatus.Complete, tests: ran }, false) };
  }

  /** The files that killed most come first. */
  #byKills(files) {
    return files.toSorted((a, b) => (this.#kills.get(b) ?? 0) - (this.#kills.get(a) ?? 0));
  }

  async dispose() {}
}

/** In milliseconds, of this process: what a test costs must not hang on what else the machine does. */
function processorTime() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

function failed(id, error) {
  return { id, name: id, status: TestStatus.Failed, failureMessage: String(error?.message ?? error).slice(0, 500), timeSpentMs: 0 };
}

function filesIn(folder, ending) {
  if (folder.endsWith('.ts')) return [folder];
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith(ending) && !name.endsWith('.d.ts')).sort().map((name) => join(folder, name));
}

function create(options, log) {
  return new OneProcessRunner(options, log);
}
create.inject = tokens(commonTokens.options, commonTokens.logger);

export const strykerPlugins = [declareFactoryPlugin(PluginKind.TestRunner, 'one-process', create)];
