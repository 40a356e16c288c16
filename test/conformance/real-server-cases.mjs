// The real servers: how each is started and one call that changes nothing.
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const peer = (path) => fileURLToPath(new URL(`../peers/node_modules/${path}`, import.meta.url));
const node = (path, ...args) => [process.execPath, peer(path), ...args];

/**
 * @param directory an own directory with a file note.txt in it
 * @param pageUrl a page on loopback
 * @returns { name, command, call } per server
 */
export function serverCases(directory, pageUrl) {
  return [
    {
      name: 'server-everything',
      command: node('@modelcontextprotocol/server-everything/dist/index.js', 'stdio'),
      call: { name: 'echo', arguments: { message: 'größe 数 \u2028 "quoted"' } },
    },
    {
      name: 'server-filesystem',
      command: node('@modelcontextprotocol/server-filesystem/dist/index.js', directory),
      call: { name: 'read_text_file', arguments: { path: join(directory, 'note.txt') } },
    },
    {
      name: 'server-memory',
      command: ['env', `MEMORY_FILE_PATH=${join(directory, 'memory.jsonl')}`, ...node('@modelcontextprotocol/server-memory/dist/index.js')],
      call: { name: 'read_graph', arguments: {} },
    },
    {
      name: 'playwright',
      command: node('@playwright/mcp/cli.js', '--headless', '--isolated'),
      call: { name: 'browser_close', arguments: {} },
    },
    {
      name: 'azure',
      command: node('@azure/mcp/index.js', 'server', 'start', '--mode', 'all'),
      call: { name: 'get_azure_bestpractices_get', arguments: { resource: 'general', action: 'code-generation' } },
    },
    {
      name: 'python-time',
      command: ['uvx', 'mcp-server-time@2026.10.19', '--local-timezone', 'UTC'],
      call: {
        name: 'convert_time',
        arguments: { source_timezone: 'Asia/Tokyo', time: '12:30', target_timezone: 'Asia/Kolkata' },
      },
    },
    {
      name: 'python-fetch',
      command: ['uvx', 'mcp-server-fetch@2026.10.24', '--ignore-robots-txt'],
      call: { name: 'fetch', arguments: { url: pageUrl } },
    },
  ];
}
