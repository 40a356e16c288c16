import { Group, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import type { Category } from '../../api/types.ts';
import '../../components/badges.css';

const CATEGORIES: readonly Category[] = ['read', 'write', 'execute', 'destructive', 'financial'];

/** How many tools, and how many of each class: the letter is the class, its title the word. */
export function ClassCounts({ toolCount, classes }: { readonly toolCount: number | null; readonly classes?: Readonly<Partial<Record<Category, number>>> | null | undefined }): ReactNode {
  if (toolCount === null) {
    return (
      <Text component="span" fz="inherit" c="dimmed">
        –
      </Text>
    );
  }
  return (
    <Group gap={6} wrap="nowrap">
      <span className="pl-num">{toolCount}</span>
      {CATEGORIES.map((category) => {
        const count = classes?.[category] ?? 0;
        return count === 0 ? null : (
          <span key={category} className={`pl-badge pl-cat-${category}`}>
            {count} {category}
          </span>
        );
      })}
    </Group>
  );
}
