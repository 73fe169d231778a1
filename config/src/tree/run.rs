//! What an agent is told and given when it works by itself: instructions, tools, a sandbox, and the bounds of one
//! run.

use std::{fmt, ops::RangeInclusive, str::FromStr, time::Duration};

use types::Nanos;

use super::is_name;
use crate::reader::Reader;

/// What an agent works with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Work {
    /// What it is told before anything else; nothing where empty.
    pub instructions: String,
    /// Which of the tools that policy lists for it it is offered.
    pub tools: Vec<ToolPattern>,
    /// The profile of its sandbox, `sandboxes/NAME.toml`; none where absent.
    pub sandbox: Option<String>,
    /// How it goes about its work, `loops/NAME.toml`; one conversation with a model where absent.
    pub loop_spec: Option<String>,
    /// Agents that it may have do a part of its work.
    pub subagents: Vec<String>,
    /// The bounds of one run.
    pub run: RunLimits,
}

/// The bounds of one run. Whatever is reached first ends it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RunLimits {
    /// What all its calls may cost, in nano-dollars; no bound of its own where absent.
    pub cost: Option<Nanos>,
    /// Tokens, input and output of all its calls together.
    pub tokens: usize,
    /// Calls of tools.
    pub tool_calls: usize,
    /// Steps: calls of models and of tools.
    pub steps: usize,
    /// How long it may take, without the time in which it waits for people.
    pub time: Duration,
    /// How long a context it may build up, in tokens, before it is summarised; a model's own window bounds it too.
    pub context_tokens: usize,
    /// Tasks of the agent that run at once.
    pub concurrent: usize,
}

/// Tools by name: `mail.send`, all of a server `mail.*`, or all `*`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToolPattern(String);

/// The longest instructions, in bytes.
const INSTRUCTIONS_BYTES_MAX: usize = 64 * 1024;
const TIME: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_secs(24 * 60 * 60);

impl Default for RunLimits {
    fn default() -> Self {
        Self {
            cost: None,
            tokens: 1_000_000,
            tool_calls: 100,
            steps: 100,
            time: Duration::from_secs(15 * 60),
            context_tokens: 100_000,
            concurrent: 16,
        }
    }
}

impl Default for Work {
    fn default() -> Self {
        Self {
            instructions: String::new(),
            tools: vec![ToolPattern::all()],
            sandbox: None,
            loop_spec: None,
            subagents: Vec::new(),
            run: RunLimits::default(),
        }
    }
}

impl Work {
    /// Reads the keys of an agent that are about its own work.
    pub(super) fn read(from: &mut Reader<'_>) -> Self {
        let at = from.place_of("instructions");
        let instructions = from.text("instructions", "", "What it is told before anything else.");
        if instructions.len() > INSTRUCTIONS_BYTES_MAX {
            let message = format!("the instructions have {} bytes", instructions.len());
            let fix =
                format!("keep at most {INSTRUCTIONS_BYTES_MAX}; what is long belongs into tools");
            from.fault("instructions", at.as_ref(), message, fix);
        }
        let written = from.place_of("tools").is_some();
        let tools =
            from.list("tools", "mail.*", "Which tools it is offered, of those policy lists.");
        let sandbox = from.optional("sandbox", "code", "The profile of its sandbox.");
        let loop_spec = from.optional("loop", "careful", "How it goes about its work.");
        let subagents = from.list("subagents", "researcher", "Agents that it may give work to.");
        let run = RunLimits::read(from.section("run", "The bounds of one run."));
        let tools = if written { tools } else { Self::default().tools };
        Self { instructions, tools, sandbox, loop_spec, subagents, run }
    }

    /// Whether the agent is offered a tool, by its id `SERVER.TOOL`.
    pub fn offers(&self, tool: &str) -> bool {
        self.tools.iter().any(|pattern| pattern.covers(tool))
    }
}

impl RunLimits {
    fn read(mut from: Reader<'_>) -> Self {
        let own = Self::default();
        let help = "Tokens of context before it is summarised.";
        let read = Self {
            cost: from.optional("cost", "1.00", "US dollars that its calls may cost together."),
            tokens: from.count("tokens", own.tokens, 1_000..=1_000_000_000, "Tokens of all calls."),
            tool_calls: from.count("tool_calls", own.tool_calls, 0..=100_000, "Calls of tools."),
            steps: from.count("steps", own.steps, 1..=100_000, "Calls of models and tools."),
            time: from.duration("time", own.time, TIME, "How long it may take."),
            context_tokens: from.count(
                "context_tokens",
                own.context_tokens,
                1_000..=10_000_000,
                help,
            ),
            concurrent: from.count("concurrent", own.concurrent, 1..=100_000, "Runs at once."),
        };
        from.finish();
        read
    }
}

impl ToolPattern {
    /// The pattern of all tools.
    pub fn all() -> Self {
        Self("*".to_owned())
    }

    /// Whether it covers a tool, by its id `SERVER.TOOL`.
    pub fn covers(&self, tool: &str) -> bool {
        match self.0.strip_suffix('*') {
            Some(start) => tool.starts_with(start),
            None => self.0 == tool,
        }
    }
}

impl FromStr for ToolPattern {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let plain = match text.strip_suffix(".*") {
            Some(server) => is_name(server),
            None => text == "*" || (text.contains('.') && !text.contains('*')),
        };
        if plain {
            Ok(Self(text.to_owned()))
        } else {
            Err("write `SERVER.TOOL`, `SERVER.*` or `*`")
        }
    }
}

impl fmt::Display for ToolPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_covers_one_tool_a_server_or_all() {
        for (pattern, tool, covered) in [
            ("*", "mail.send", true),
            ("mail.*", "mail.send", true),
            ("mail.*", "mailbox.send", false),
            ("mail.send", "mail.send", true),
            ("mail.send", "mail.sendall", false),
        ] {
            let read: ToolPattern = pattern.parse().unwrap();
            assert_eq!(read.covers(tool), covered, "{pattern} {tool}");
        }
        for wrong in ["", "mail", "m*", "mail.s*", "*.send", "**"] {
            assert!(wrong.parse::<ToolPattern>().is_err(), "{wrong}");
        }
    }
}
