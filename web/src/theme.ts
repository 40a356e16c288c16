import { createTheme, defaultVariantColorsResolver, localStorageColorSchemeManager, type MantineColorsTuple } from '@mantine/core';

/** Shades around the accent of the catalogue's pages. */
const accent: MantineColorsTuple = ['#eef3ff', '#dbe5fd', '#b8caf8', '#8fb2ff', '#6c93f0', '#4a76e2', '#3562d4', '#2450c4', '#1e43a6', '#183687'];
/** The dark scheme of the catalogue's pages, from ink to page. */
const dark: MantineColorsTuple = ['#e9ebef', '#c9ced8', '#a2a9b6', '#7a8291', '#3a3f49', '#2a2e36', '#191c22', '#111317', '#0c0e11', '#08090b'];
const gray: MantineColorsTuple = ['#f8f9fa', '#f4f5f7', '#e9ebee', '#e2e4e8', '#c9cdd5', '#8a919e', '#6a7180', '#596070', '#343946', '#16181d'];

export const theme = createTheme({
  primaryColor: 'accent',
  primaryShade: { light: 7, dark: 3 },
  // Mantine chooses the text on a filled button by the light scheme's shade alone; ours is light in the dark scheme.
  variantColorResolver: (input) => ({ ...defaultVariantColorsResolver(input), ...(input.variant === 'filled' && (input.color ?? 'accent') === 'accent' ? { color: 'var(--pl-on-accent)' } : {}) }),
  colors: { accent, dark, gray },
  black: '#16181d',
  fontFamily: 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", Arial, sans-serif',
  fontFamilyMonospace: 'ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", "Liberation Mono", monospace',
  headings: { fontWeight: '650', sizes: { h1: { fontSize: '1.5rem', lineHeight: '1.25' }, h2: { fontSize: '1.125rem', lineHeight: '1.35' }, h3: { fontSize: '1rem', lineHeight: '1.4' } } },
  defaultRadius: 'md',
  cursorType: 'pointer',
  respectReducedMotion: true,
});

export const colours = localStorageColorSchemeManager({ key: 'policylayer-colours' });
