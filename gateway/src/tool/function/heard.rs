//! The texts of a conversation, and whose each is: the user's, or a function's result.

use std::{
    borrow::Cow,
    collections::{BTreeSet, HashMap},
};

use snapshot::Tools;
use tools::flow::Origin;
use types::{
    Label,
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
    pub(super) fn in_request(tools: &Tools, request: &'r ChatRequest) -> Self {
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
                    heard.result(tools, name.or(message.name.as_deref()), message);
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

    /// Takes note of a result. One of a call that nobody knows is anybody's.
    fn result(&mut self, tools: &Tools, name: Option<&str>, message: &'r Message) {
        let tool = Named::of(tools, name.unwrap_or_default());
        self.sources.insert(tool.server.clone());
        self.label = self.label.join(tool.label.unwrap_or(Label::Public));
        let origin = if tool.trusted { Origin::Trusted } else { Origin::Tool(tool.server.clone()) };
        self.add(origin, message);
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

    #[test]
    fn results_are_their_functions_and_the_models_words_are_nobodys() {
        let call = ToolCall {
            id: "call_1".to_owned(),
            name: "read_page".to_owned(),
            arguments: "{}".to_owned(),
        };
        let asked = Message { tool_calls: vec![call], ..message(Role::Assistant, "I look") };
        let answered =
            Message { tool_call_id: Some("call_1".to_owned()), ..message(Role::Tool, "a page") };
        let messages = vec![
            message(Role::System, "be kind"),
            message(Role::User, "look"),
            asked,
            answered,
            message(Role::Tool, "of no call"),
        ];
        let request = ChatRequest { messages, ..ChatRequest::default() };
        let heard = Heard::in_request(&Tools::default(), &request);
        let functions = Origin::Tool("functions".to_owned());
        let told: Vec<_> = heard.texts.iter().map(|(origin, text)| (origin, &**text)).collect();
        assert_eq!(
            told,
            [
                (&Origin::Trusted, "be kind"),
                (&Origin::Trusted, "look"),
                (&functions, "a page"),
                (&functions, "of no call"),
            ]
        );
        assert_eq!(heard.sources, ["functions".to_owned()].into());
    }
}
