//! What opens code, packages and pipelines.

use super::UUID;
use crate::{
    Kind,
    secret::{
        alphabet::Alphabet,
        check,
        form::{run, runs, text},
        named::{Named, named},
        rule::{Rule, rule},
    },
};

/// Tokens that announce themselves.
pub(super) const RULES: &[Rule] = &[
    rule(Kind::GITHUB_TOKEN, &["ghp_", "gho_", "ghu_", "ghs_"], &[run(Alphabet::BASE62, 36)])
        .check(check::github),
    rule(Kind::GITHUB_TOKEN, &["ghr_"], &[runs(Alphabet::BASE62, 36, 76)]).check(check::github),
    rule(Kind::GITHUB_TOKEN, &["github_pat_"], &[runs(Alphabet::WORD, 80, 93)]),
    rule(
        Kind::GITLAB_TOKEN,
        &[
            "glpat-", "gldt-", "glft-", "glsoat-", "glrt-", "glffct-", "glimt-", "gloas-",
            "glptt-", "glagent-", "glcbt-",
        ],
        &[runs(Alphabet::URL_SAFE, 20, 70)],
    ),
    rule(
        Kind::GITLAB_TOKEN,
        &["glpat-", "glrt-t1_", "glrt-t2_", "glrt-t3_", "glrtr-"],
        &[runs(Alphabet::URL_SAFE, 27, 300), text("."), run(Alphabet::BASE62, 9)],
    ),
    rule(
        Kind::GITLAB_TOKEN,
        &["glcbt-"],
        &[runs(Alphabet::BASE62, 1, 5), text("_"), run(Alphabet::URL_SAFE, 20)],
    ),
    rule(Kind::GITLAB_TOKEN, &["GR1348941"], &[run(Alphabet::URL_SAFE, 20)]),
    rule(Kind::GITLAB_TOKEN, &["_gitlab_session="], &[run(Alphabet::BASE36, 32)]),
    rule(Kind::BITBUCKET_TOKEN, &["ATBB"], &[runs(Alphabet::BASE62, 24, 40)])
        .check(check::three_classes),
    rule(Kind::BITBUCKET_TOKEN, &["ATCTT3xFf"], &[runs(Alphabet::URL_PADDED, 150, 250)]),
    rule(Kind::ATLASSIAN_TOKEN, &["ATATT3xFf"], &[runs(Alphabet::URL_PADDED, 150, 250)]),
    rule(Kind::NPM_TOKEN, &["npm_"], &[run(Alphabet::BASE62, 36)]).check(check::npm),
    rule(
        Kind::PYPI_TOKEN,
        &["pypi-AgEIcHlwaS5vcmc", "pypi-AgENdGVzdC5weXBpLm9yZ"],
        &[runs(Alphabet::URL_SAFE, 50, 1000)],
    )
    .check(check::pypi),
    rule(Kind::RUBYGEMS_KEY, &["rubygems_"], &[run(Alphabet::HEX, 48)]),
    rule(Kind::CRATESIO_TOKEN, &["cio"], &[run(Alphabet::BASE62, 32)]).check(check::three_classes),
    rule(Kind::NUGET_KEY, &["oy2"], &[run(Alphabet::BASE36, 43)]).check(check::mixed),
    rule(Kind::CLOJARS_TOKEN, &["CLOJARS_"], &[run(Alphabet::BASE62, 60)]),
    rule(
        Kind::PACKAGIST_TOKEN,
        &["packagist_ack_", "packagist_uut_", "packagist_uap_", "packagist_ort_", "packagist_out_"],
        &[runs(Alphabet::HEX, 60, 80)],
    ),
];

/// Tokens that are known by the name beside them.
pub(super) const NAMED: &[Named] = &[
    named(Kind::GITHUB_TOKEN, &["github", "gh_secret"], &[&[run(Alphabet::HEX, 40)]])
        .key(&["secret", "token", "key"]),
    named(
        Kind::BITBUCKET_TOKEN,
        &["bitbucket"],
        &[&[run(Alphabet::BASE62, 32)], &[run(Alphabet::URL_PADDED, 64)]],
    ),
    named(
        Kind::ATLASSIAN_TOKEN,
        &["atlassian", "jira", "confluence"],
        &[&[run(Alphabet::BASE62, 24)]],
    ),
    named(Kind::NPM_TOKEN, &["_authtoken", "npmrc", "npm_token", "npm"], &[UUID]).key(&["token"]),
    named(
        Kind::HEX_KEY,
        &["hex_api", "hexpm"],
        &[&[run(Alphabet::HEX, 32)], &[run(Alphabet::HEX, 64)]],
    ),
];
