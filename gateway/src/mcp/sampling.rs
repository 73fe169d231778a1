//! A model's answer for a tool server that asks for one (`sampling/createMessage`): a request of the agent whose
//! call the server works on, with its own inspection, decision, hold and records, within the same budget.

use bytes::Bytes;
use providers::{Api, Endpoint};
use serde_json::{Value, json};
use snapshot::Snapshot;
use types::{Code, RequestId, Timestamp, answer::Finish};

use super::Sender;
use crate::{
    approval::Used as Approved,
    ask::{Arrived, Ready, Stop, prepare},
    asked::{self, Answer},
    attempt::{Destination, Lost, Next, Order},
    authorize::{Authorized, Call, authorize},
    bill::Known as Used,
    caller::Known,
    deliver::check_limit,
    gate::Gate,
    refusal::Refusal,
    screen::Screen,
    serve::{candidates, inspect, least, record},
    session, tally,
    tool::function::Flow,
    trail::Trail,
    wishes::{Cache, Wishes},
};

/// The most messages of one request.
const MESSAGES_MAX: usize = 256;

/// The result of `sampling/createMessage` with these parameters, as a request of the sender's agent for the server.
pub(super) async fn answer(
    gate: &Gate,
    (sender, server): (&Sender, &str),
    params: &Value,
) -> Result<Value, Refusal> {
    let snapshot = gate.snapshots.load();
    let agent = snapshot.agent(sender.caller.agent);
    let agent = agent.ok_or_else(|| Refusal::new(Code::Unauthenticated, "the agent is gone"))?;
    let known = Known { agent, caller: sender.caller.clone() };
    let mut trail = Trail::new(RequestId::generate(), Endpoint::Chat(Api::Chat));
    trail.enter(&snapshot, &known);
    trail.part_of = Some(sender.request);
    trail.session = Some(sender.session.flow.to_string());
    let asker = (&known, sender, server);
    let asked = Box::pin(ask(gate, &snapshot, asker, params, &mut trail)).await;
    if let (Err(refusal), false) = (&asked, trail.decided) {
        record(gate, &trail, refusal.code.as_str(), &refusal.policies).await;
    }
    asked
}

/// As any request is answered, but for the caller.
async fn ask(
    gate: &Gate,
    snapshot: &Snapshot,
    (known, sender, server): (&Known<'_>, &Sender, &str),
    params: &Value,
    trail: &mut Trail,
) -> Result<Value, Refusal> {
    let now = Timestamp::now();
    let body = Bytes::from(chat(params)?.to_string());
    let (mut request, echo) = trail.endpoint.decode_request(&body)?;
    request.model().clone_into(&mut trail.asked);
    let wishes = wishes(sender);
    let limits = snapshot.limits(known.agent, &known.caller);
    let mut passes = trail.within(gate.limits.enter(&limits).await)?;
    let estimate = asked::estimate(&request);
    let tokens = trail.within(gate.limits.tokens(&mut passes, estimate).await)?;
    let findings = inspect(snapshot, &mut request, body.len(), trail);
    let about = (known, &wishes);
    let flow = Flow::join_of_server(gate, server, about, (&request, trail.request)).await?;
    let label = findings.label.join(least(known, &wishes)).join(flow.label);
    let joined = session::join(gate, trail, about, &mut request, label).await?;
    trail.label = Some(joined.label);
    let candidates = candidates(snapshot, known, &request, &wishes)?;
    let call = Call {
        now,
        label: joined.label,
        known,
        wishes: &wishes,
        request: &request,
        flow: &flow,
        findings: &findings,
        input_bound: asked::input_bound(&request),
        input_tokens: asked::input_tokens(&request),
    };
    // Nobody is asked to approve what a server wants to know.
    let authorized = authorize(gate, trail, snapshot, &call, &candidates, None).await;
    let Authorized { permit, plan } = authorized.map_err(|unmet| unmet.refusal)?;
    trail.plan(&permit, &plan);
    let order = Order {
        snapshot,
        permit: &permit,
        known,
        request: &request,
        echo: &echo,
        findings: &findings,
        wishes: &wishes,
        seen: joined.seen,
        flow: &flow,
        mentioned: &joined.mentioned,
        tokens: &tokens,
        input_tokens: call.input_tokens,
        now,
    };
    let used = Approved::take(gate, (permit.approval(), permit.request())).await?;
    let ready = first(gate, &order, &plan, trail).await;
    used.end(gate, trail.decided).await;
    told(gate, &order, ready?, trail).await
}

/// The answer of the first model of the plan that gives one.
async fn first<'a>(
    gate: &'a Gate,
    order: &Order<'a>,
    plan: &router::Plan,
    trail: &mut Trail,
) -> Result<Ready<'a>, Refusal> {
    let mut last = Refusal::new(Code::NoRoute, "no model was tried");
    for choice in plan.attempts() {
        let tried = async {
            let to = Destination::of(gate, order, choice, trail).await?;
            let prepared = prepare(gate, order, to, None, trail).await?;
            prepared.exchange(gate, &Stop::default()).await
        };
        match tried.await {
            Ok(ready) => return Ok(ready),
            Err(Lost { refusal, next: Next::Nothing }) => return Err(refusal),
            Err(Lost { refusal, .. }) => last = refusal,
        }
    }
    Err(last)
}

/// Closes the bill of an answer, and tells it in the words of MCP. Values that tokens stand for stay away: a tool
/// server is not the caller.
async fn told(
    gate: &Gate,
    order: &Order<'_>,
    mut ready: Ready<'_>,
    trail: &mut Trail,
) -> Result<Value, Refusal> {
    let failed = || Refusal::new(Code::UpstreamFailed, "the model's answer is no text");
    let Arrived::Whole(mut answer) = ready.answer else { return Err(failed()) };
    answer.meter(&mut ready.bill.meter);
    tally::count(&mut ready.bill.meter, &ready.to.request).await;
    check_limit(gate, &ready.to, &ready.bill);
    let mut screen = Screen::of(gate, order, &ready.to);
    let searched = screen.search_whole(&mut answer);
    ready.bill.findings = screen.found().cloned();
    screen.tell(gate, order, trail).await;
    if let Err(stopped) = searched {
        let (code, message) = stopped.told();
        ready.bill.close(Used::Whole, code.as_str());
        return Err(Refusal::new(code, message));
    }
    let model = ready.to.model.id.clone();
    ready.bill.close(Used::Whole, "ok");
    let Answer::Chat(chat) = *answer else { return Err(failed()) };
    let choice = chat.choices.into_iter().next().ok_or_else(failed)?;
    let text = choice.text.or(choice.refusal).ok_or_else(failed)?;
    let reason = match choice.finish {
        Finish::Length => "maxTokens",
        _ if choice.stop_sequence.is_some() => "stopSequence",
        _ => "endTurn",
    };
    let content = json!({ "type": "text", "text": text });
    Ok(json!({ "role": "assistant", "model": model, "content": content, "stopReason": reason }))
}

/// What the request of a server wishes: what the call wishes that it works on, but for what is the caller's own.
fn wishes(sender: &Sender) -> Wishes {
    Wishes {
        session: Some(sender.session.flow),
        label: sender.wishes.label,
        max_cost: sender.wishes.max_cost,
        dry_run: false,
        probe: false,
        cache: Some(Cache::Off),
        wait: None,
    }
}

/// The parameters as a chat of our API. Which model answers is the agent's affair and not the server's; tools of a
/// server's own are not passed on.
fn chat(params: &Value) -> Result<Value, Refusal> {
    let bad =
        |what: &str| Refusal::invalid(format!("`{what}` of the sampling request cannot be read"));
    let messages = params.get("messages").and_then(Value::as_array);
    let messages =
        messages.filter(|all| all.len() <= MESSAGES_MAX).ok_or_else(|| bad("messages"))?;
    let system = params.get("systemPrompt").and_then(Value::as_str);
    let system = system.map(|text| json!({ "role": "system", "content": text }));
    let mut all: Vec<Value> = system.into_iter().collect();
    for message in messages {
        let role = message.get("role").and_then(Value::as_str);
        let role = role.filter(|role| ["user", "assistant"].contains(role));
        let content = message.get("content").and_then(content).ok_or_else(|| bad("content"))?;
        all.push(json!({ "role": role.ok_or_else(|| bad("role"))?, "content": content }));
    }
    let mut chat = json!({ "model": "auto", "messages": all });
    let fields = [
        ("maxTokens", "max_completion_tokens"),
        ("temperature", "temperature"),
        ("stopSequences", "stop"),
    ];
    for (theirs, ours) in fields {
        if let (Some(value), Some(chat)) = (params.get(theirs), chat.as_object_mut()) {
            chat.insert(ours.to_owned(), value.clone());
        }
    }
    Ok(chat)
}

/// One block of content, or several, as parts of a message.
fn content(content: &Value) -> Option<Value> {
    let part = |block: &Value| match block.get("type")?.as_str()? {
        "text" => Some(json!({ "type": "text", "text": block.get("text")? })),
        "image" => {
            let (kind, data) = (block.get("mimeType")?.as_str()?, block.get("data")?.as_str()?);
            let url = format!("data:{kind};base64,{data}");
            Some(json!({ "type": "image_url", "image_url": { "url": url } }))
        }
        _ => None,
    };
    match content {
        Value::Array(blocks) => {
            blocks.iter().map(part).collect::<Option<Vec<_>>>().map(Value::Array)
        }
        block => Some(Value::Array(vec![part(block)?])),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sampling_request_is_a_chat_with_the_agents_own_model() {
        let text = |text: &str| json!({ "type": "text", "text": text });
        let asked = json!({
            "messages": [
                { "role": "user", "content": text("hi") },
                { "role": "assistant", "content": [text("yes?")] },
            ],
            "systemPrompt": "Be brief.", "maxTokens": 10, "temperature": 0.5, "stopSequences": ["x"],
            "modelPreferences": { "hints": [{ "name": "the-dearest" }] },
        });
        let wanted = json!({
            "model": "auto",
            "messages": [
                { "role": "system", "content": "Be brief." },
                { "role": "user", "content": [text("hi")] },
                { "role": "assistant", "content": [text("yes?")] },
            ],
            "max_completion_tokens": 10, "temperature": 0.5, "stop": ["x"],
        });
        assert_eq!(chat(&asked), Ok(wanted));
    }

    #[test]
    fn what_is_no_sampling_request_is_refused() {
        for wrong in [
            json!({}),
            json!({ "messages": [{ "role": "system", "content": { "type": "text", "text": "x" } }] }),
            json!({ "messages": [{ "role": "user", "content": { "type": "audio", "data": "" } }] }),
            json!({ "messages": vec![json!({ "role": "user" }); MESSAGES_MAX + 1] }),
        ] {
            assert!(chat(&wrong).is_err(), "{wrong}");
        }
    }
}
