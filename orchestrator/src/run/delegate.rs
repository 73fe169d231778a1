//! Work that an agent gives to another one: a tool of the worker's own, whose call is a task of the other agent's. The
//! run waits for it without a worker, and goes on with what came of it.

use policy::Spawn;
use serde::Deserialize;
use serde_json::{Value, json};
use snapshot::Agent;
use store::work::{NewTask, Task};
use types::{
    Label, Payload, Priority, TaskId, Timestamp,
    work::{StepKind, TaskState},
};

use super::{
    bounds::Bounds,
    journal::{Journal, Planned, Turn, inline},
    step::{Heard, Stop, Worker, one_call},
};
use crate::{evaluator, models::ToolCall};

/// The function that models call.
pub(super) const DELEGATE: &str = "delegate";

/// Its arguments.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Given {
    agent: String,
    task: String,
}

/// The longest task that is given, in bytes.
const TASK_BYTES_MAX: usize = 64 * 1024;
/// How often work is given on, and how many parts of a run are, at most.
const DEPTH_MAX: u32 = 16;
const CHILDREN_MAX: usize = 256;

/// The function as models are offered it; none for an agent that names nobody.
pub(super) fn definition(agent: &Agent) -> Option<Value> {
    let others = &agent.work.subagents;
    (!others.is_empty()).then(|| {
        let text = "Gives a part of the work to another agent and waits for what comes of it. The other agent \
            knows nothing of this conversation: write all that it needs into the task.";
        json!({ "type": "function", "function": {
            "name": DELEGATE,
            "description": text,
            "parameters": {
                "type": "object",
                "properties": {
                    "agent": { "type": "string", "enum": others, "description": "Who shall do it." },
                    "task": { "type": "string", "minLength": 1, "description": "What to do." },
                },
                "required": ["agent", "task"],
                "additionalProperties": false,
            },
        } })
    })
}

impl Worker<'_> {
    /// Gives work to another agent, waits for it, and gives what the model is told of it.
    pub(crate) async fn delegate(
        &self,
        journal: &mut Journal<'_>,
        bounds: &mut Bounds,
        call: &ToolCall,
    ) -> Result<String, Stop> {
        bounds.check_tool()?;
        let input = json!({ "delegate": call.arguments, "id": call.id });
        let planned = Planned { kind: StepKind::Subagent, input, effect: None };
        let open = match journal.begin::<Heard>(planned).await? {
            Turn::Done(heard) => {
                bounds.count(one_call());
                return Ok(heard.text);
            }
            Turn::Open(open) => open,
        };
        let heard = match self.parts.store.work().child(self.claim, open.no).await? {
            Some(task) if task.state.is_over() => outcome(&task),
            Some(task) => return Err(self.waits(open.no, task.id)),
            None => match self.give(open.no, call).await? {
                Ok(task) => return Err(self.waits(open.no, task)),
                Err(text) => Heard { text, failed: true },
            },
        };
        journal.done(&open, &heard, one_call(), Vec::new()).await?;
        bounds.count(one_call());
        Ok(heard.text)
    }

    /// Makes the task, on record; or why there is none, for the model.
    async fn give(&self, step: u32, call: &ToolCall) -> Result<Result<TaskId, String>, Stop> {
        let Ok(Given { agent, task }) = serde_json::from_str(&call.arguments) else {
            return Ok(Err("write the arguments as the function wants them".to_owned()));
        };
        let named = self.agent.work.subagents.contains(&agent);
        let Some(child) = self.snapshot.agent_by_name(&agent).filter(|_| named) else {
            return Ok(Err(format!("there is no agent `{agent:.64}` to give work to")));
        };
        if task.is_empty() || task.len() > TASK_BYTES_MAX {
            return Ok(Err(format!("write a task of 1 to {TASK_BYTES_MAX} bytes")));
        }
        let (work, own) = (self.parts.store.work(), &self.claim.task);
        let depth = self.origin.depth.saturating_add(1);
        let children = work.children(own.tenant, self.claim.run).await?.len();
        // Whatever policy says.
        if depth > DEPTH_MAX || children >= CHILDREN_MAX {
            let most = format!("{DEPTH_MAX} times, and {CHILDREN_MAX} parts of one run");
            return Ok(Err(format!("no more work is given away: at most {most}")));
        }
        let standing = evaluator::standing(self.parts, own, self.origin.session).await?;
        let label = standing.0.join(self.agent.label.unwrap_or(Label::Public));
        let decided = self.snapshot.policy.decide_spawn(&Spawn {
            agent: &self.agent.caller,
            child: &child.caller,
            label,
            integrity: standing.1,
            depth,
            children: u32::try_from(children).unwrap_or(u32::MAX),
            now: Timestamp::now(),
        });
        let told = decided.as_ref().map(|permit| (permit.commit(), permit.policies()));
        let detail = json!({ "session": self.origin.session, "depth": depth });
        let record = self.decision("spawnSubagent", child.name.clone(), told, detail);
        self.parts.store.audit().append(record).await?;
        if let Err(denial) = decided {
            return Ok(Err(format!(
                "the agent `{agent}` may not be given work: {}",
                denial.reason
            )));
        }
        let new = NewTask {
            tenant: own.tenant,
            agent: child.id,
            person: own.person.clone(),
            trusted: own.trusted,
            input: inline(json!({ "text": task })),
            priority: Priority::Interactive,
            trace: own.trace.clone(),
        };
        Ok(Ok(work.spawn(self.claim, step, &new).await?))
    }

    fn waits(&self, step: u32, task: TaskId) -> Stop {
        let about = json!({ "task": self.claim.task.id, "step": step, "tool": DELEGATE,
            "state": "started", "child": task });
        Stop::Gave { step, about }
    }
}

/// What the model is told of a task that is over.
fn outcome(task: &Task) -> Heard {
    let said = match &task.result {
        Some(Payload::Inline { inline, .. }) => inline.get("text").and_then(Value::as_str),
        _ => None,
    };
    match (task.state, said) {
        (TaskState::Completed, said) => Heard {
            text: said.unwrap_or("it is done, and nothing was said").to_owned(),
            failed: false,
        },
        (state, _) => {
            let reason = task.reason.as_deref().unwrap_or("nobody said why");
            Heard { text: format!("it was not done ({state}): {reason}"), failed: true }
        }
    }
}
