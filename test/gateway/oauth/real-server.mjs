// A small MCP server with the official SDK, on stdio.
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';

const server = new McpServer({ name: 'real', version: '1.0.0' });
server.registerTool('read_ticket', { description: 'Reads a ticket' }, () => ({ content: [{ type: 'text', text: 'ticket 7: the printer is on fire' }] }));
server.registerTool('close_ticket', { description: 'Closes a ticket' }, () => ({ content: [{ type: 'text', text: 'closed' }] }));
await server.connect(new StdioServerTransport());
