// The form of a question, as text, and the question that it asks.

import type { Schemas } from "../../api/paths";

export interface Form {
  agent: string;
  about: "model" | "tool";
  model: string;
  label: "public" | "internal" | "sensitive" | "restricted";
  integrity: "trusted" | "untrusted";
  kinds: string;
  stream: boolean;
  tools: boolean;
  images: boolean;
  inputTokens: string;
  maxOutputTokens: string;
  remaining: string;
  usedPercent: string;
  calls: string;
  tool: string;
  input: string;
  trusted: string;
  untrusted: string;
  unmatched: string;
  sources: string;
  destinations: string;
  isPrivate: boolean;
  isNamedByUser: boolean;
}

export const BLANK: Form = {
  agent: "",
  about: "model",
  model: "",
  label: "public",
  integrity: "trusted",
  kinds: "",
  stream: false,
  tools: false,
  images: false,
  inputTokens: "",
  maxOutputTokens: "",
  remaining: "",
  usedPercent: "",
  calls: "",
  tool: "",
  input: "",
  trusted: "",
  untrusted: "",
  unmatched: "",
  sources: "",
  destinations: "",
  isPrivate: false,
  isNamedByUser: false,
};

/** The question of a form; what is left empty is not sent, and the server takes the most harmless there is. */
export function questionOf(form: Form): Schemas["PolicyQuestion"] {
  const { about, agent, label, integrity, stream, tools, images } = form;
  const shared = {
    agent,
    label,
    integrity,
    kinds: listOf(form.kinds),
    calls: numberOf(form.calls) ?? 0,
    used_percent: numberOf(form.usedPercent) ?? 0,
    ...(form.remaining.trim() && { remaining: form.remaining.trim() }),
  };
  if (about === "tool") return { ...shared, tool: toolOf(form) };
  const limit = numberOf(form.maxOutputTokens);
  return {
    ...shared,
    stream,
    tools,
    images,
    input_tokens: numberOf(form.inputTokens) ?? 0,
    ...(limit !== null && { max_output_tokens: limit }),
    ...(form.model && { model: form.model }),
  };
}

function toolOf(form: Form): Schemas["ToolQuestion"] {
  return {
    id: form.tool.trim(),
    input: inputOf(form.input) ?? {},
    trusted: listOf(form.trusted),
    untrusted: listOf(form.untrusted),
    unmatched: listOf(form.unmatched),
    sources: listOf(form.sources),
    destinations: listOf(form.destinations),
    private: form.isPrivate,
    named_by_user: form.isNamedByUser,
  };
}

/** The arguments of a tool; `null` where the text is no JSON object. */
export function inputOf(text: string): Record<string, never> | null {
  if (text.trim() === "") return {};
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Record<string, never>)
      : null;
  } catch {
    return null;
  }
}

/** Words between commas or spaces. */
export function listOf(text: string): string[] {
  return text.split(/[\s,]+/).filter(Boolean);
}

function numberOf(text: string): number | null {
  return /^\d{1,15}$/.test(text.trim()) ? Number(text) : null;
}
