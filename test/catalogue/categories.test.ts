import { expect, test } from 'vitest';
import { classified, strings, tool } from './tools.ts';

const TABLE: Readonly<Record<string, readonly string[]>> = {
  read: [
    'list_orders', 'getInvoice', 'search-notes', 'Files.Read', 'stories-search', 'moduleDetails', 'get_deleted_items', 'list_running_jobs', 'check_payment_status', 'order_history', 'build_status',
    'count_pending_orders', 'find_references', 'git_diff', 'kubectl_get', 'domain-byOwner', 'metrics', 'resolve_library_id', 'run_accessibility_audit', 'execute_promql_query', 'browser_console_messages',
  ],
  write: [
    'create_customer', 'updateUser', 'project-update', 'add_comment', 'remove_label', 'archive_project', 'get_or_create_tag', 'documents.rename', 'git_commit', 'upload_file', 'transfer_repository',
    'generate_access_token', 'generate_api_key', 'silence_alert', 'apply_diff', 'browser_resize', 'stop_recording', 'enable_feature', 'untag_resource',
  ],
  execute: [
    'run_command', 'start_instance', 'deploy', 'send_email', 'slack_post_message', 'create_invitation', 'trigger_workflow', 'mergePullRequest', 'pods_exec', 'browser_click', 'reboot-server', 'git_push',
    'CloneContainerToECR', 'publish_package_to_npm', 'scale_service', 'create_deployment', 'zzyzx',
  ],
  destructive: [
    'delete_file', 'dropTable', 'purge-queue', 'terminate_instances', 'revoke_key', 'broker_delete_exchange', 'remove_user', 'get_and_delete', 'uninstall_chart', 'factory_reset', 'force_push', 'policy_delete',
    'DELETE_EVERYTHING', 'ns:wipe.disk', 'write_or_delete_note',
  ],
  financial: ['create_payment', 'refund_charge', 'place_order', 'transfer_funds', 'buy_stock', 'withdraw', 'create_payout', 'book_flight', 'order_pizza', 'send_payment', 'swap_tokens', 'create_payout_batch'],
};

for (const [category, names] of Object.entries(TABLE)) {
  test.each(names)(`the name alone makes %s a ${category} tool`, (name) => {
    const got = classified({ name, description: '', inputSchema: strings() });
    expect(got.category).toBe(category);
    expect(got.confidence).toBe('low');
    expect(got.evidence.some((e) => e.place === 'name')).toBe(true);
  });
}

test.each([
  ['zh', '删除指定的文件', 'destructive'], ['zh', '获取已删除的文件列表', 'read'], ['zh', '向客户发送短信', 'execute'], ['zh', '创建新的工单', 'write'], ['zh', '向商家付款', 'financial'],
  ['ja', 'ファイルを削除します', 'destructive'], ['ja', '削除されたファイルの一覧を取得する', 'read'], ['ja', 'メールを送信します', 'execute'], ['ja', '新しい課題を作成します', 'write'], ['ja', '相手に送金します', 'financial'],
  ['ko', '파일을 삭제합니다', 'destructive'], ['ko', '문서를 조회합니다', 'read'], ['ko', '작업을 실행합니다', 'execute'], ['ko', '새 문서를 생성합니다', 'write'],
  ['ru', 'Удаляет файл навсегда', 'destructive'], ['ru', 'Получает список удалённых файлов', 'read'], ['ru', 'Отправляет письмо', 'execute'], ['ru', 'Создаёт заметку', 'write'],
  ['es', 'Elimina un archivo', 'destructive'], ['es', 'Lista los archivos eliminados', 'read'], ['es', 'Envía un mensaje', 'execute'], ['es', 'Actualiza una ficha', 'write'],
  ['de', 'Löscht eine Datei', 'destructive'], ['de', 'Zeigt gelöschte Dateien', 'read'], ['de', 'Sendet eine Nachricht', 'execute'], ['de', 'Erstellt ein Ticket', 'write'],
  ['fr', 'Supprime un fichier', 'destructive'], ['fr', 'Affiche les fichiers supprimés', 'read'], ['fr', 'Envoie un message', 'execute'], ['fr', 'Crée un ticket', 'write'],
  ['pt', 'Exclui um arquivo', 'destructive'], ['pt', 'Mostra os arquivos', 'read'], ['pt', 'Executa uma tarefa', 'execute'], ['pt', 'Adiciona uma nota', 'write'],
])('a description in %s decides where the name does not: %s', (_language, description, category) => {
  expect(classified(tool('xq1', description, 'a')).category).toBe(category);
});

test.each([['borrar_archivo', 'destructive'], ['删除文件', 'destructive'], ['enviar_mensaje', 'execute'], ['ファイル削除', 'destructive'], ['datei_löschen', 'destructive']])('a name in another language counts: %s', (name, category) => {
  expect(classified({ name, inputSchema: strings('x') }).category).toBe(category);
});

test('an action enum gives all its effects, and the worst is the category', () => {
  const got = classified({ name: 'manage_widget', description: 'Widgets.', inputSchema: { type: 'object', properties: { action: { enum: ['get', 'create', 'delete'] } } } });
  expect(got).toMatchObject({ category: 'destructive', effects: ['read', 'write', 'destructive'], risk: 'critical' });
  expect(got.signals).toContain('router');
});

test('operations named only in the description of the parameter count', () => {
  const inputSchema = { type: 'object', properties: { operation: { type: 'string', description: 'One of: list-keys, put-key, delete-key.' } } };
  expect(classified({ name: 'manage_keys', description: 'Keys.', inputSchema }).category).toBe('destructive');
});

test('a router over a wrapped, referenced enum is seen', () => {
  const inputSchema = { type: 'object', $defs: { op: { enum: ['read', 'purge'] } }, properties: { params: { type: 'object', properties: { operation: { $ref: '#/$defs/op' } } } } };
  expect(classified({ name: 'admin_thing', description: 'x', inputSchema }).category).toBe('destructive');
});

test.each([['db', 'sql'], ['widget', 'command'], ['tool', 'script'], ['run_python', 'code'], ['get_rows', 'sql']])('free-form code makes %s(%s) execute and critical', (name, parameter) => {
  const got = classified(tool(name, 'A thing.', parameter));
  expect(got).toMatchObject({ category: 'execute', risk: 'critical' });
  expect(got.signals).toContain('free_form_code');
});

test.each(['explain_sql', 'format_code', 'validate_query', 'sql_to_rest'])('%s looks at a program and does not run it', (name) => {
  expect(classified(tool(name, 'Converts or checks a program.', 'sql')).category).toBe('read');
});

test('a free method beside a path is any call of an API', () => {
  expect(classified(tool('api_request', 'Makes a request.', 'method', 'path'))).toMatchObject({ category: 'destructive', risk: 'critical' });
  expect(classified(tool('api_request', 'Makes a request.', 'method', 'path'), { server: 'stripe-tools' }).category).toBe('financial');
});

test('closing a position on a market is a trade, closing another one is not', () => {
  expect(classified(tool('close_position', 'Closes it.', 'symbol')).category).toBe('financial');
  expect(classified(tool('close_position', 'Closes it.', 'jobId')).category).toBe('write');
});

test('a title decides where the name does not, raises, and never lowers', () => {
  expect(classified({ name: 'xq1', title: 'Delete a note', inputSchema: strings('id') })).toMatchObject({ category: 'destructive' });
  expect(classified({ name: 'xq1', annotations: { title: 'Send mail' }, inputSchema: strings('id') }).evidence).toContainEqual({ place: 'title', pointer: '/annotations/title', term: 'send', suggests: 'execute' });
  expect(classified({ name: 'get_note', title: 'Delete a note', inputSchema: strings('id') }).category).toBe('destructive');
  expect(classified({ name: 'delete_note', title: 'Read-only view', inputSchema: strings('id') }).category).toBe('destructive');
});

test('the namespace of the server is no verb', () => {
  expect(classified(tool('search_delete_index', ''), { server: 'search-mcp' }).category).toBe('destructive');
  expect(classified(tool('linear_get_issue', 'Get an issue', 'id'), { server: 'linear' }).category).toBe('read');
});
