//! Writes the numbering plans of libphonenumber as one table, a line for each.
//!
//! The library parses the patterns of all countries when its metadata is first asked for, which
//! takes tens of milliseconds: too long for the start of a gateway.

use std::{env, fs, io, path::Path};

use phonenumber::metadata::{DATABASE, Descriptor, Metadata};

#[expect(clippy::disallowed_methods, reason = "cargo tells build scripts their folder so")]
fn main() -> io::Result<()> {
    let mut plans: Vec<&Metadata> = DATABASE.iter().collect();
    // Of the countries that share a calling code the main one first, which most numbers are of.
    plans.sort_by_key(|plan| (!plan.is_main_country_for_code(), plan.id()));
    let lines: Vec<String> = plans.into_iter().map(line).collect();
    let folder = env::var_os("OUT_DIR").ok_or(io::ErrorKind::NotFound)?;
    println!("cargo:rerun-if-changed=build.rs");
    fs::write(Path::new(&folder).join("plans.txt"), lines.join("\n"))
}

/// Region, calling code, trunk prefix, lengths, pattern of what is possible, pattern of what is in
/// use; with tabs between them.
fn line(plan: &Metadata) -> String {
    let kinds = plan.descriptors();
    let general = kinds.general();
    let in_use = [
        kinds.fixed_line(),
        kinds.mobile(),
        kinds.toll_free(),
        kinds.premium_rate(),
        kinds.shared_cost(),
        kinds.personal_number(),
        kinds.voip(),
        kinds.pager(),
        kinds.uan(),
        kinds.voicemail(),
    ];
    let mut in_use: Vec<String> = in_use.into_iter().flatten().map(pattern).collect();
    in_use.dedup();
    let lengths: Vec<String> = general.possible_length().iter().map(u16::to_string).collect();
    [
        plan.id().to_owned(),
        plan.country_code().to_string(),
        plan.national_prefix().unwrap_or_default().to_owned(),
        lengths.join(","),
        pattern(general),
        in_use.join("|"),
    ]
    .join("\t")
}

/// The pattern without its line breaks, and with ASCII digits only: `\d` of all scripts costs
/// megabytes of automaton.
fn pattern(kind: &Descriptor) -> String {
    let pattern = kind.national_number();
    let compact: String = pattern.as_str().split_whitespace().collect();
    format!("(?:{})", compact.replace(r"\d", "[0-9]"))
}
