// Tests of the harness itself: `node --test test/conformance/`.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { compare, score } from './results.mjs';
import { replaceId } from './shim/json-id.mjs';
import { checkModern } from './shim/modern-headers.mjs';

const rows = (object) => new Map(Object.entries(object));
const verdicts = (direct, through, excuse, ownServer) =>
  compare(rows(direct), rows(through), { excuse: excuse && rows(excuse), ownServer }).map((row) => row.verdict);

test('a pass that turns into a failure, a warning, a skip or nothing is lost', () => {
  for (const after of [['FAILURE'], ['WARNING'], ['SKIPPED'], []]) {
    assert.deepEqual(verdicts({ 's | c | n': ['SUCCESS'] }, after.length ? { 's | c | n': after } : {}), ['lost']);
  }
});

test('one of two passes of the same check that goes missing is lost', () => {
  assert.deepEqual(verdicts({ 's | c | n': ['SUCCESS', 'SUCCESS'] }, { 's | c | n': ['SUCCESS'] }), ['lost']);
});

test('a failure that only the gateway run has is lost even where the direct run has no such row', () => {
  assert.deepEqual(verdicts({}, { 's | c | n': ['FAILURE'] }), ['lost']);
});

test('a gain is reported as a change, an equal row is not reported', () => {
  assert.deepEqual(verdicts({ 's | c | n': ['FAILURE'] }, { 's | c | n': ['SUCCESS'] }), ['changed']);
  assert.deepEqual(verdicts({ 's | c | n': ['SUCCESS'] }, { 's | c | n': ['SUCCESS'] }), []);
});

test('a loss is excused only where the neutral relay lost the same', () => {
  const direct = { 's | c | n': ['SUCCESS'] };
  assert.deepEqual(verdicts(direct, { 's | c | n': ['WARNING'] }, { 's | c | n': ['WARNING'] }), ['excused']);
  assert.deepEqual(verdicts(direct, { 's | c | n': ['FAILURE'] }, { 's | c | n': ['WARNING'] }), ['lost']);
  assert.deepEqual(verdicts(direct, {}, {}), ['excused']);
  assert.deepEqual(verdicts(direct, {}, direct), ['lost']);
});

test('a check that the suite calls not applicable is a loss for a relay and a choice for a server', () => {
  const [direct, through] = [{ 's | c | n': ['SUCCESS'] }, { 's | c | n': ['INFO'] }];
  assert.deepEqual(verdicts(direct, through), ['lost']);
  assert.deepEqual(verdicts(direct, through, undefined, true), ['optional']);
  assert.deepEqual(verdicts(direct, {}, undefined, true), ['lost']);
  assert.deepEqual(verdicts(direct, { 's | c | n': ['SKIPPED'] }, undefined, true), ['lost']);
});

test('a step of the client that ends otherwise is lost', () => {
  const step = 's | driver | step 1';
  assert.deepEqual(verdicts({ [step]: ['connect: ok'] }, { [step]: ['connect: SdkError'] }), ['lost']);
});

test('the score counts a scenario with a warning as not passed', () => {
  const result = score(rows({ 'a | x | n': ['SUCCESS'], 'b | x | n': ['SUCCESS', 'WARNING'], 'b | driver | 1': ['ok'] }));
  assert.deepEqual(
    [result.scenarios, result.scenariosPassed, result.checks, result.passed, result.failed],
    [2, 1, 3, 2, 1],
  );
});

test('only the top-level id is replaced, and no other byte', () => {
  for (const [before, after] of [
    ['{"id":1}', '{"id":"x"}'],
    ['{"a":{"id":2},"id": 3 ,"b":[{"id":4}]}', '{"a":{"id":2},"id":"x","b":[{"id":4}]}'],
    ['{"s":"\\"id\\":5","n":9007199254740993,"id":"old"}', '{"s":"\\"id\\":5","n":9007199254740993,"id":"x"}'],
    ['{"b":[1,2,{"id":1}],"i\\u0064":7}', '{"b":[1,2,{"id":1}],"i\\u0064":"x"}'],
  ]) {
    assert.equal(replaceId(before, 'x'), after);
  }
  assert.throws(() => replaceId('{"params":{"id":1}}', 'x'), /no id/);
});

const META = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientCapabilities': {},
};
const call = (args) => ({ method: 'tools/call', params: { name: 't', arguments: args, _meta: META } });
const HEADERS = { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call', 'mcp-name': 't' };
const schemaOf = async () => ({ properties: { region: { type: 'string', 'x-mcp-header': 'Region' } } });

test('the shim refuses headers that differ from the body', async () => {
  const code = async (headers, args = {}) => (await checkModern({ ...HEADERS, ...headers }, call(args), schemaOf))?.code;
  assert.equal(await code({}), undefined);
  assert.equal(await code({ 'mcp-param-region': 'eu' }, { region: 'eu' }), undefined);
  assert.equal(await code({ 'mcp-param-region': '=?base64?ZXU=?=' }, { region: 'eu' }), undefined);
  for (const [headers, args] of [
    [{ 'mcp-name': 'other' }],
    [{ 'mcp-method': 'tools/list' }],
    [{ 'mcp-protocol-version': '2025-11-25' }],
    [{ 'mcp-param-region': 'us' }, { region: 'eu' }],
    [{ 'mcp-param-region': '=?base64?ZXU?=' }, { region: 'eu' }],
    [{}, { region: 'eu' }],
    [{ 'mcp-param-region': 'eu' }],
  ]) {
    assert.equal(await code(headers, args), -32020, JSON.stringify([headers, args]));
  }
});
