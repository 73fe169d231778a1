// What can stand at a place of a policy.

import type { Attribute, Vocabulary } from "./vocabulary";
import { ANNOTATIONS, KEYWORDS, METHODS, STATEMENTS, type Word } from "./words";

export interface Choice {
  label: string;
  /** Its type or what it means. */
  detail?: string;
  /** What is written, with `${}` for a place to fill in; the label where absent. */
  snippet?: string;
}

export interface Choices {
  /** How many characters before the place the choices replace. */
  length: number;
  choices: Choice[];
}

/** The choices at the end of a text: what stands before the cursor. */
export function choicesAfter(before: string, words: Vocabulary): Choices | null {
  if (/\/\/[^\n]*$/.test(before)) return null;
  const statement = before.slice(before.lastIndexOf(";") + 1);
  const annotation = /@\w*$/.exec(statement);
  if (annotation) return choices(annotation[0], ANNOTATIONS.map(word));
  const action = /\bAction::"([^"\n]*)$/.exec(statement);
  if (action) return choices(action[1], actionsOf(words));
  // Within any other text there is nothing to offer.
  if (isWithinText(statement)) return null;
  const path = /\b((?:\w+::)+)(\w*)$/.exec(statement);
  if (path) return choices(path[2], namesWithin(path[1] ?? "", words));
  const value = /\b(principal|resource|context)((?:\.\w+)*)(?:\.|\s+has\s+)(\w*)$/.exec(statement);
  if (value) return choices(value[3], valuesOf(value[1] ?? "", value[2] ?? "", statement, words));
  const start = /\b[A-Za-z]\w*$/.exec(statement);
  return start && choices(start[0], startsOf(words));
}

/** The choices that fit what is typed: those that begin with it first. Where it is one of them already, none. */
export function matching(all: Choice[], typed: string): Choice[] {
  const wanted = typed.toLowerCase();
  const at = ({ label }: Choice) => label.toLowerCase().indexOf(wanted);
  const found = all.filter((choice) => at(choice) >= 0).sort((a, b) => Math.sign(at(a)) - Math.sign(at(b)));
  return found[0]?.label === typed ? [] : found;
}

/** What a choice writes before a character, and what of that is then selected to be written over. */
export function written({ label, snippet = label }: Choice, next: string) {
  const place = /\$\{([^}]*)\}/.exec(snippet);
  const plain = snippet.replace(/\$\{([^}]*)\}/g, "$1");
  if (place) return { text: plain, anchor: place.index, length: place[1]?.length ?? 0 };
  // A quote that is there already is not written twice.
  const text = next === '"' && plain.endsWith('"') ? plain.slice(0, -1) : plain;
  return { text, anchor: text.length, length: 0 };
}

function choices(typed: string | undefined, found: Choice[]): Choices | null {
  return found.length > 0 ? { length: typed?.length ?? 0, choices: found } : null;
}

function actionsOf(words: Vocabulary): Choice[] {
  return words.actions.map(({ name, principals, resources }) => ({
    label: name,
    detail: `${principals.map(short).join(", ")} on ${resources.map(short).join(", ")}`,
    snippet: `${name}"`,
  }));
}

function namesWithin(prefix: string, words: Vocabulary): Choice[] {
  const types = words.types.filter(({ name }) => name.startsWith(prefix)).map(({ name }) => short(name));
  const all = words.namespaces.includes(prefix.slice(0, -2)) ? ["Action", ...types] : types;
  return all.map((name) => ({ label: name, snippet: `${name}::"\${}"` }));
}

function valuesOf(variable: string, path: string, statement: string, words: Vocabulary): Choice[] {
  const steps = path.split(".").slice(1);
  let inside = attributesOf(variable, statement, words);
  let type = "";
  for (const step of steps) {
    const of = inside.find(({ name }) => name === step);
    if (!of) return [];
    ({ type, inside } = of);
  }
  const properties = inside.map((attribute): Choice => {
    const detail = attribute.isOptional ? `${attribute.type}, ask with has first` : attribute.type;
    return { label: attribute.name, detail };
  });
  const methods = METHODS[type.replace(/<.*/, "")] ?? [];
  return [...properties, ...methods.map((name): Choice => ({ label: name, snippet: `${name}(\${})` }))];
}

/** What a variable has, by the actions that the statement names; of all where it names none. */
function attributesOf(variable: string, statement: string, words: Vocabulary): Attribute[] {
  const named = [...statement.matchAll(/\bAction::"([^"\n]*)"/g)].map((match) => match[1]?.split(":", 1)[0]);
  const actions = named.length > 0 ? words.actions.filter(({ name }) => named.includes(name)) : words.actions;
  const found = actions.flatMap(({ context, principals, resources }) => {
    if (variable === "context") return context;
    const types = variable === "principal" ? principals : resources;
    return words.types.filter(({ name }) => types.includes(name)).flatMap(({ attributes }) => attributes);
  });
  return [...new Map(found.map((attribute) => [attribute.name, attribute])).values()];
}

function startsOf(words: Vocabulary): Choice[] {
  return [
    ...STATEMENTS.map(word),
    ...KEYWORDS.map((label): Choice => ({ label })),
    ...words.namespaces.map((name): Choice => ({ label: name, snippet: `${name}::` })),
  ];
}

function isWithinText(statement: string): boolean {
  return statement
    .replace(/\/\/[^\n]*/g, "")
    .replace(/"(?:[^"\\\n]|\\.)*"/g, "")
    .includes('"');
}

function word({ label, info, snippet }: Word): Choice {
  return { label, detail: info, ...(snippet && { snippet }) };
}

function short(name: string): string {
  return name.slice(name.lastIndexOf(":") + 1);
}
