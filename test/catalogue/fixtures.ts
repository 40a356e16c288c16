import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export interface RealTool {
  readonly server: string;
  readonly tool: { readonly name: string; readonly title?: string; readonly description?: string; readonly inputSchema?: { readonly properties?: Record<string, object> } & Record<string, unknown> };
}

/** Where the labelled definitions of real servers lie, beside the repository; they are not part of it. */
const SHARED = fileURLToPath(new URL('../../../shared/data/tools-dev.jsonl', import.meta.url));

/** A name without any verb. */
export const UNKNOWN = 'xyzzy_thing';

const NAMES =
  'get_user list_orders query_rows run_query send_message delete_file manage_roles update_page start_build transfer_funds browser_click reset_cache export_report network_request ' +
  'activity_feed create_api_key apply_manifest db_query summarize merge_branch unsubscribe restore_backup open_url remove_user_from_group approve_invoice schedule_downtime shell';
const TEXTS = ['', 'Does the thing that it is called after.', 'Runs a query and returns rows.', 'Deletes the record. Cannot be undone.', 'Get, create, update or delete a record.', 'The set of permissions of an item.', 'Track changes over time.'];
const SCHEMAS: readonly Record<string, object>[] = [
  {}, { id: { type: 'string' } }, { sql: { type: 'string' } }, { action: { enum: ['get', 'list', 'update'] } }, { targetUrl: { type: 'string', format: 'uri' }, outputDir: { type: 'string' } },
  { params: { type: 'object', properties: { operation: { type: 'string', description: 'One of get-item, put-item.' }, userPassword: { type: 'string' } } } }, { amount: { type: 'number' }, currency: { type: 'string' } },
];

/** Own definitions in every combination that matters, for a checkout that stands alone. */
export function ownTools(): readonly RealTool[] {
  return [...NAMES.split(' '), UNKNOWN].flatMap((name) => TEXTS.flatMap((description) => SCHEMAS.map((properties) => ({ server: 'some-server', tool: { name, description, inputSchema: { type: 'object', properties } } }))));
}

/** The definitions of real servers, where they are at hand. */
export function realTools(): readonly RealTool[] {
  if (!existsSync(SHARED)) return [];
  const rows = readFileSync(SHARED, 'utf8').split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as RealTool);
  return rows.map(({ server, tool: { name, title, description, inputSchema } }) => ({
    server,
    tool: { name, ...(typeof title === 'string' ? { title } : {}), ...(typeof description === 'string' ? { description } : {}), ...(inputSchema == null ? {} : { inputSchema }) },
  }));
}
