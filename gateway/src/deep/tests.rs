use types::chat::ToolCall;

use super::*;

fn says(role: Role, texts: &[&str]) -> Message {
    Message::new(role, texts.iter().map(|text| Part::Text((*text).to_owned())).collect())
}

#[test]
fn a_message_is_said_as_it_is_read() {
    let mut answer = says(Role::Assistant, &["I will."]);
    let call = ToolCall { id: "1".into(), name: "send".into(), arguments: "{\"to\":1}".into() };
    answer.tool_calls.push(call);
    let messages = vec![
        says(Role::System, &["Be brief."]),
        says(Role::User, &["536-22-", "1234"]),
        answer,
        says(Role::Tool, &["sent"]),
    ];
    let chat = Request::Chat(ChatRequest { messages, ..ChatRequest::default() });
    let told: Vec<_> =
        said(&chat).into_iter().map(|(voice, parts)| (voice, parts.concat())).collect();
    let expected = [
        (Voice::Caller, "Be brief."),
        (Voice::Caller, "536-22-1234"),
        (Voice::Model, "I will."),
        (Voice::Model, "{\"to\":1}"),
        (Voice::Caller, "sent"),
    ];
    assert_eq!(told, expected.map(|(voice, text)| (voice, text.to_owned())));
}

#[tokio::test]
async fn what_the_queue_has_no_room_for_is_dropped() {
    let (sender, jobs) = mpsc::channel(2);
    let (room, full) = (Arc::new(Semaphore::new(100)), AtomicBool::new(false));
    let worker = AbortOnDropHandle::new(tokio::spawn(async {}));
    let queue = Queue { sender, room, full, _worker: worker };
    assert!(queue.place(101).is_none() && queue.place(usize::MAX).is_none());
    let first = queue.place(60);
    assert!(first.is_some() && queue.place(60).is_none(), "too many bytes");
    let second = queue.place(10);
    assert!(second.is_some() && queue.place(10).is_none(), "too many requests");
    drop(second);
    assert!(queue.place(10).is_some());
    drop((first, jobs));
    assert!(queue.place(10).is_none(), "nobody takes them");
}
