//! Rules on files and signals that a program within a sandbox takes on before it begins, where the
//! kernel has Landlock: they say again what the mounts say, and hold where a mount went wrong. They
//! are about what is opened; who may look at which names is up to the mounts.

use ::landlock::{
    ABI, Access, AccessFs, BitFlags, CompatLevel, Compatible, Ruleset, RulesetAttr,
    RulesetCreatedAttr, RulesetError, RulesetStatus, Scope, path_beneath_rules,
};

use super::argv::{ETC, ETC_OURS, WORKSPACE};

/// Restricts this thread and what it starts from now on; whether this kernel can. One that knows
/// nothing of files which move between folders (before 5.19) would refuse to move any: it cannot.
pub(crate) fn enter() -> Result<bool, RulesetError> {
    let rules = Ruleset::default()
        .set_compatibility(CompatLevel::SoftRequirement)
        .handle_access(AccessFs::from_all(ABI::V2))?
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(ABI::V5))?
        // No signal to the helper, and to no abstract socket outside.
        .scope(Scope::from_all(ABI::V6))?;
    let mut rules = rules.create()?;
    for (access, paths) in rights() {
        rules = rules.add_rules(path_beneath_rules(paths, access))?;
    }
    Ok(rules.restrict_self()?.ruleset != RulesetStatus::NotEnforced)
}

/// What may be done below which folders. Those that are not there are no error: then nothing may.
fn rights() -> Vec<(BitFlags<AccessFs>, Vec<String>)> {
    let read = AccessFs::ReadFile | AccessFs::ReadDir;
    let owned = |paths: &[&str]| paths.iter().map(|path| (*path).to_owned()).collect();
    let etc = ETC_OURS.iter().chain(&ETC).map(|name| format!("/etc/{name}")).collect();
    let device = AccessFs::WriteFile | AccessFs::Truncate | AccessFs::IoctlDev;
    let special = AccessFs::MakeChar | AccessFs::MakeBlock | AccessFs::IoctlDev;
    vec![
        (AccessFs::ReadDir.into(), owned(&["/"])),
        (read | AccessFs::Execute, owned(&["/usr", "/run/orchestack"])),
        (read, owned(&["/proc", "/dev"])),
        (read, etc),
        (device, DEVICES.iter().map(|name| format!("/dev/{name}")).collect()),
        (AccessFs::from_all(ABI::V5) & !special, owned(&[WORKSPACE, "/tmp", "/dev/shm"])),
    ]
}

/// What of `/dev` programs write to.
const DEVICES: [&str; 8] = ["null", "zero", "full", "random", "urandom", "tty", "ptmx", "pts"];
