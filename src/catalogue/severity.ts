import type { Category, Risk } from './types.ts';

export const CATEGORIES: readonly Category[] = ['read', 'write', 'execute', 'destructive', 'financial'];

export const RISKS: readonly Risk[] = ['low', 'medium', 'high', 'critical'];

const SEVERITY: Readonly<Record<Category, number>> = { read: 0, write: 1, execute: 2, destructive: 3, financial: 3 };

/** Rank of a category; `financial` and `destructive` are equal (catalogue.md, "Order of severity"). */
export function severity(category: Category): number {
  return SEVERITY[category];
}

/** The more severe of two; the first when they are equal. */
export function moreSevere(a: Category, b: Category): Category {
  return SEVERITY[b] > SEVERITY[a] ? b : a;
}

/** Base risk class of a category (catalogue.md, "Risk class"). */
export function baseRisk(category: Category): number {
  return SEVERITY[category];
}
