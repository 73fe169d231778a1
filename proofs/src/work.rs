//! The workers: a bounded number of solver processes that empty one queue.

use std::{
    sync::{Arc, Mutex},
    thread,
    time::Duration,
    vec,
};

use cedar_policy::{RequestEnv, Schema};
use tokio::{
    runtime::Handle,
    sync::{Semaphore, mpsc},
    time::{Instant, timeout_at},
};

use crate::{
    claim::Verdict, formula::Formulas, prover::Options, question::Question, solver::Process,
};

/// The questions about one environment. One worker takes them all, so that what it compiled for the
/// first serves the others.
#[derive(Debug)]
pub(crate) struct Job {
    pub env: Arc<RequestEnv>,
    pub tasks: Vec<Task>,
}

/// A question with the number that its answer bears.
#[derive(Debug)]
pub(crate) struct Task {
    pub number: usize,
    pub question: Box<Question>,
}

/// The answer to the task of the same number.
#[derive(Debug)]
pub(crate) struct Answer {
    pub number: usize,
    pub verdict: Verdict,
    pub took: Duration,
}

/// What the workers of one call share.
pub(crate) struct Shop {
    options: Arc<Options>,
    schema: Schema,
    deadline: Instant,
    /// One permit for each solver process, over all calls.
    processes: Arc<Semaphore>,
    queue: Mutex<vec::IntoIter<Job>>,
}

/// The stack of a worker. Only what is used of it costs memory.
const STACK_BYTES: usize = 256 << 20;

/// The answers that may wait for whoever asked.
const ANSWERS_MAX: usize = 64;

impl Shop {
    pub(crate) fn new(
        options: Arc<Options>,
        processes: Arc<Semaphore>,
        schema: Schema,
        jobs: Vec<Job>,
        deadline: Instant,
    ) -> Self {
        Self { options, schema, deadline, processes, queue: Mutex::new(jobs.into_iter()) }
    }

    /// Starts the workers. Their answers come in any order and end with the queue or with the time;
    /// dropping the receiver stops the workers and their solvers.
    pub(crate) fn open(self) -> mpsc::Receiver<Answer> {
        let (answers, receiver) = mpsc::channel(ANSWERS_MAX);
        let jobs = self.queue.lock().map_or(0, |queue| queue.len());
        let workers = self.options.parallel.max(1).min(jobs);
        let shop = Arc::new(self);
        for _ in 0..workers {
            let (shop, answers) = (Arc::clone(&shop), answers.clone());
            let runtime = Handle::current();
            // Compiling keeps a processor busy for seconds and recurses as deep as there are
            // policies: a thread that serves requests has neither the time nor the stack for it.
            let thread = thread::Builder::new().name("proofs".to_owned()).stack_size(STACK_BYTES);
            if let Err(error) = thread.spawn(move || runtime.block_on(shop.serve(&answers))) {
                tracing::warn!(%error, "no thread for a solver");
            }
        }
        receiver
    }

    async fn serve(&self, answers: &mpsc::Sender<Answer>) {
        tokio::select! {
            () = answers.closed() => tracing::debug!("nobody waits for the proofs any more"),
            () = self.work(answers) => {}
        }
    }

    async fn work(&self, answers: &mpsc::Sender<Answer>) {
        let Ok(Ok(_permit)) = timeout_at(self.deadline, self.processes.acquire()).await else {
            return;
        };
        let mut solver = Process::new(&self.options, self.deadline);
        while let Some(job) = self.next() {
            let mut formulas = Formulas::new(&self.schema, &job.env);
            for Task { number, question } in &job.tasks {
                let started = Instant::now();
                if started >= self.deadline {
                    return;
                }
                let verdict = formulas.answer(question, &mut solver).await;
                let answer = Answer { number: *number, verdict, took: started.elapsed() };
                if answers.send(answer).await.is_err() {
                    return;
                }
            }
        }
    }

    fn next(&self) -> Option<Job> {
        self.queue.lock().ok()?.next()
    }
}
