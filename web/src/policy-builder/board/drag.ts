import { closestCenter, pointerWithin, type Announcements, type CollisionDetection, type KeyboardCoordinateGetter } from '@dnd-kit/core';
import { COLUMNS, COLUMN_TITLES, type Column } from './columns.ts';

export const isColumn = (value: unknown): value is Column => COLUMNS.some((column) => column === value);
const titleOf = (value: unknown): string => (isColumn(value) ? COLUMN_TITLES[value] : 'no column');

/** With the pointer the column under it; with the keyboard the one to which the arrows went. */
export const columnUnder: CollisionDetection = (args) => (args.pointerCoordinates === null ? closestCenter(args) : pointerWithin(args));

/** Arrows go from column to column, whether they stand beside or below each other. */
export const columnByArrow: KeyboardCoordinateGetter = (event, { context: { over, droppableRects, collisionRect } }) => {
  const forward = event.code === 'ArrowRight' || event.code === 'ArrowDown';
  const back = event.code === 'ArrowLeft' || event.code === 'ArrowUp';
  if (!forward && !back) return undefined;
  event.preventDefault();
  const now = COLUMNS.findIndex((column) => column === over?.id);
  const target = COLUMNS[Math.max(0, Math.min(COLUMNS.length - 1, now + (forward ? 1 : -1)))];
  const rect = target === undefined ? undefined : droppableRects.get(target);
  if (rect === undefined || collisionRect === null) return undefined;
  return { x: rect.left + (rect.width - collisionRect.width) / 2, y: rect.top + (rect.height - collisionRect.height) / 2 };
};

/** What a screen reader says while a tool is moved. */
export const announcements: Announcements = {
  onDragStart: ({ active }) => `${String(active.id)} is picked up. Arrow keys choose a column.`,
  onDragOver: ({ active, over }) => `${String(active.id)} is over ${titleOf(over?.id)}.`,
  onDragEnd: ({ active, over }) => (over === null ? `${String(active.id)} stays where it was.` : `${String(active.id)} is put into ${titleOf(over.id)}.`),
  onDragCancel: ({ active }) => `${String(active.id)} stays where it was.`,
};

export const INSTRUCTIONS = 'Press Space or Enter to pick the tool up, arrow keys to choose a column, Space or Enter to put it down, Escape to leave it where it was. The menu beside it does the same without dragging.';
