import { autocompletion, type Completion, type CompletionContext, type CompletionResult, completionKeymap, startCompletion } from '@codemirror/autocomplete';
import { defaultKeymap, indentWithTab } from '@codemirror/commands';
import { yaml } from '@codemirror/lang-yaml';
import { bracketMatching, HighlightStyle, indentOnInput, indentUnit, syntaxHighlighting } from '@codemirror/language';
import { lintGutter, lintKeymap } from '@codemirror/lint';
import { highlightSelectionMatches, searchKeymap } from '@codemirror/search';
import { Annotation, EditorState, type Extension } from '@codemirror/state';
import { drawSelection, EditorView, highlightActiveLine, highlightActiveLineGutter, hoverTooltip, keymap, lineNumbers } from '@codemirror/view';
import { tags } from '@lezer/highlight';
import { STYLE_NONCE } from '../../nonce.ts';
import { contextAt } from './context.ts';
import type { Known } from './suggest.ts';
import { helpAt, suggestions } from './suggest.ts';

const colours = HighlightStyle.define([
  { tag: [tags.propertyName, tags.definition(tags.propertyName)], color: 'var(--pl-write)' },
  { tag: [tags.string, tags.special(tags.string)], color: 'var(--pl-read)' },
  { tag: [tags.content], color: 'var(--mantine-color-text)' },
  { tag: [tags.number, tags.bool, tags.keyword, tags.atom], color: 'var(--pl-execute)' },
  { tag: [tags.comment, tags.lineComment], color: 'var(--pl-soft)', fontStyle: 'italic' },
  { tag: [tags.punctuation, tags.separator, tags.bracket, tags.squareBracket, tags.brace], color: 'var(--pl-soft)' },
]);

const look = EditorView.theme({
  '&': { height: '100%', fontSize: '0.8125rem', backgroundColor: 'transparent', color: 'var(--mantine-color-text)' },
  '&.cm-focused': { outline: 'none' },
  '.cm-scroller': { fontFamily: 'var(--mantine-font-family-monospace)', lineHeight: '1.6' },
  '.cm-content': { caretColor: 'var(--mantine-color-text)', paddingBlock: '0.5rem' },
  '.cm-cursor, .cm-dropCursor': { borderLeftColor: 'var(--mantine-color-text)' },
  '.cm-gutters': { backgroundColor: 'transparent', color: 'var(--pl-soft)', border: 'none' },
  '.cm-activeLine, .cm-activeLineGutter': { backgroundColor: 'color-mix(in srgb, var(--pl-well) 70%, transparent)' },
  '&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground': { backgroundColor: 'color-mix(in srgb, var(--pl-accent) 24%, transparent)' },
  '.cm-matchingBracket, &.cm-focused .cm-matchingBracket': { backgroundColor: 'var(--pl-well)', outline: '1px solid var(--pl-off)' },
  '.cm-tooltip': { backgroundColor: 'var(--mantine-color-body)', color: 'var(--mantine-color-text)', border: '1px solid var(--pl-line)', borderRadius: '8px', boxShadow: 'var(--mantine-shadow-md)', maxWidth: 'min(32rem, 90vw)' },
  '.cm-tooltip.cm-tooltip-autocomplete > ul': { fontFamily: 'var(--mantine-font-family-monospace)', maxHeight: '16rem' },
  '.cm-tooltip-autocomplete ul li[aria-selected]': { backgroundColor: 'var(--pl-accent)', color: 'var(--mantine-color-body)' },
  '.cm-completionDetail': { fontStyle: 'normal', opacity: '0.75', marginLeft: '0.75rem' },
  '.cm-tooltip .pl-help': { padding: '0.375rem 0.625rem', whiteSpace: 'pre-wrap', fontSize: '0.8125rem' },
  '.cm-diagnostic': { padding: '0.375rem 0.625rem', whiteSpace: 'pre-wrap', fontFamily: 'var(--mantine-font-family)' },
  '.cm-panels': { backgroundColor: 'var(--pl-well)', color: 'var(--mantine-color-text)' },
  '.cm-searchMatch': { backgroundColor: 'var(--pl-warn-well)' },
});

const TYPES: Readonly<Record<string, Completion['type']>> = { key: 'property', value: 'enum', tool: 'function', class: 'class', glob: 'text', function: 'function' };

function complete(known: () => Known): (context: CompletionContext) => CompletionResult | null {
  return ({ state, pos, explicit }) => {
    const text = state.doc.toString();
    const context = contextAt(text, pos);
    if (!explicit && context.word === '' && !/[\s:{[,"]$/.test(text.slice(Math.max(0, pos - 1), pos))) return null;
    const found = suggestions(known(), context);
    if (found.length === 0) return null;
    const expression = context.kind === 'value' && found.some(({ kind }) => kind === 'function');
    const word = expression ? (/[\w.[\]"]*$/.exec(context.word)?.[0] ?? '') : context.word;
    // An opening quote is part of what is replaced, as the insertion brings its own.
    const from = pos - word.length - (text[pos - word.length - 1] === '"' && !expression ? 1 : 0);
    return {
      from,
      filter: true,
      options: found.map((one): Completion => ({ label: from < pos - word.length ? `"${one.label}` : one.label, displayLabel: one.label, apply: applied(one.insert), type: TYPES[one.kind] ?? 'text', detail: one.detail, ...(one.info === '' ? {} : { info: one.info }) })),
    };
  };
}

/** What is inserted takes the place of a closing quote and of a colon that are there already. */
function applied(insert: string): (view: EditorView, completion: Completion, from: number, to: number) => void {
  return (view, _completion, from, to) => {
    const after = view.state.doc.sliceString(to, Math.min(view.state.doc.length, to + 3));
    let end = to;
    if (insert.startsWith('"') && after.startsWith('"')) end += 1;
    const colon = insert.endsWith(': ') && view.state.doc.sliceString(end, end + 1) === ':';
    const text = colon ? insert.slice(0, -2) : insert;
    view.dispatch({ changes: { from, to: end, insert: text }, selection: { anchor: from + text.length }, userEvent: 'input.complete' });
    if (insert.endsWith(': ')) setTimeout(() => startCompletion(view), 0);
  };
}

function help(known: () => Known): Extension {
  return hoverTooltip((view, pos) => {
    const line = view.state.doc.lineAt(pos);
    const end = line.text.slice(pos - line.from).search(/[\s:,{}[\]"']|$/) + pos;
    const context = contextAt(view.state.doc.toString(), end);
    const path = context.kind === 'key' ? [...context.path, context.word] : context.path;
    const text = helpAt(known(), path);
    if (text === '') return null;
    return {
      pos: context.from,
      end,
      above: true,
      create: () => {
        const dom = document.createElement('div');
        dom.className = 'pl-help';
        dom.textContent = text;
        return { dom };
      },
    };
  });
}

export interface EditorOptions {
  readonly known: () => Known;
  readonly onChange: (text: string) => void;
  readonly undo: () => void;
  readonly redo: () => void;
  readonly label: string;
}

/** Everything that the editor is made of, but what can change while it is open. */
export function extensions({ known, onChange, undo, redo, label }: EditorOptions): Extension {
  const run = (act: () => void) => (): boolean => {
    act();
    return true;
  };
  return [
    STYLE_NONCE === '' ? [] : EditorView.cspNonce.of(STYLE_NONCE),
    lineNumbers(),
    lintGutter(),
    highlightActiveLine(),
    highlightActiveLineGutter(),
    drawSelection(),
    bracketMatching(),
    indentOnInput(),
    indentUnit.of('  '),
    highlightSelectionMatches(),
    yaml(),
    syntaxHighlighting(colours),
    look,
    help(known),
    autocompletion({ override: [complete(known)], activateOnTyping: true, icons: false }),
    EditorState.tabSize.of(2),
    EditorView.contentAttributes.of({ 'aria-label': label, tabindex: '0', spellcheck: 'false', autocapitalize: 'off', autocorrect: 'off' }),
    // Undo goes through the draft, which the board shares. Tab indents; Escape then Tab leaves the editor.
    keymap.of([
      { key: 'Mod-z', run: run(undo), preventDefault: true },
      { key: 'Mod-y', run: run(redo), preventDefault: true },
      { key: 'Mod-Shift-z', run: run(redo), preventDefault: true },
      ...completionKeymap,
      ...searchKeymap,
      ...lintKeymap,
      indentWithTab,
      ...defaultKeymap,
    ]),
    EditorView.updateListener.of((update) => {
      if (update.docChanged && update.transactions.some((transaction) => transaction.annotation(fromOutside) !== true)) onChange(update.state.doc.toString());
    }),
  ];
}

/** Marks changes that came from the board: they are not typed. */
export const fromOutside = Annotation.define<boolean>();
