import type * as Sqlite from 'node:sqlite';
import type { SqlDatabase, SqlStatement, SqlValue } from './driver.ts';

type NodeSqlite = typeof Sqlite;

/**
 * Node's own SQLite, or null where this Node has none. Node 22 announces it as experimental on stderr, where an operator would
 * read it as a fault of ours: that one warning is dropped, during this one synchronous load, and no other.
 */
export function nodeSqlite(): NodeSqlite | null {
  if (typeof process.getBuiltinModule !== 'function') return null;
  const emitWarning: unknown = Reflect.get(process, 'emitWarning');
  if (typeof emitWarning !== 'function') return null;
  const filtered = (...parameters: unknown[]): void => {
    const [warning, type] = parameters;
    if (type === 'ExperimentalWarning' && String(warning).startsWith('SQLite is an experimental feature')) return;
    Reflect.apply(emitWarning, process, parameters);
  };
  Reflect.set(process, 'emitWarning', filtered);
  try {
    return process.getBuiltinModule('node:sqlite') ?? null;
  } finally {
    Reflect.set(process, 'emitWarning', emitWarning);
  }
}

export function openNodeDriver(sqlite: NodeSqlite, path: string): SqlDatabase {
  const database = new sqlite.DatabaseSync(path, { allowExtension: false });
  return {
    driver: 'node',
    prepare(sql): SqlStatement {
      const statement = database.prepare(sql);
      return {
        run(...parameters: SqlValue[]) {
          const { changes, lastInsertRowid } = statement.run(...parameters);
          return { changes: Number(changes), lastRowid: Number(lastInsertRowid) };
        },
        get: (...parameters) => statement.get(...parameters),
        first(...parameters) {
          const row = statement.get(...parameters);
          return row === undefined ? undefined : Object.values(row);
        },
        all: (...parameters) => statement.all(...parameters),
      };
    },
    exec: (sql) => database.exec(sql),
    close() {
      if (database.isOpen) database.close();
    },
  };
}
