import type { SqlDatabase, SqlRow, SqlStatement, SqlValue } from './driver.ts';
import { StateUnavailable } from './types.ts';

/** The part of libsql that we use. Parameters go in as one array: its typings describe another package's variadic form. */
interface LibsqlStatement {
  run(parameters: SqlValue[]): { changes: number; lastInsertRowid: number | bigint };
  get(parameters: SqlValue[]): unknown;
  all(parameters: SqlValue[]): unknown[];
  raw(on: boolean): LibsqlStatement;
}
interface LibsqlDatabase {
  prepare(sql: string): LibsqlStatement;
  exec(sql: string): void;
  close(): void;
}

/** @throws StateUnavailable when the package or its binary for this platform is not installed. */
export async function openLibsqlDriver(path: string): Promise<SqlDatabase> {
  let Database: new (path: string) => LibsqlDatabase;
  try {
    const module = (await import('libsql')) as unknown as { default: new (path: string) => LibsqlDatabase };
    Database = module.default;
  } catch (cause) {
    throw new StateUnavailable('no SQLite driver: libsql is not installed for this platform; install it or use Node 22.13 or later', { cause });
  }
  const database = new Database(path);
  let open = true;
  // libsql keeps a closed connection alive while statements exist, and they go on working: closing is enforced here.
  const check = (): void => {
    if (!open) throw new StateUnavailable('the state database is closed');
  };
  return {
    driver: 'libsql',
    prepare(sql): SqlStatement {
      check();
      const statement = database.prepare(sql);
      let raw: LibsqlStatement | null = null;
      return {
        run(...parameters: SqlValue[]) {
          check();
          const { changes, lastInsertRowid } = statement.run(parameters);
          return { changes, lastRowid: Number(lastInsertRowid) };
        },
        get(...parameters) {
          check();
          return statement.get(parameters) as SqlRow | undefined;
        },
        first(...parameters) {
          check();
          raw ??= database.prepare(sql).raw(true);
          return raw.get(parameters) as readonly unknown[] | undefined;
        },
        all(...parameters) {
          check();
          return statement.all(parameters) as SqlRow[];
        },
      };
    },
    exec(sql) {
      check();
      database.exec(sql);
    },
    close() {
      if (!open) return;
      open = false;
      database.close();
    },
  };
}
