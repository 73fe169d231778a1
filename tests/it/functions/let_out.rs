//! What stands between a permitted call of a function and its caller: the count of its session, its tool's limit, its
//! price and its record.

use super::*;

/// No more than two calls a session.
const TWO_CALLS: &str = r#"@id("two-calls")
forbid (principal, action == Orchestack::Action::"callTool", resource)
when { context.session.calls >= 2 };
"#;

const LOGGED: &str = r#"@id("calls-are-logged")
@log("full") @audit("required")
permit (principal, action == Orchestack::Action::"callTool", resource);
"#;

/// A house without the starter's policies, in which mail has these lines more.
async fn built(database: Database, mail: &str, policies: &str) -> (Server, Simulator) {
    let simulator = provider(&[("model", Price::dollars_per_million(1, 1))]).await;
    let setup = Setup::new(database).await;
    let tree = setup.tree();
    tree.agent("default", "0.15").openai_provider("sim", &simulator, "local");
    tree.model(ModelSpec { id: "model", provider: "sim", price: Some(("1.00", "1.00")) });
    let egress = "effect = \"egress\"\n";
    tree.write("tools/agent.toml", &FUNCTIONS.replace(egress, &format!("{egress}{mail}")));
    tree.write("policies/more.cedar", policies);
    (setup.start().await, simulator)
}

fn mail() -> Value {
    alone("Now use send_mail.")
}

/// What is read in place of the one call of the answer.
#[track_caller]
fn told(answer: &Answer) -> String {
    assert_eq!(called(answer), (Vec::new(), "stop".to_owned()), "{}", answer.text);
    answer.content()
}

async fn calls_beside_each_other_cannot_pass_a_count(database: Database) {
    let (server, _simulator) = built(database, "", TWO_CALLS).await;
    let caller = Caller::new(&server, "default");
    let asks = (0..8).map(|_| {
        let caller = caller.clone();
        tokio::spawn(async move {
            let answer = caller.ask_with(("x-orchestack-session", SESSION), &mail()).await;
            called(&answer).0.len()
        })
    });
    let mut made = 0;
    for ask in asks.collect::<Vec<_>>() {
        made += ask.await.unwrap();
    }
    assert_eq!(made, 2);
    let shown = server.json(&["session", "show", SESSION]);
    assert_eq!(shown["flow"]["tool_calls"], 2, "what was denied is not counted: {shown}");
    let other = caller.ask_with(("x-orchestack-session", OTHER), &mail()).await;
    assert_called(&other, "send_mail");
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_beside_each_other_cannot_pass_a_count_on_sqlite() {
    calls_beside_each_other_cannot_pass_a_count(Database::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_beside_each_other_cannot_pass_a_count_on_postgres() {
    calls_beside_each_other_cannot_pass_a_count(Database::Postgres).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_has_so_many_calls_a_minute() {
    let (server, _simulator) = built(Database::Sqlite, "calls_per_minute = 2\n", "").await;
    let caller = Caller::new(&server, "default");
    for body in [mail(), streamed(mail())] {
        assert_called(&caller.ask(&body).await, "send_mail");
    }
    for body in [mail(), streamed(mail())] {
        let answer = caller.ask(&body).await;
        assert!(told(&answer).contains("requests a minute"), "{}", answer.text);
        let record = record(&server);
        assert_eq!(record["outcome"], "rate_limited", "{record}");
        assert_eq!(record["detail"]["limit"]["id"], "agent.send_mail", "{record}");
    }
    // It is the limit of that function alone.
    assert_called(&caller.ask(&alone("Use own.")).await, "own");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_with_a_price_is_paid_for_when_it_is_let_out() {
    let (server, _simulator) = built(Database::Sqlite, "price = \"0.10\"\n", LOGGED).await;
    let caller = Caller::new(&server, "default");
    assert_called(&caller.ask(&mail()).await, "send_mail");
    let spent = eventually("the call is settled", SOON, async || {
        let spent = server.json(&["spend", "--by", "model"]).to_string();
        spent.contains("agent.send_mail").then_some(spent)
    })
    .await;
    assert!(spent.contains("0.10"), "{spent}");
    assert_eq!(record(&server)["outcome"], "permit");
    let answer = caller.ask(&mail()).await;
    assert!(told(&answer).contains("budget"), "{}", answer.text);
    assert_eq!(record(&server)["outcome"], "budget_exhausted");
    assert!(server.json(&["audit", "verify"])["ok"].as_bool().unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_is_recorded_in_full_where_policy_wants_it() {
    let (server, _simulator) = built(Database::Sqlite, "", LOGGED).await;
    let caller = Caller::new(&server, "default");
    assert_called(&caller.ask(&mail()).await, "send_mail");
    let record = record(&server);
    let arguments = json!({ "to": MALLORY }).to_string();
    assert_eq!(record["detail"]["request"], arguments, "{record}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_cannot_be_recorded_is_not_let_out() {
    let (server, _simulator) = built(Database::Sqlite, "", "").await;
    let caller = Caller::new(&server, "default");
    assert_called(&caller.ask(&mail()).await, "send_mail");
    let rows = Rows::of(&server).await;
    rows.execute("alter table audit rename to gone").await;
    let answer = caller.ask(&mail()).await;
    assert!(told(&answer).contains("the record of the call cannot be written"), "{}", answer.text);
    rows.execute("alter table gone rename to audit").await;
}
