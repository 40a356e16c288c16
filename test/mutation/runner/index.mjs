/**
 * A test runner for Stryker that keeps one process. The modules under test are loaded once, mutants are switched while they are
 * loaded (Stryker's instrumented code asks a global at run time), and test files are evaluated anew for every mutant, so that nothing
 * a test file remembers outlives a mutant.
 *
 * Honest results need three more things:
 * - A mutant that a test kills is only killed if that test then passes without the mutant. If it does not, the mutant spoilt something
 *   that the modules remember: they are evaluated anew and the mutant is tested again.
 * - A static mutant (its code runs only while a module is loaded) gets modules that are evaluated with it active.
 * - Tests that take long are left out (and said), and properties are tried with few examples; both can only lower the score.
 */
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { PluginKind, commonTokens, declareFactoryPlugin, tokens } from '@stryker-mutator/api/plugin';
import { DryRunStatus, TestStatus, determineHitLimitReached, toMutantRunResult } from '@stryker-mutator/api/test-runner';
import * as fastCheck from 'fast-check';
import { collect, vitest } from './dsl.mjs';
import { Modules } from './modules.mjs';
import { ENOUGH, close, runUnit, unitsOf } from './units.mjs';

const NAMESPACE = '__stryker__';
/** What the dry run found: Stryker starts this process anew after a timeout. */
const REMEMBERED = '.one-process.json';
/** Which tests take too long, found by the first part of a run (run.mjs gives all parts one temporary folder). */
const LEFT_OUT = join(tmpdir(), 'left-out.json');

class OneProcessRunner {
  #log;
  #settings;
  #modules;
  #files = [];
  /** Units that take too long. */
  #left = new Set();
  /** Units that an earlier part measured. */
  #measured = new Set();
  /** Units that end after their property, because they count its examples then. */
  #cut = new Set();
  #unit = '';
  /** Mutants whose code runs while a module is loaded and never else. */
  #static = new Set();
  #atLoad = {};
  /** What a unit costs; `longestMs` is of one of its tests. */
  #whole = new Map();
  #failure = null;
  /** What killed how often, and what it cost: files and units. */
  #worth = new Map();
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
    this.#modules = new Modules(resolve('.transformed'), { vitest, 'fast-check': fewExamples(this.#settings.examples, () => this.#cut.has(this.#unit)) });
    this.#files = this.#settings.tests.flatMap((folder) => filesIn(resolve(folder), '.test.ts')).filter((file) => !this.#settings.slow.some((word) => file.includes(word)));
    process.on('unhandledRejection', (error) => this.#stray.push(error));
    process.on('uncaughtException', (error) => this.#stray.push(error));
    if (existsSync(REMEMBERED)) {
      const { left, cut, static: fixed } = JSON.parse(readFileSync(REMEMBERED, 'utf8'));
      this.#left = new Set(left);
      this.#cut = new Set(cut);
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
    const root = await collect('', async () => await this.#modules.again(file));
    return unitsOf(root, relative('.', file), isShared(readFileSync(file, 'utf8')));
  }

  /** A first run warms up and finds what takes too long; it is no part of the dry run, by whose time Stryker measures its timeouts. */
  async #warmUp() {
    const space = globalThis[NAMESPACE];
    const begin = performance.now();
    await this.#loadAll();
    const atLoad = space.mutantCoverage.static;
    const spent = performance.now() - begin;
    if (existsSync(LEFT_OUT)) {
      const { left, cut, measured } = JSON.parse(readFileSync(LEFT_OUT, 'utf8'));
      this.#left = new Set(left);
      this.#cut = new Set(cut);
      this.#measured = new Set(measured);
    }
    const cold = new Map();
    this.#failure = await this.#runEverything(cold, this.#measured);
    for (const [id, time] of cold) if (time > 5 * this.#longest(id)) this.#leaveOut(id, time);
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
      if (!this.#measured.has(id) && spent > this.#longest(id)) {
        this.#leaveOut(id, spent);
        continue;
      }
      tests.push({ id, name: id, fileName: resolve(id.split('#')[0]), status: TestStatus.Success, timeSpentMs: Math.max(1, Math.round(this.#whole.get(id) ?? 0)) });
      coverage.perTest[id] = space.mutantCoverage.perTest[id] ?? {};
    }
    this.#addStatic(coverage);
    writeFileSync(LEFT_OUT, JSON.stringify({ left: [...this.#left], cut: [...this.#cut], measured: [...this.#measured, ...times.keys()] }));
    writeFileSync(REMEMBERED, JSON.stringify({ left: [...this.#left], cut: [...this.#cut], static: [...this.#static] }));
    this.#log.info(`${tests.length} tests, ${Math.round([...this.#whole.values()].reduce((sum, one) => sum + one, 0))} ms; ${this.#left.size} left out; ${this.#static.size} static mutants`);
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

  /** A table is one test here, of twenty cases. */
  #longest(id) {
    return this.#settings.longestMs * (id.startsWith('test/mutation/') ? 10 : 1);
  }

  #leaveOut(id, spent) {
    this.#log.info(`left out, ${Math.round(spent)} ms: ${id}`);
    this.#left.add(id);
  }

  async #runEverything(times, but = new Set()) {
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
        if (this.#left.has(id) || but.has(id) || this.#settings.slow.some((word) => id.includes(word))) continue;
        const begin = processorTime();
        space.currentTestId = id;
        let error = await this.#run(id, tests, opened);
        if (error !== null && !this.#cut.has(id)) {
          this.#cut.add(id);
          error = await this.#run(id, tests, opened);
        }
        space.currentTestId = undefined;
        const spent = processorTime() - begin;
        this.#whole.set(id, spent);
        times.set(id, spent / tests.length);
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
    for (let anew = false; ; ) {
      const { passes, killer, result } = await this.#test(id, testFilter.filter((test) => !this.#left.has(test)), hitLimit);
      if (passes) {
        this.#clean = !anew;
        return result;
      }
      if (anew) {
        this.#log.warn(`fails without a mutant too, and is left out from here on: ${killer}`);
        this.#left.add(killer);
      } else this.#log.info(`mutant ${id} spoilt what the modules remember: tested again on new ones`);
      anew = true;
      await this.#loadAll();
    }
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

  async #run(id, tests, opened) {
    this.#unit = id;
    return await runUnit(tests, opened);
  }

  /** Whether a unit passes without a mutant. Tests that share what they made need a file that is evaluated anew. */
  async #passes(id, tests, opened) {
    globalThis[NAMESPACE].activeMutant = undefined;
    const file = resolve(id.split('#')[0]);
    if (!isShared(readFileSync(file, 'utf8'))) return await this.#run(id, tests, opened) === null;
    const others = new Set();
    try {
      const again = (await this.#unitsIn(file)).get(id);
      return again !== undefined && await this.#run(id, again, others) === null;
    } catch {
      return false;
    } finally {
      await close(others);
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
    let passes = true;
    for (const file of this.#byWorth([...wanted.keys()])) {
      const begin = processorTime();
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
      for (const id of this.#byWorth([...wanted.get(file)])) {
        const tests = units.get(id);
        const start = processorTime();
        // A static mutant may change which tests there are.
        const error = tests === undefined ? new Error('the test is not there') : await this.#run(id, tests, opened);
        this.#note(id, error !== null, processorTime() - start);
        if (error === null) {
          ran.push({ id, name: id, status: TestStatus.Success, timeSpentMs: 0 });
          continue;
        }
        ran.push(failed(id, error));
        killer = id;
        passes = isStatic || await this.#passes(id, tests, opened);
        break;
      }
      await close(opened);
      this.#note(file, killer !== undefined, processorTime() - begin);
      if (killer !== undefined) break;
    }
    space.activeMutant = undefined;
    await new Promise((done) => setImmediate(done));
    const late = determineHitLimitReached(space.hitCount, hitLimit);
    if (late === undefined && killer === undefined && this.#stray.length > 0) {
      return { passes, killer, result: toMutantRunResult({ status: DryRunStatus.Error, errorMessage: `outside of a test: ${String(this.#stray[0])}` }) };
    }
    return { passes, killer, result: toMutantRunResult(late ?? { status: DryRunStatus.Complete, tests: ran }, false) };
  }

  #note(what, killed, cost) {
    const { kills, spent } = this.#worth.get(what) ?? { kills: 1, spent: 5 };
    this.#worth.set(what, { kills: kills + (killed ? 1 : 0), spent: spent + cost });
  }

  /** What kills most for its time comes first. */
  #byWorth(all) {
    const worth = (what) => {
      const { kills, spent } = this.#worth.get(what) ?? { kills: 1, spent: 5 };
      return kills / spent;
    };
    return all.map((what) => ({ what, worth: worth(what) })).sort((a, b) => b.worth - a.worth).map(({ what }) => what);
  }

  async dispose() {}
}

/** Properties with few examples, which are the same every time. */
function fewExamples(most, endsThere) {
  const assert = (property, parameters = {}) => {
    const ran = fastCheck.assert(property, { ...parameters, numRuns: Math.min(parameters.numRuns ?? most, most), seed: 20261122 });
    if (!endsThere()) return ran;
    if (ran === undefined) throw ENOUGH;
    return ran.then(() => { throw ENOUGH; });
  };
  const own = { ...fastCheck.default, assert };
  return { ...fastCheck, ...own, default: own };
}

function isShared(source) {
  return source.includes('??=') || source.includes('beforeAll(');
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
