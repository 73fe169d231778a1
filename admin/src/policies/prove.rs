//! The tree's decision cases and invariants: each with what came of it.

use axum::Json;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use snapshot::{Proof, Prover};
use utoipa::ToSchema;

use super::{FaultView, PolicyCheck};
use crate::{
    body::Body,
    desk::Desk,
    error::{Error, Refusal},
    tree::Files,
};
use policy::Operation;

/// How to get the solver.
const SOLVER: &str = "install cvc5 (Debian: `apt-get install cvc5`; else \
                      https://github.com/cvc5/cvc5/releases), or name its program in `policy.solver`";

/// How the decision cases of a tree ended.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
pub struct TestReport {
    /// Whether every case got its answer.
    pub ok: bool,
    /// What was tested: a commit, or a folder.
    pub checked: String,
    /// Every case, in the order of the files.
    pub cases: Vec<CaseView>,
    /// Mistakes of the tree, which keep every case from being asked.
    pub faults: Vec<FaultView>,
}

/// How one decision case ended.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct CaseView {
    /// The file.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// Its name.
    pub name: String,
    /// What is wrong with the answer; absent where it is as expected.
    pub failed: Option<String>,
}

/// What came of a tree's invariants.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
pub struct ProofReport {
    /// Whether everything that binds is proved.
    pub ok: bool,
    /// What was examined: a commit, or a folder.
    pub checked: String,
    /// The version of the solver, where there is one.
    pub solver: Option<String>,
    /// Why there is none, and how to get it.
    pub no_solver: Option<String>,
    /// Every statement, in the order of the files.
    pub proofs: Vec<ProofView>,
    /// Mistakes of the tree, which keep everything from being proved.
    pub faults: Vec<FaultView>,
}

/// One statement about the policies, and what came of it.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ProofView {
    /// Its name.
    pub id: String,
    /// Where it stands.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// Whether a commit that breaks it is refused.
    pub binding: bool,
    /// `proved`, `refuted` or `unknown`.
    pub verdict: String,
    /// What a refuted or unknown one means.
    pub told: String,
    /// A request that breaks it, in Cedar's JSON.
    #[schema(value_type = Option<Object>)]
    pub example: Option<Value>,
    /// The same in a few lines.
    pub shown: Option<String>,
    /// Whether the answer was remembered.
    pub cached: bool,
    /// How long it took, in milliseconds.
    pub ms: u64,
}

/// Asks every decision case of the tree's folder, of one commit, or of changes that nobody has saved.
#[utoipa::path(
    post, path = "/api/v1/policy/test", tag = "policy", request_body = PolicyCheck,
    responses((status = 200, body = TestReport), (status = "4XX", body = Refusal))
)]
pub(crate) async fn test(
    desk: Desk,
    Body(ask): Body<PolicyCheck>,
) -> Result<Json<TestReport>, Error> {
    let act = desk.permit(Operation::PolicyTest, ask.named()).await?;
    let (name, files) = ask.files(&act).await?;
    let tested = tokio::task::spawn_blocking(move || test_files(&name, &files));
    tested.await.map(Json).map_err(|_| Error::Broke)
}

/// Proves every invariant of the tree's folder, of one commit, or of changes that nobody has saved.
#[utoipa::path(
    post, path = "/api/v1/policy/prove", tag = "policy", request_body = PolicyCheck,
    responses((status = 200, body = ProofReport), (status = "4XX", body = Refusal))
)]
pub(crate) async fn prove(
    desk: Desk,
    Body(ask): Body<PolicyCheck>,
) -> Result<Json<ProofReport>, Error> {
    let act = desk.permit(Operation::PolicyProve, ask.named()).await?;
    let (name, files) = ask.files(&act).await?;
    let snapshots = &act.control().snapshots;
    let tenant = snapshots.load().tenant_name.clone();
    Ok(Json(prove_files(snapshots.prover(), &name, &files, &tenant).await))
}

/// Asks every decision case of a tree.
pub fn test_files(name: &str, files: &Files) -> TestReport {
    let checked = name.to_owned();
    match snapshot::untested(name, files) {
        Ok(engine) => {
            let case = |case: policy::CaseResult| CaseView {
                file: case.file,
                line: case.line,
                name: case.name,
                failed: case.failed,
            };
            let cases: Vec<CaseView> = engine.run_cases().into_iter().map(case).collect();
            let ok = cases.iter().all(|case| case.failed.is_none());
            TestReport { ok, checked, cases, faults: Vec::new() }
        }
        Err(faults) => TestReport {
            checked,
            faults: faults.into_iter().map(FaultView::from).collect(),
            ..TestReport::default()
        },
    }
}

/// Proves every invariant of a tree.
pub async fn prove_files(prover: &Prover, name: &str, files: &Files, tenant: &str) -> ProofReport {
    let checked = name.to_owned();
    let version = prover.version().await;
    let no_solver = version.as_ref().err().map(|error| format!("failed to {error}; {SOLVER}"));
    let solver = version.ok();
    match snapshot::untested(name, files) {
        Ok(engine) => {
            let proofs: Vec<ProofView> =
                snapshot::prove(prover, &engine, tenant).await.into_iter().map(view).collect();
            let ok = proofs.iter().all(|proof| !proof.binding || proof.verdict == "proved");
            ProofReport { ok, checked, solver, no_solver, proofs, faults: Vec::new() }
        }
        Err(faults) => ProofReport {
            checked,
            solver,
            no_solver,
            faults: faults.into_iter().map(FaultView::from).collect(),
            ..ProofReport::default()
        },
    }
}

fn view(proof: Proof) -> ProofView {
    ProofView {
        id: proof.id,
        file: proof.file,
        line: proof.line,
        binding: proof.binding,
        verdict: proof.verdict.to_owned(),
        told: proof.told,
        example: proof.example,
        shown: proof.shown,
        cached: proof.cached,
        ms: proof.ms,
    }
}
