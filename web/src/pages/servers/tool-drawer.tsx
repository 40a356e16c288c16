import { Anchor, Drawer, Group, List, Stack, Table, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import type { Tool } from '../../api/types.ts';
import { CategoryBadge, RiskBadge } from '../../components/badges.tsx';
import { ExactJson, SafeText } from '../../exact/exact-json.tsx';
import { HeldDefinition } from './held-definition.tsx';
import { findingText, placeLabel, signalText, suggestsLabel } from './words.ts';

/** One tool: what it can do and what shows it. Everything in it was written by the server's authors. */
export function ToolDrawer({ server, tool, onClose }: { readonly server: string; readonly tool: Tool | undefined; readonly onClose: () => void }): ReactNode {
  return (
    <Drawer opened={tool !== undefined} onClose={onClose} position="right" size="38rem" title="Tool" closeButtonProps={{ 'aria-label': 'Close' }}>
      {tool === undefined ? null : <Detail server={server} tool={tool} />}
    </Drawer>
  );
}

function Detail({ server, tool }: { readonly server: string; readonly tool: Tool }): ReactNode {
  return (
    <Stack gap="lg">
      <Stack gap={6}>
        <Text fw={650} fz="lg" className="pl-mono">
          <SafeText text={tool.name} />
        </Text>
        <Group gap="sm">
          <CategoryBadge category={tool.category} />
          <RiskBadge risk={tool.risk} />
          <Text fz="sm" c="dimmed">
            {tool.confidence} confidence, {tool.contextTokens} tokens
          </Text>
        </Group>
      </Stack>
      {tool.pin === 'held' || tool.pin === 'noted' ? <HeldDefinition key={tool.name} server={server} tool={tool.name} /> : null}
      {tool.description === null ? (
        <Text c="dimmed">It has no description.</Text>
      ) : (
        <Text style={{ whiteSpace: 'pre-wrap' }} fz="sm">
          <SafeText text={tool.description} />
        </Text>
      )}
      {tool.findings.length === 0 ? null : (
        <Part title="Findings">
          <List fz="sm">
            {tool.findings.map((finding) => (
              <List.Item key={finding}>{findingText(finding)}</List.Item>
            ))}
          </List>
        </Part>
      )}
      {tool.signals.length === 0 ? null : (
        <Part title="What it touches">
          <List fz="sm">
            {tool.signals.map((signal) => (
              <List.Item key={signal}>{signalText(signal)}</List.Item>
            ))}
          </List>
        </Part>
      )}
      <Part title="Why this class">
        {tool.evidence.length === 0 ? (
          <Text fz="sm" c="dimmed">
            Nothing in its definition says what it does.
          </Text>
        ) : (
          <Table fz="sm" verticalSpacing={4}>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>Term</Table.Th>
                <Table.Th>Where</Table.Th>
                <Table.Th>Suggests</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {tool.evidence.map(({ place, pointer, term, suggests }) => (
                <Table.Tr key={`${pointer} ${term} ${suggests}`}>
                  <Table.Td className="pl-mono">
                    <SafeText text={term} />
                  </Table.Td>
                  <Table.Td title={pointer}>{placeLabel(place)}</Table.Td>
                  <Table.Td>{suggestsLabel(suggests)}</Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        )}
      </Part>
      <ExactJson text={JSON.stringify(tool.inputSchema ?? null)} label="Input schema" />
      {tool.annotations === null || tool.annotations === undefined ? null : <ExactJson text={JSON.stringify(tool.annotations)} label="Annotations" />}
      {tool.catalogueUrl === null ? null : <Anchor href={tool.catalogueUrl}>This tool in the catalogue</Anchor>}
    </Stack>
  );
}

function Part({ title, children }: { readonly title: string; readonly children: ReactNode }): ReactNode {
  return (
    <Stack gap={6} component="section">
      <Text fw={600} fz="sm">
        {title}
      </Text>
      {children}
    </Stack>
  );
}
