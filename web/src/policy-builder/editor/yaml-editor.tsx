import { setDiagnostics, type Diagnostic as Mark } from '@codemirror/lint';
import { Compartment, EditorState } from '@codemirror/state';
import { EditorView } from '@codemirror/view';
import { useEffect, useRef, type ReactNode } from 'react';
import type { Diagnostic } from '../../api/types.ts';
import { extensions, fromOutside } from './extensions.ts';
import type { Known } from './suggest.ts';
import './yaml-editor.css';

export interface YamlEditorProps {
  readonly text: string;
  readonly label: string;
  readonly readOnly: boolean;
  readonly known: Known;
  readonly diagnostics: readonly Diagnostic[];
  readonly onType: (text: string) => void;
  readonly undo: () => void;
  readonly redo: () => void;
  /** A line to go to; a new object goes there again. */
  readonly goTo: { readonly line: number } | null;
}

/** Default export: the editor is loaded when it is first shown. */
export default function YamlEditor(props: YamlEditorProps): ReactNode {
  const place = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView | null>(null);
  const latest = useRef(props);
  latest.current = props;
  const readOnly = useRef(new Compartment());

  useEffect(() => {
    const made = new EditorView({
      parent: place.current ?? document.body,
      state: EditorState.create({
        doc: latest.current.text,
        extensions: [
          extensions({ known: () => latest.current.known, onChange: (text) => latest.current.onType(text), undo: () => latest.current.undo(), redo: () => latest.current.redo(), label: latest.current.label }),
          readOnly.current.of(EditorState.readOnly.of(latest.current.readOnly)),
        ],
      }),
    });
    view.current = made;
    return () => {
      made.destroy();
      view.current = null;
    };
  }, []);

  useEffect(() => {
    view.current?.dispatch({ effects: readOnly.current.reconfigure(EditorState.readOnly.of(props.readOnly)) });
  }, [props.readOnly]);

  useEffect(() => {
    const editor = view.current;
    if (editor === null) return;
    const now = editor.state.doc.toString();
    if (now === props.text) return;
    editor.dispatch({ changes: between(now, props.text), annotations: fromOutside.of(true) });
  }, [props.text]);

  useEffect(() => {
    const editor = view.current;
    if (editor === null) return;
    editor.dispatch(setDiagnostics(editor.state, props.diagnostics.map((one) => markOf(editor.state, one))));
  }, [props.diagnostics]);

  useEffect(() => {
    const editor = view.current;
    if (editor === null || props.goTo === null) return;
    const line = editor.state.doc.line(Math.max(1, Math.min(props.goTo.line, editor.state.doc.lines)));
    editor.dispatch({ selection: { anchor: line.from, head: line.to }, effects: EditorView.scrollIntoView(line.from, { y: 'center' }) });
    editor.focus();
  }, [props.goTo]);

  return <div ref={place} className="pl-editor" data-readonly={props.readOnly} />;
}

/** The smallest replacement that makes one text the other: the cursor stays where it was. */
function between(now: string, text: string): { from: number; to: number; insert: string } {
  let from = 0;
  const shorter = Math.min(now.length, text.length);
  while (from < shorter && now[from] === text[from]) from += 1;
  let same = 0;
  while (same < shorter - from && now[now.length - 1 - same] === text[text.length - 1 - same]) same += 1;
  return { from, to: now.length - same, insert: text.slice(from, text.length - same) };
}

function markOf(state: EditorState, { line, column, endLine, endColumn, severity, message, help, code }: Diagnostic): Mark {
  const first = state.doc.line(Math.max(1, Math.min(line, state.doc.lines)));
  const from = Math.min(first.to, first.from + Math.max(0, column - 1));
  const last = typeof endLine !== 'number' ? first : state.doc.line(Math.max(1, Math.min(endLine, state.doc.lines)));
  const word = /^[^\s:,{}[\]]+/.exec(state.doc.sliceString(from, first.to))?.[0].length ?? 0;
  const end = typeof endColumn !== 'number' ? from + word : last.from + endColumn - 1;
  const to = Math.max(from, Math.min(state.doc.length, end));
  return { from, to, severity: severity === 'error' ? 'error' : severity === 'info' ? 'info' : 'warning', message: help === undefined || help === null ? message : `${message}\n${help}`, source: code };
}
