import { exactDouble } from '../../wire/decimal.ts';
import { JsonNode } from '../../wire/json-node.ts';
import { MOST_STEPS, UNITS_PER_STEP } from './limits.ts';
import type { CelInput } from './types.ts';
import type { Result, Value } from './value.ts';
import { Failure, Json } from './value.ts';

/** A compiled node: its value, or why it has none. Never throws on purpose. */
export type Evaluate = (run: Run) => Result;

/** Once given, the whole evaluation has failed, whatever absorbs it. */
export const EXHAUSTED: Failure = Failure.error(`the evaluation took more than ${MOST_STEPS} steps`);
export const INEXACT: Failure = Failure.error('a number cannot be compared exactly: it has more digits than a double holds');

const NO_ARGUMENTS = new JsonNode(Buffer.from('{}'), 0, 2);
const NOT_AN_OBJECT = Failure.error('the arguments are not an object');

/** One evaluation: its input, what it may still spend, and the variables of its macros. */
export class Run {
  readonly input: CelInput;
  steps: number = MOST_STEPS;
  /** Values of macro variables, by slot. */
  readonly locals: Value[] = [];
  #args: Json | Failure | null = null;
  #user: Json | null = null;

  constructor(input: CelInput) {
    this.input = input;
  }

  /** Pays for work that grows with `units` of text. False when the budget is spent. */
  pay(units: number): boolean {
    this.steps -= Math.ceil(units / UNITS_PER_STEP);
    return this.steps >= 0;
  }

  get args(): Json | Failure {
    this.#args ??= readArgs(this.input);
    return this.#args;
  }

  /** The claims as an object. Only for a context that has some. */
  claims(node: JsonNode): Json {
    this.#user ??= new Json(node, false);
    return this.#user;
  }
}

function readArgs(input: CelInput): Json | Failure {
  if (input.args === undefined || input.unknown.has('args')) return Failure.unknown;
  const node = input.args ?? NO_ARGUMENTS;
  return node.kind === 'object' ? new Json(node, true) : NOT_AN_OBJECT;
}

/** The member `key` of an object; undefined when it has none of this name. */
export function readMember(object: Json, key: string, run: Run): Result | undefined {
  const node = object.node.get(key);
  if (node === null) return undefined;
  const kind = node.kind;
  return kind === 'object' || kind === 'array' ? paidFor(object.member(key, node), run) : readScalar(node, run);
}

/** The element at `index`; undefined when there is none. */
export function readElement(list: Json, index: number, run: Run): Result | undefined {
  const node = list.node.elements()[index];
  if (node === undefined) return undefined;
  const kind = node.kind;
  return kind === 'object' || kind === 'array' ? paidFor(list.element(index, node), run) : readScalar(node, run);
}

/** What reading a text, a list or an object costs per byte, of what working on a text costs per UTF-16 unit. */
const READING = 4;

/** Lists and objects are indexed as a whole, once per evaluation. Two bytes can be an element, and each becomes an object of ours. */
function paidFor(container: Json, run: Run): Result {
  if (container.paid) return container;
  container.paid = true;
  const bytes = container.node.end - container.node.start;
  return run.pay(container.isList ? bytes : bytes / READING) ? container : EXHAUSTED;
}

function readScalar(node: JsonNode, run: Run): Result {
  switch (node.kind) {
    case 'string':
      // Decoding costs what the sender chose, each time that a loop reads the same argument.
      return run.pay((node.end - node.start) / READING) ? (node.text() ?? '') : EXHAUSTED;
    case 'true':
      return true;
    case 'false':
      return false;
    case 'null':
      return null;
    default:
      return numberOf(node) ?? INEXACT;
  }
}

/** No double needs more characters; converting a number of megabytes again and again would cost what its sender chose. */
const LONGEST_NUMBER = 400;

/** A JSON number as the double that it is, or null when no double is that number (protocol.md J13). */
function numberOf(node: JsonNode): number | null {
  const whole = node.integer();
  if (whole !== null) return whole;
  const length = node.end - node.start;
  if (length > LONGEST_NUMBER) return null;
  return (length <= SHORT_NUMBER ? shortDecimal(node) : null) ?? exactDouble(node.lexeme());
}

/** A sign, a point and 15 digits: such a number and its double are the same in every reading. */
const SHORT_NUMBER = 17;
const MOST_DIGITS = 15;

/** The common case, without making a string: digits and a point. Null for anything else. One division of two exact doubles rounds correctly. */
function shortDecimal({ buffer, start, end }: JsonNode): number | null {
  const negative = buffer[start] === 0x2d;
  let value = 0;
  let digits = 0;
  let scale = 1;
  let point = false;
  for (let i = negative ? start + 1 : start; i < end; i += 1) {
    const c = buffer[i] ?? 0;
    if (c === 0x2e) {
      point = true;
    } else if (c >= 0x30 && c <= 0x39) {
      value = value * 10 + (c - 0x30);
      digits += 1;
      if (point) scale *= 10;
    } else {
      return null;
    }
  }
  if (digits > MOST_DIGITS) return null;
  return negative ? -value / scale : value / scale;
}
