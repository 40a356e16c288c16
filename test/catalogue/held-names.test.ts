import { expect, test } from 'vitest';
import { classified, strings, tool } from './tools.ts';

/** Names as servers of many kinds give them, with the parameters that decide; no words but the name and these. */
const TABLE: readonly (readonly [name: string, category: string, ...parameters: string[]])[] = [
  // The thing first, the verb behind it.
  ['route_list', 'read'], ['queue_purge', 'destructive'], ['domain-record-get', 'read'], ['reserved-ip-release', 'execute'], ['policy_generation_get', 'read'], ['team-services-reader', 'read'], ['record-deleter', 'destructive'],
  ['build_status', 'read'], ['deploy_app_help', 'read'], ['board_archive', 'write'],
  // Verbs of two words.
  ['power_off_droplet', 'execute'], ['power_cycle_host', 'execute'], ['tear_down_stack', 'destructive'], ['clean_up_files', 'destructive'], ['shut_down_node', 'execute'], ['pay_out_balance', 'financial'],
  // Machines and disks.
  ['resize_droplet', 'execute'], ['restore_database', 'execute'], ['rebuild_server', 'destructive'], ['snapshot_droplet', 'write'], ['create_cluster', 'write'],
  // Ties, groups and stores.
  ['remove_tag_from_task', 'write'], ['remove_user_from_group', 'write'], ['remove_file_from_disk', 'destructive'], ['remove_related_issue', 'write'], ['unset_message_reaction', 'write'],
  // Money.
  ['exercise_options_position', 'financial'], ['replace_order', 'financial', 'symbol'], ['send_transaction', 'financial'], ['approve_allowance', 'financial', 'spender', 'amount'], ['create_subscription', 'financial', 'priceId'],
  ['create_subscription', 'write', 'webhook'], ['transfer_repository', 'write'], ['capture_snapshot', 'read'], ['write_contract', 'execute', 'abi', 'functionName'], ['redeem_points', 'write'],
  // Programs and addresses.
  ['execute_read_only_query', 'read', 'sql'], ['run_transaction', 'execute', 'sqlList'], ['valkey_write', 'execute', 'command'], ['graph_api', 'execute', 'query', 'variables'], ['create_webhook', 'write', 'url'], ['open_url', 'execute', 'url'],
  ['open_app', 'execute'], ['open_issue', 'write'], ['open_document', 'read'],
  // Schedules, drafts and messages.
  ['schedule_downtime', 'write'], ['schedule_message', 'execute'], ['create_draft_email', 'write'], ['send_draft', 'execute'], ['push_text_message', 'execute'], ['receive_message', 'read'],
  // Sheets and stores of keys.
  ['format_excel_range', 'write'], ['merge_cells', 'write'], ['merge_branch', 'execute'], ['lpush', 'write'], ['lpop', 'destructive'], ['hgetall', 'read'], ['json_arrtrim', 'destructive'],
  // Nouns that are verbs which read elsewhere, in front of a clear verb or of facts.
  ['compute_vm_delete', 'destructive'], ['compute_vm_create', 'write'], ['monitor_alerts_send_digest', 'execute'], ['model_delete', 'destructive'], ['place_details', 'read'], ['post_search', 'read'], ['list_send', 'read'],
  ['get_send', 'read'], ['marketplace_1_click_list', 'read'], ['app_store_reviews', 'read'],
  // A verb and its object in one word.
  ['zone_getguidance', 'read'], ['item_createorupdate', 'write'], ['item_deleteeverything', 'destructive'], ['item_getanddelete', 'destructive'], ['testrun_createorupdate', 'execute'],
  // What goes on or comes to a halt for others.
  ['approve_deployment', 'execute'], ['approve_merge_request', 'write'], ['play_pipeline_job', 'execute'], ['pause_cluster', 'execute'], ['pause_recording', 'write'], ['control_device', 'execute'],
  ['test_simulator', 'execute'], ['test_migration', 'execute'], ['test_connection', 'read'], ['clean_queues', 'destructive'], ['clean_html', 'read'], ['convert_issue_to_task', 'write', 'issueId'], ['convert_units', 'read'],
  // Data found by its address, and a browser sent to one.
  ['web_data_posts', 'read', 'url', 'limit'], ['browser_new_tab', 'execute', 'url'], ['select_page', 'write', 'pageId'],
  // Filters and picked texts.
  ['run_checkov', 'read'], ['start_search', 'read'], ['create_embeddings', 'read'], ['respawn_worker', 'execute'], ['recreate_index', 'destructive'], ['spend_credits', 'financial'],
  ['search_feedback', 'write'], ['take_screenshot', 'read'], ['clear_working_dir', 'write'], ['clear_table', 'destructive'],
];

for (const [name, category, ...parameters] of TABLE) {
  test(`${name}(${parameters.join(', ')}) is a ${category} tool`, () => {
    const required = (parameters.includes('command') ? { required: ['command'] } : {});
    expect(classified({ name, description: '', inputSchema: { ...strings(...parameters), ...required } }).category).toBe(category);
  });
}

test.each([
  ['list_replies', 'Replies of a message.', 'read'], ['list_labels', 'The set of labels of an item.', 'read'], ['get_delta', 'Track changes of a drive.', 'read'], ['find', 'Run a find query against a collection.', 'read'],
  ['network_request', 'Returns the details of one request.', 'read'], ['network_request', 'Sends one request.', 'execute'], ['kill_process', 'Terminate a running process.', 'execute'], ['get_note', 'Deletes a note.', 'destructive'],
  ['list_items', 'Executes GET /items', 'read'], ['items', 'Executes DELETE /items/{id}', 'destructive'], ['containerize_app', 'Start here if a user wants to deploy an app. Provides guidance for building images.', 'read'],
  ['web_data_seller', 'Quickly read the data of a seller.', 'read'], ['helper', 'Provides information and deletes the record.', 'destructive'], ['helper', 'Provides details, then runs the program.', 'execute'],
  ['take_picture', 'Capture the page.', 'write'], ['manage_task_list', 'Manage lists: create, update or delete tasks.', 'destructive'], ['manage-product-variants', '', 'execute'], ['handle_orders', '', 'execute'],
])('%s with the text "%s" is a %s tool', (name, description, category) => {
  expect(classified(tool(name, description, 'id')).category).toBe(category);
});

test('an HTTP method that is kept as a record is not what the tool does', () => {
  const inputSchema = { type: 'object', properties: { url: { type: 'string' }, method: { enum: ['GET', 'DELETE'] } } };
  expect(classified({ name: 'create_mock_request', description: 'Create a mock.', inputSchema }).category).toBe('write');
  expect(classified({ name: 'send_request', description: 'Send it.', inputSchema }).category).toBe('destructive');
});

test.each([
  ['resize_page', 'low'], ['resize_image', 'medium'], ['close_ticket', 'medium'], ['create_invoice', 'high'], ['create_key', 'high'], ['create_note', 'medium'], ['set_page_restrictions', 'high'],
])('%s has the risk class %s', (name, risk) => {
  expect(classified(tool(name, `${name.replaceAll('_', ' ')} of the caller`, 'a')).risk).toBe(risk);
});
