//! What a description tells the model to do beyond the tool.
//!
//! Words in order within a window, over text without its disguises. It finds attacks that announce
//! themselves, and nothing else.

use unicode_normalization::UnicodeNormalization as _;

use super::{Fault, Said, Severity};
use crate::shown::hidden;

/// Words that stand in this order, no more than so many apart from first to last.
struct Pattern {
    severity: Severity,
    what: &'static str,
    window: usize,
    words: &'static [&'static [&'static str]],
}

const NOT: &[&str] = &["not", "never", "dont", "don't", "without", "avoid"];
const USER: &[&str] = &["user", "users", "human", "operator", "anyone", "person"];

const PATTERNS: &[Pattern] = &[
    Pattern {
        severity: Severity::Refuse,
        what: "it puts itself above other instructions",
        window: 7,
        words: &[
            &["ignore", "disregard", "forget", "override", "overrides", "bypass", "supersedes"],
            &[
                "previous", "prior", "above", "earlier", "all", "any", "other", "existing",
                "system", "your",
            ],
            &[
                "instruction",
                "instructions",
                "rule",
                "rules",
                "prompt",
                "prompts",
                "guidelines",
                "directives",
                "messages",
                "restrictions",
                "policy",
                "policies",
                "tools",
                "descriptions",
            ],
        ],
    },
    Pattern {
        severity: Severity::Refuse,
        what: "it wants something kept from the user",
        window: 6,
        words: &[
            NOT,
            &[
                "tell",
                "telling",
                "mention",
                "mentioning",
                "inform",
                "informing",
                "notify",
                "notifying",
                "reveal",
                "revealing",
                "disclose",
                "disclosing",
                "alert",
                "alerting",
                "warn",
            ],
            USER,
        ],
    },
    Pattern {
        severity: Severity::Refuse,
        what: "it wants something kept from the user",
        window: 8,
        words: &[
            &["not", "never", "dont", "don't", "hide", "conceal", "keep", "hidden", "invisible"],
            &[
                "mention", "show", "display", "visible", "reveal", "this", "it", "secret",
                "anything",
            ],
            &["to", "from", "for"],
            USER,
        ],
    },
    Pattern {
        severity: Severity::Refuse,
        what: "it wants something done unseen",
        window: 4,
        words: &[
            &["secretly", "silently", "covertly", "quietly"],
            &[
                "send", "sends", "forward", "copy", "read", "call", "include", "upload", "add",
                "run", "execute",
            ],
        ],
    },
    Pattern {
        severity: Severity::Refuse,
        what: "it wants what the conversation has put into an argument",
        window: 16,
        words: &[
            &[
                "pass", "include", "put", "insert", "append", "provide", "copy", "add", "place",
                "send", "write",
            ],
            &[
                "conversation",
                "chat",
                "credentials",
                "password",
                "passwords",
                "secrets",
                "tokens",
                "keys",
                "history",
                "prompt",
                "messages",
                "contents",
                "content",
            ],
            &[
                "parameter",
                "argument",
                "sidenote",
                "note",
                "field",
                "comment",
                "metadata",
                "otherwise",
            ],
        ],
    },
    Pattern {
        severity: Severity::Refuse,
        what: "it sends copies elsewhere",
        window: 14,
        words: &[
            &["bcc", "forward", "exfiltrate", "transmit", "upload", "leak", "cc"],
            &["@", "://"],
        ],
    },
    Pattern {
        severity: Severity::Warn,
        what: "it makes itself a condition of other tools",
        window: 9,
        words: &[
            &["before", "after", "prior", "whenever", "every", "always"],
            &["using", "calling", "invoking", "use", "call", "running", "executing", "time"],
            &["any", "other", "all", "every", "another", "this"],
            &["tool", "tools", "function", "functions", "action"],
        ],
    },
    Pattern {
        severity: Severity::Warn,
        what: "it gives the model a new role or speaks of its prompt",
        window: 4,
        words: &[
            &["you", "system", "new", "developer", "act", "jailbreak"],
            &["are", "prompt", "instructions", "mode", "as"],
            &["now", "a", "an", "is", "the", "follow", "below", "enabled"],
        ],
    },
    Pattern {
        severity: Severity::Warn,
        what: "it sends something to a fixed address",
        window: 12,
        words: &[&["send", "post", "email", "mail", "submit", "report", "copy"], &["@", "://"]],
    },
];

/// What nobody writes who describes a tool: marks of prompts, and files that hold keys.
const MARKS: [&str; 27] = [
    "<important>",
    "</important>",
    "<system>",
    "</system>",
    "<secret>",
    "<instructions>",
    "<hidden>",
    "<assistant>",
    "<user>",
    "<admin>",
    "<override>",
    "<|im_start|>",
    "<|im_end|>",
    "<|system|>",
    "<|endoftext|>",
    "[inst]",
    "[/inst]",
    "<<sys>>",
    "[system]",
    "\n\nhuman:",
    "\n\nassistant:",
    "### system",
    "### instruction",
    "id_rsa",
    "mcp.json",
    ".aws/credentials",
    "/etc/shadow",
];

/// Files of a person's keys, by the end of a folder's name.
const FOLDERS: [&str; 4] = ["~/.ssh", "~/.gnupg", "~/.kube/config", "~/.cursor"];

pub(super) fn check(text: &str) -> Vec<Said> {
    let plain: String = text
        .chars()
        .filter(|character| matches!(character, '\n' | '\t') || hidden(*character).is_none())
        .nfkc()
        .flat_map(char::to_lowercase)
        .collect();
    let mut said: Vec<Said> = MARKS
        .iter()
        .chain(&FOLDERS)
        .filter(|mark| plain.contains(**mark))
        .map(|mark| Said::refuse(Fault::Instruction, format!("`{}` stands in it", mark.trim())))
        .collect();
    let words: Vec<String> = plain.split_whitespace().flat_map(words).collect();
    let found = PATTERNS.iter().filter(|pattern| pattern.is_in(&words));
    said.extend(found.map(|pattern| Said {
        severity: pattern.severity,
        fault: Fault::Instruction,
        what: pattern.what.to_owned(),
    }));
    said
}

/// The words of a run without blanks; an address of mail or the web is told by its sign.
fn words(run: &str) -> Vec<String> {
    let is_example = run.contains("example.") || run.contains("@example");
    let sign = ["://", "@"].into_iter().find(|sign| run.contains(sign));
    if let (Some(sign), false) = (sign, is_example) {
        return vec![sign.to_owned()];
    }
    let is_in = |letter: char| letter.is_alphanumeric() || letter == '\'';
    run.split(|letter| !is_in(letter)).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

impl Pattern {
    /// Whether its words stand in a text, in order and close enough.
    fn is_in(&self, text: &[String]) -> bool {
        let Some((first, rest)) = self.words.split_first() else { return false };
        let is_one = |group: &[&str], word: &String| group.contains(&word.as_str());
        let begins = text.iter().enumerate().filter(|(_, word)| is_one(first, word));
        begins.into_iter().any(|(start, _)| {
            let mut after = text.iter().skip(start + 1).take(self.window);
            rest.iter().all(|group| after.any(|word| is_one(group, word)))
        })
    }
}
