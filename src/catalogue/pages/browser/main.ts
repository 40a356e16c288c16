// The script of the pages, built into dist/catalogue.js by scripts/build.mjs. Everything but searching in an export works without it.
import { copyButtons } from './copy.ts';
import type { Window } from './dom.ts';
import { searchForm } from './search.ts';

const window = globalThis as unknown as Window;
copyButtons(window);
searchForm(window);
