import { type ASTNode, Environment } from '@marcbachmann/cel-js';
import type { Expr, MacroName, Select } from './ast.ts';
import { DEEPEST, LONGEST_SOURCE, MOST_NODES } from './limits.ts';
import { parserProblem } from './library-problem.ts';
import { literalOf } from './literal.ts';
import type { CelProblem } from './types.ts';
import { isVariable, TYPE_NAMES } from './variables.ts';

export interface Parsed {
  /** Null when the text cannot be read at all. */
  readonly expr: Expr | null;
  readonly problems: readonly CelProblem[];
}

const MACROS: readonly string[] = ['all', 'exists', 'exists_one', 'map', 'filter'];

/**
 * The library only parses. Its evaluator reads members of prototypes, its `matches` backtracks, and its type checker stops at the first
 * problem, knows no schema and gets `duration + timestamp` wrong; check.ts and compile.ts stand in their place. Names are resolved by the
 * reader below, so the environment declares none.
 */
const ENVIRONMENT = new Environment({
  limits: { maxAstNodes: MOST_NODES, maxDepth: DEEPEST + 1, maxListElements: MOST_NODES, maxMapEntries: MOST_NODES, maxCallArguments: 8 },
});

/** Reads one expression. Never throws: what is wrong comes back as problems. */
export function parse(source: string): Parsed {
  const nothing = (problem: CelProblem): Parsed => ({ expr: null, problems: [problem] });
  if (source.length > LONGEST_SOURCE) {
    const message = `the expression has ${source.length} characters; at most ${LONGEST_SOURCE} are allowed`;
    return nothing({ start: LONGEST_SOURCE, end: source.length, code: 'too_long', message, help: 'split it into several conditions' });
  }
  if (source.trim() === '') return nothing({ start: 0, end: source.length, code: 'syntax', message: 'the expression is empty', help: null });
  try {
    const reader = new Reader(source);
    const expr = reader.read(ENVIRONMENT.parse(source).ast);
    return { expr, problems: reader.problems };
  } catch (error) {
    return nothing(parserProblem(error, source));
  }
}

/** Turns the library's tree into ours. */
class Reader {
  readonly problems: CelProblem[] = [];
  readonly #source: string;
  /** Macro variables that can be seen here, innermost last. */
  readonly #scope: { readonly name: string; readonly slot: number }[] = [];
  #slots = 0;

  constructor(source: string) {
    this.#source = source;
  }

  read(node: ASTNode): Expr {
    const { start, end } = node;
    switch (node.op) {
      case 'value':
        return literalOf(node.args, this.#source, start, end, this.problems);
      case 'id':
        return { ...this.#name(node.args), start, end };
      case '.':
        return this.#select(node.args[0], node.args[1], node);
      case '[]':
        return this.#index(node.args[0], node.args[1], node);
      case 'call':
        return this.#call(node.args[0], node.args[1], node);
      case 'rcall':
        return this.#method(node.args[0], node.args[1], node.args[2], node);
      case 'list':
        return { kind: 'list', items: node.args.map((item) => this.read(item)), start, end };
      case 'map':
        return { kind: 'map', entries: node.args.map(([key, value]) => [this.read(key), this.read(value)] as const), start, end };
      case '!_':
        return { kind: 'not', of: this.read(node.args), start, end };
      case '-_':
        return this.#negation(node.args, node);
      case '||':
      case '&&':
        return { kind: 'logic', op: node.op, parts: [...this.#operands(node, node.op)], start, end };
      case '?:':
        return { kind: 'choice', test: this.read(node.args[0]), yes: this.read(node.args[1]), no: this.read(node.args[2]), start, end };
      case '.?':
      case '[?]':
        this.#report(node, 'not_supported', 'optional access with `?` is not supported', 'write `has(args.x) ? args.x : …`');
        return { kind: 'unknown', name: '', start, end };
      default:
        return { kind: 'binary', op: node.op, left: this.read(node.args[0]), right: this.read(node.args[1]), start, end };
    }
  }

  #report(place: { readonly start: number; readonly end: number }, code: string, message: string, help: string | null): void {
    this.problems.push({ start: place.start, end: place.end, code, message, help });
  }

  #name(name: string): Pick<Expr, 'kind'> & ({ kind: 'local'; name: string; slot: number } | { kind: 'variable'; name: Extract<Expr, { kind: 'variable' }>['name'] } | { kind: 'type' | 'unknown'; name: string }) {
    const local = this.#scope.findLast((variable) => variable.name === name);
    if (local !== undefined) return { kind: 'local', ...local };
    if (isVariable(name)) return { kind: 'variable', name };
    return { kind: TYPE_NAMES.includes(name) ? 'type' : 'unknown', name };
  }

  #select(base: ASTNode, key: string, node: ASTNode): Select {
    return { kind: 'select', base: this.read(base), key, keyStart: node.pos, keyEnd: node.end, start: node.start, end: node.end };
  }

  #index(base: ASTNode, index: ASTNode, node: ASTNode): Expr {
    const { start, end } = node;
    if (index.op === 'value' && typeof index.args === 'string') {
      return { kind: 'select', base: this.read(base), key: index.args, keyStart: index.start, keyEnd: index.end, start, end };
    }
    return { kind: 'index', base: this.read(base), index: this.read(index), start, end };
  }

  #call(name: string, args: readonly ASTNode[], node: ASTNode): Expr {
    const { start, end } = node;
    if (name !== 'has') return { kind: 'call', name, receiver: null, args: args.map((arg) => this.read(arg)), start, end };
    const [of] = args;
    const path = of !== undefined && args.length === 1 ? this.read(of) : null;
    if (path?.kind === 'select' && of?.op === '.') return { kind: 'has', path, start, end };
    const help = path?.kind === 'select' ? `write \`"${path.key}" in ${this.#source.slice(path.base.start, path.base.end)}\`` : 'write `has(args.name)`';
    this.#report(node, 'bad_has', '`has` takes one member, named with a dot', help);
    return { kind: 'unknown', name: '', start, end };
  }

  #method(name: string, receiver: ASTNode, args: readonly ASTNode[], node: ASTNode): Expr {
    const { start, end } = node;
    if (!MACROS.includes(name)) return { kind: 'call', name, receiver: this.read(receiver), args: args.map((arg) => this.read(arg)), start, end };
    const [variable, first, second] = args;
    const most = name === 'map' ? 3 : 2;
    if (variable?.op !== 'id' || first === undefined || args.length > most) {
      this.#report(node, 'bad_macro', `\`${name}\` takes a name and what to ask of each element`, `write \`list.${name}(x, …)\``);
      return { kind: 'unknown', name: '', start, end };
    }
    if (isVariable(variable.args) || TYPE_NAMES.includes(variable.args) || this.#scope.some((outer) => outer.name === variable.args)) {
      this.#report(variable, 'shadowed_variable', `\`${variable.args}\` is already the name of something else`, 'choose another name');
    }
    const range = this.read(receiver);
    const slot = this.#slots;
    this.#slots += 1;
    this.#scope.push({ name: variable.args, slot });
    const one = this.read(first);
    const other = second === undefined ? null : this.read(second);
    this.#scope.pop();
    const [predicate, transform] = name === 'map' ? (other === null ? [null, one] : [one, other]) : [one, null];
    return { kind: 'macro', name: name as MacroName, range, variable: variable.args, slot, predicate, transform, start, end };
  }

  /** The one whole number that exists only with its sign: -2^63. */
  #negation(of: ASTNode, node: ASTNode): Expr {
    const { start, end } = node;
    if (of.op === 'value' && of.args === 2n ** 63n) return { kind: 'literal', value: -(2n ** 63n), start, end };
    return { kind: 'negate', of: this.read(of), start, end };
  }

  /** The operands of a chain of one operator, in order. */
  *#operands(node: ASTNode, op: '&&' | '||'): Generator<Expr> {
    if ((node.op === '&&' || node.op === '||') && node.op === op) {
      yield* this.#operands(node.args[0], op);
      yield* this.#operands(node.args[1], op);
    } else {
      yield this.read(node);
    }
  }
}
