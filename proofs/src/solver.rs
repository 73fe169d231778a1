//! The solver as a child process that is never trusted to end.

use std::{io, path::PathBuf, process::Stdio, time::Duration};

use cedar_policy_symcc::{
    CedarSymCompiler, Env, ResetMode, SmtLibScript,
    err::Error as SymError,
    solver::{Decision, LocalSolver, Solver},
};
use tokio::{
    io::AsyncReadExt,
    process::Command,
    time::{Instant, timeout, timeout_at},
};

use crate::{bound::TooLarge, formula::Formula, prover::Options};

/// Why nothing can be proved at all.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The solver's program cannot be started.
    #[error(
        "start the solver `{}`: install it with `apt-get install cvc5`, or give its path",
        .path.display()
    )]
    NoSolver {
        /// The program as it was given.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// The program answers to another name, or not at all.
    #[error("use `{}` as a solver: {said}; give the path of cvc5 1.0.3 or newer", .path.display())]
    NotCvc5 {
        /// The program as it was given.
        path: PathBuf,
        /// What it does instead.
        said: String,
    },
    /// No request of the schema is meant, so there is nothing to prove.
    #[error("find a request that is meant: compare action, types and property with the schema")]
    NoEnvironment,
    /// The schema leaves names open, which may stand for anything.
    #[error(
        "prove anything about an incomplete schema: define every name that it declares `external`"
    )]
    IncompleteSchema,
}

/// The longest text of a version, in bytes.
const VERSION_BYTES_MAX: u64 = 4096;

/// The version of the solver, such as `1.0.3`.
pub(crate) async fn version(options: &Options) -> Result<String, Error> {
    let path = || options.solver.clone();
    let mut command = Command::new(&options.solver);
    command.arg("--version").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command
        .kill_on_drop(true)
        .spawn()
        .map_err(|source| Error::NoSolver { path: path(), source })?;
    let mut text = Vec::new();
    let longest = options.check_timeout.min(options.total_timeout);
    if let Some(stdout) = child.stdout.take() {
        let mut stdout = stdout.take(VERSION_BYTES_MAX);
        // What was read before the time is up or the pipe broke is judged like any other text.
        let _ = timeout(longest, stdout.read_to_end(&mut text)).await;
    }
    let text = String::from_utf8_lossy(&text);
    let line = text.lines().next().unwrap_or_default();
    let version = line.split_once("cvc5 version ").map(|(_, rest)| rest.split_whitespace().next());
    version.flatten().map(str::to_owned).ok_or_else(|| {
        let start: String = line.chars().take(80).collect();
        let said = if start.is_empty() {
            "it does not tell its version".to_owned()
        } else {
            format!("it calls itself `{}`", start.escape_debug())
        };
        Error::NotCvc5 { path: path(), said }
    })
}

/// Why a question got no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Fault {
    #[error("the solver did not answer within {0:?}")]
    Silent(Duration),
    #[error("the time for all proofs was over before the solver answered")]
    Over,
    #[error("the solver fails its own test: it does not tell true from false")]
    Untrue,
    #[error(transparent)]
    TooLarge(#[from] TooLarge),
    #[error(transparent)]
    Failed(Box<SymError>),
}

impl From<SymError> for Fault {
    fn from(error: SymError) -> Self {
        Self::Failed(Box::new(error))
    }
}

type Running = CedarSymCompiler<LocalSolver>;

/// At most one solver process, started when it is needed. One that failed or is late is killed, and
/// the next question starts another: no answer can be taken for that of another question.
pub(crate) struct Process<'a> {
    options: &'a Options,
    /// The end of all questions.
    deadline: Instant,
    running: Option<Running>,
}

impl<'a> Process<'a> {
    pub(crate) const fn new(options: &'a Options, deadline: Instant) -> Self {
        Self { options, deadline, running: None }
    }

    /// The counterexample to a formula, or none if there is none.
    pub(crate) async fn ask(&mut self, formula: &Formula) -> Result<Option<Env>, Fault> {
        let kept = self.running.take();
        let options = self.options;
        let asked = async {
            let mut solver = match kept {
                Some(solver) => solver,
                None => start(options).await?,
            };
            let found = formula.refute(&mut solver).await?;
            Ok((solver, found))
        };
        let late = Instant::now() + options.check_timeout;
        match timeout_at(late.min(self.deadline), asked).await {
            Err(_) if late < self.deadline => Err(Fault::Silent(options.check_timeout)),
            Err(_) => Err(Fault::Over),
            Ok(Err(fault)) => Err(fault),
            Ok(Ok((solver, found))) => {
                self.running = Some(solver);
                Ok(found)
            }
        }
    }
}

/// Starts a solver and tries it: a program that calls everything unsatisfiable would prove
/// everything.
async fn start(options: &Options) -> Result<Running, Fault> {
    let mut command = Command::new(&options.solver);
    // The solver stops by itself too, should this process be killed before it can clean up. The
    // first limit is for the process, which serves many questions, the second for each of them.
    command
        .args(["--lang", "smt"])
        .arg(format!("--tlimit={}", options.total_timeout.as_millis()))
        .arg(format!("--tlimit-per={}", options.check_timeout.as_millis()))
        .kill_on_drop(true);
    let mut solver = LocalSolver::from_command(&mut command).map_err(SymError::from)?;
    let sat = says(&mut solver, "true").await? == Decision::Sat;
    let unsat = says(&mut solver, "false").await? == Decision::Unsat;
    if !(sat && unsat) {
        return Err(Fault::Untrue);
    }
    Ok(CedarSymCompiler::new(solver)?.with_reset_mode(ResetMode::Emit))
}

async fn says(solver: &mut LocalSolver, formula: &str) -> Result<Decision, SymError> {
    let broken = |error: io::Error| SymError::SolverError(error.into());
    solver.smtlib_input().reset().await.map_err(broken)?;
    solver.smtlib_input().set_logic("ALL").await.map_err(broken)?;
    solver.smtlib_input().assert(formula).await.map_err(broken)?;
    Ok(solver.check_sat().await?)
}
