// Holds Cedar's WebAssembly, so that neither loading nor checking ever holds up typing.

import init, {
  checkParseSchema,
  formatPolicies,
  schemaToJson,
  validate,
  type DetailedError,
} from "@cedar-policy/cedar-wasm/web";

import { findingsOf, withoutOwnTools, type Finding } from "./findings";
import type { Answer, Cedar, Question } from "./protocol";
import { vocabularyOf } from "./vocabulary";

/** The width of lines that the starter tree keeps to. */
const LINE_WIDTH = 100;

const ready = init();

const cedar: Cedar = {
  validate(text, schema) {
    const answer = validate({ schema, policies: { staticPolicies: text } });
    if (answer.type === "failure") return findingsOf(text, answer.errors, "error");
    const errors = withoutOwnTools(text, answer.validationErrors).map(({ error }) => error);
    // What is wrong is often warned of too, in other words.
    if (errors.length > 0) return findingsOf(text, errors, "error");
    return warnings(
      text,
      withoutOwnTools(text, answer.validationWarnings).map(({ error }) => error),
    );
  },
  checkSchema(text) {
    const answer = checkParseSchema(text);
    return answer.type === "failure" ? findingsOf(text, answer.errors, "error") : [];
  },
  vocabulary(schema) {
    const answer = schemaToJson(schema);
    return answer.type === "success" ? vocabularyOf(answer.json) : null;
  },
  format(text) {
    const answer = formatPolicies({ policyText: text, lineWidth: LINE_WIDTH, indentWidth: 2 });
    return answer.type === "success" ? answer.formatted_policy : null;
  },
};

/** Cedar warns of one statement several times, and says most with the last. */
function warnings(text: string, errors: DetailedError[]): Finding[] {
  const found = findingsOf(text, errors, "warning");
  return [...new Map(found.map((finding) => [`${finding.from}:${finding.to}`, finding])).values()];
}

onmessage = async ({ data }: MessageEvent<Question>) => {
  postMessage(await answer(data));
};

async function answer({ id, ask, args }: Question): Promise<Answer> {
  try {
    await ready;
    const does = cedar[ask] as (...args: string[]) => unknown;
    return { id, answer: does(...args) };
  } catch (error) {
    return { id, failed: String(error) };
  }
}
