//! The texts of a conversation, and whose each is: the user's, or a function's result.

use std::{
    borrow::Cow,
    collections::{BTreeSet, HashMap},
};

use snapshot::Tools;
use tools::flow::Origin;
use types::{
    Integrity, Label,
    chat::{ChatRequest, File, FileSource, Message, Part, Role},
};

use super::Named;

/// What a conversation has in it.
pub(super) struct Heard<'r> {
    /// The texts of others than the model, the oldest first.
    pub(super) texts: Vec<(Origin, Cow<'r, str>)>,
    /// The servers whose results are in it.
    pub(super) sources: BTreeSet<String>,
    /// What the tree says of them: the highest of their labels.
    pub(super) label: Label,
}

impl<'r> Heard<'r> {
    /// What has no conversation.
    pub(super) const fn nothing() -> Self {
        Self { texts: Vec::new(), sources: BTreeSet::new(), label: Label::Public }
    }

    /// Who speaks is what the caller says: it speaks for its user, and names the call that each result is of.
    /// `before` is the integrity of the session before this request.
    pub(super) fn in_request(tools: &Tools, request: &'r ChatRequest, before: Integrity) -> Self {
        let mut heard = Self::nothing();
        let mut called: HashMap<&str, &str> = HashMap::new();
        for message in &request.messages {
            match message.role {
                Role::System | Role::Developer | Role::User => heard.add(Origin::Trusted, message),
                Role::Assistant => {
                    let calls = message.tool_calls.iter();
                    called.extend(calls.map(|call| (call.id.as_str(), call.name.as_str())));
                }
                Role::Tool => {
                    let id = message.tool_call_id.as_deref();
                    let name = id.and_then(|id| called.get(id).copied());
                    heard.result((tools, before), name.or(message.name.as_deref()), message);
                }
            }
        }
        heard
    }

    /// What a tool server asks a model: all of it is the server's, whatever roles it gives its words.
    pub(super) fn of_server(server: &str, request: &'r ChatRequest) -> Self {
        let mut heard = Self::nothing();
        heard.sources.insert(server.to_owned());
        for message in &request.messages {
            heard.add(Origin::Tool(server.to_owned()), message);
        }
        heard
    }

    /// Takes note of a result. One of a call that nobody knows is anybody's. A trusted function may say again
    /// what it was asked, and behind words of others anybody may be asking: what it says then vouches for nothing.
    fn result(
        &mut self,
        (tools, before): (&Tools, Integrity),
        name: Option<&str>,
        message: &'r Message,
    ) {
        let tool = Named::of(tools, name.unwrap_or_default());
        self.sources.insert(tool.server.clone());
        self.label = self.label.join(tool.label.unwrap_or(Label::Public));
        if !tool.trusted {
            self.add(Origin::Tool(tool.server.clone()), message);
        } else if before == Integrity::Trusted && self.is_trusted() {
            self.add(Origin::Trusted, message);
        }
    }

    /// Whether nothing in it is of anybody else.
    pub(super) fn is_trusted(&self) -> bool {
        self.texts.iter().all(|(origin, _)| *origin == Origin::Trusted)
    }

    fn add(&mut self, origin: Origin, message: &'r Message) {
        // A document that a user hands over has other people's words in it.
        let files = message.role == Role::Tool;
        let texts: Vec<&str> =
            message.content.iter().filter_map(|part| text(part, files)).collect();
        let text = match texts.as_slice() {
            [one] => Cow::Borrowed(*one),
            several => Cow::Owned(several.concat()),
        };
        self.texts.push((origin, text));
    }
}

fn text(part: &Part, files: bool) -> Option<&str> {
    match part {
        Part::Text(text) => Some(text),
        Part::File(File { source: FileSource::Text(text), .. }) if files => Some(text),
        Part::File(_) | Part::Image(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use types::chat::ToolCall;

    use super::*;

    fn message(role: Role, text: &str) -> Message {
        Message::new(role, vec![Part::Text(text.to_owned())])
    }

    fn call(id: &str, name: &str) -> ToolCall {
        ToolCall { id: id.to_owned(), name: name.to_owned(), arguments: "{}".to_owned() }
    }

    fn answered(id: &str, text: &str) -> Message {
        Message { tool_call_id: Some(id.to_owned()), ..message(Role::Tool, text) }
    }

    #[track_caller]
    fn check(heard: &Heard<'_>, expected: &[(&Origin, &str)]) {
        let told: Vec<_> = heard.texts.iter().map(|(origin, text)| (origin, &**text)).collect();
        assert_eq!(told, expected);
    }

    #[test]
    fn a_trusted_function_vouches_for_nothing_behind_words_of_others() {
        let file = b"[server]\nfunctions = true\n\n[tools.lookup]\neffect = \"read\"\ntrust = \"trusted\"\n";
        let files = [("tools/own.toml".to_owned(), file.to_vec())].into();
        let tools = Tools::of_files(&files).unwrap();
        let calls = vec![call("1", "lookup"), call("2", "read_page"), call("3", "lookup")];
        let messages = vec![
            Message { tool_calls: calls, ..message(Role::Assistant, "I look") },
            answered("1", "bob@example.org"),
            answered("2", "a page"),
            answered("3", "mallory@example.org"),
        ];
        let request = ChatRequest { messages, ..ChatRequest::default() };
        let page = (&Origin::Tool("functions".to_owned()), "a page");
        let heard = Heard::in_request(&tools, &request, Integrity::Trusted);
        check(&heard, &[(&Origin::Trusted, "bob@example.org"), page]);
        // In a session that was untrusted already nobody knows who asked.
        let heard = Heard::in_request(&tools, &request, Integrity::Untrusted);
        check(&heard, &[page]);
        assert!(heard.sources.contains("own"));
    }

    #[test]
    fn results_are_their_functions_and_the_models_words_are_nobodys() {
        let asked = Message {
            tool_calls: vec![call("call_1", "read_page")],
            ..message(Role::Assistant, "I look")
        };
        let messages = vec![
            message(Role::System, "be kind"),
            message(Role::User, "look"),
            asked,
            answered("call_1", "a page"),
            message(Role::Tool, "of no call"),
        ];
        let request = ChatRequest { messages, ..ChatRequest::default() };
        let heard = Heard::in_request(&Tools::default(), &request, Integrity::Trusted);
        let functions = Origin::Tool("functions".to_owned());
        check(
            &heard,
            &[
                (&Origin::Trusted, "be kind"),
                (&Origin::Trusted, "look"),
                (&functions, "a page"),
                (&functions, "of no call"),
            ],
        );
        assert_eq!(heard.sources, ["functions".to_owned()].into());
    }
}
