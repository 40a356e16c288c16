import type { ArgumentsModel } from './document.ts';

/** What is demanded of one place in the arguments: schemas, and places inside it. */
interface Place {
  readonly schemas: readonly string[];
  readonly inside: ReadonlyMap<string, Place>;
  /** Whether names that are not in `inside` are forbidden. */
  readonly closed: boolean;
}

const ANYTHING: Place = { schemas: [], inside: new Map(), closed: false };

/** The schema that forbids the arguments that the constraints do not name. What a name covers as a whole is not looked into. */
export function closedSchema({ constraints }: ArgumentsModel): string {
  return write(close(merged(constraints.map(({ path }) => place(path, 'true')))));
}

/**
 * Everything that several rules demand of the arguments, as one schema; null when they demand nothing. An argument that is not there
 * passes, as in `properties`.
 * @param portable a schema of one argument in a form that can stand anywhere; null where there is none, and it is left out
 */
export function combinedSchema(all: readonly ArgumentsModel[], portable: (schema: string) => string | null): string | null {
  const places = all.flatMap((model) => {
    const own = merged(model.constraints.map(({ path, schema }) => place(path, portable(schema) ?? 'true')));
    return model.additional ? (model.constraints.length > 0 ? [own] : []) : [close(own)];
  });
  return places.length === 0 ? null : write(merged(places));
}

function place(path: readonly string[], schema: string): Place {
  const [first, ...rest] = path;
  if (first === undefined) return { schemas: [schema], inside: new Map(), closed: false };
  return { schemas: [], inside: new Map([[first, place(rest, schema)]]), closed: false };
}

/** Places that were made by dotted names are closed too: `card.cvv` is not named by `card.number`. */
function close(open: Place): Place {
  const inside = new Map([...open.inside].map(([name, inner]) => [name, inner.inside.size > 0 && inner.schemas.length === 0 ? close(inner) : inner]));
  return { ...open, inside, closed: true };
}

function merged(places: readonly Place[]): Place {
  return places.reduce(merge, ANYTHING);
}

/** Both hold. What a closed side does not name stays forbidden, whatever the other says of it. */
function merge(a: Place, b: Place): Place {
  const inside = new Map<string, Place>();
  for (const name of new Set([...a.inside.keys(), ...b.inside.keys()])) {
    const [left, right] = [a.inside.get(name), b.inside.get(name)];
    if ((a.closed && left === undefined) || (b.closed && right === undefined)) continue;
    inside.set(name, merge(left ?? ANYTHING, right ?? ANYTHING));
  }
  return { schemas: [...a.schemas, ...b.schemas], inside, closed: a.closed || b.closed };
}

function write(demand: Place): string {
  const parts = [...demand.schemas];
  if (demand.inside.size > 0 || demand.closed) {
    const properties = [...demand.inside].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, inner]) => `${JSON.stringify(name)}:${write(inner)}`);
    const rest = demand.closed ? ',"additionalProperties":false' : '';
    parts.push(`{"type":"object","properties":{${properties.join(',')}}${rest}}`);
  }
  const [only = 'true', ...more] = [...new Set(parts)].filter((part) => part !== 'true');
  return more.length === 0 ? only : `{"allOf":[${[only, ...more].join(',')}]}`;
}
