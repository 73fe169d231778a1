import { useEffect, useEffectEvent, useRef } from "react";

import type { EditorView } from "@codemirror/view";

import { setWords } from "./completion";
import { mark } from "./faults";
import type { Problem } from "./problem";
import { makeView, reveal, setText } from "./view";
import type { Vocabulary } from "./vocabulary";

interface EditorProps {
  /** The file, whose name also says what language it is in. Give another `key` to another file. */
  path: string;
  text: string;
  isReadOnly: boolean;
  problems: Problem[];
  words: Vocabulary | null;
  /** A line to bring into sight, from 1. */
  line: number | null;
  onChange: (text: string) => void;
}

/**
 * An editor for one file of the tree. It lives in a shadow root, where its styles are adopted style sheets: the policy
 * for the content of pages permits no style elements.
 */
export default function Editor({ path, text, isReadOnly, problems, words, line, onChange }: EditorProps) {
  const host = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView>(null);
  const changed = useEffectEvent(onChange);
  const first = useEffectEvent(() => text);

  useEffect(() => {
    if (!host.current) return;
    const root = host.current.shadowRoot ?? host.current.attachShadow({ mode: "open" });
    const made = makeView({ root, path, text: first(), isReadOnly, onChange: changed });
    view.current = made;
    return () => {
      view.current = null;
      made.destroy();
    };
  }, [path, isReadOnly]);

  useEffect(() => {
    if (view.current) setText(view.current, text);
  }, [text]);
  useEffect(() => {
    if (view.current) mark(view.current, problems);
  }, [problems, text]);
  useEffect(() => {
    if (view.current) setWords(view.current, words);
  }, [words]);
  useEffect(() => {
    if (view.current && line) reveal(view.current, line);
  }, [line]);

  return <div ref={host} className="code-host" />;
}
