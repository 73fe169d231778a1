//! What opens pipelines, tests and releases.

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
    rule(Kind::DOCKER_TOKEN, &["dckr_pat_"], &[run(Alphabet::URL_SAFE, 27)]),
    rule(Kind::DOCKER_TOKEN, &["dckr_oat_"], &[run(Alphabet::URL_SAFE, 32)]),
    rule(
        Kind::CIRCLECI_TOKEN,
        &["CCIPAT_", "CCIPRJ_"],
        &[run(Alphabet::BASE62, 22), text("_"), run(Alphabet::HEX, 40)],
    ),
    rule(Kind::BUILDKITE_TOKEN, &["bkua_"], &[run(Alphabet::HEX, 40)]),
    rule(
        Kind::BUILDKITE_TOKEN,
        &["bkct_", "bkat_", "bkaj_", "bkar_"],
        &[runs(Alphabet::BASE62, 30, 60)],
    ),
    rule(
        Kind::TEAMCITY_TOKEN,
        &["eyJ0eXAiOiAiVENWMiJ9."],
        &[run(Alphabet::URL_SAFE, 36), text("."), run(Alphabet::URL_SAFE, 48)],
    ),
    rule(Kind::SONAR_TOKEN, &["sqp_", "squ_", "sqa_"], &[run(Alphabet::HEX, 40)]),
    rule(
        Kind::SNYK_TOKEN,
        &["snyk_uat.", "snyk_sat."],
        &[run(Alphabet::HEX, 8), text("."), runs(Alphabet::DOTTED, 80, 300)],
    ),
    rule(Kind::SOURCEGRAPH_TOKEN, &["sgp_"], &[run(Alphabet::ANY_HEX, 40)])
        .check(check::sourcegraph),
    rule(
        Kind::SOURCEGRAPH_TOKEN,
        &["sgp_"],
        &[run(Alphabet::ANY_HEX, 16), text("_"), run(Alphabet::ANY_HEX, 40)],
    ),
    rule(Kind::SOURCEGRAPH_TOKEN, &["sgp_local_"], &[run(Alphabet::ANY_HEX, 40)]),
    rule(Kind::SOURCEGRAPH_TOKEN, &["slk_", "sgd_"], &[runs(Alphabet::ANY_HEX, 40, 64)]),
    rule(Kind::OCTOPUS_KEY, &["API-"], &[run(Alphabet::UPPER36, 26)]).check(check::octopus),
    rule(
        Kind::HARNESS_TOKEN,
        &["pat.", "sat."],
        &[
            run(Alphabet::URL_SAFE, 22),
            text("."),
            run(Alphabet::BASE62, 24),
            text("."),
            run(Alphabet::BASE62, 20),
        ],
    ),
    rule(
        Kind::LAUNCHDARKLY_TOKEN,
        &["api-", "sdk-"],
        &[
            run(Alphabet::ANY_HEX, 8),
            text("-"),
            run(Alphabet::ANY_HEX, 4),
            text("-"),
            run(Alphabet::ANY_HEX, 4),
            text("-"),
            run(Alphabet::ANY_HEX, 4),
            text("-"),
            run(Alphabet::ANY_HEX, 12),
        ],
    )
    .near(&["launch", "ld_", "sdk_key", "sdkkey"]),
    rule(Kind::JFROG_KEY, &["AKCp"], &[run(Alphabet::BASE62, 69)]),
    rule(Kind::JFROG_KEY, &["cmVmd"], &[run(Alphabet::BASE62, 59)]).check(check::jfrog_reference),
    rule(Kind::TERRAFORM_TOKEN, &[".atlasv1."], &[runs(Alphabet::URL_PADDED, 60, 70)]).head(
        Alphabet::BASE62,
        14,
        14,
    ),
    rule(Kind::PULUMI_TOKEN, &["pul-"], &[run(Alphabet::HEX, 40)]),
    rule(
        Kind::POSTMAN_KEY,
        &["PMAK-"],
        &[run(Alphabet::HEX, 24), text("-"), run(Alphabet::HEX, 34)],
    ),
    rule(Kind::POSTMAN_KEY, &["PMAT-"], &[run(Alphabet::UPPER36, 26)]),
    rule(Kind::README_KEY, &["rdme_"], &[run(Alphabet::BASE62, 70)]),
    rule(
        Kind::STACKHAWK_KEY,
        &["hawk."],
        &[run(Alphabet::URL_SAFE, 20), text("."), run(Alphabet::URL_SAFE, 20)],
    ),
    rule(Kind::LAMBDATEST_KEY, &["LT_"], &[runs(Alphabet::BASE62, 47, 52)]).near(&["lambda"]),
    rule(Kind::CHROMATIC_TOKEN, &["chpt_"], &[runs(Alphabet::HEX, 12, 16)]),
    rule(Kind::INFRACOST_KEY, &["ico-"], &[run(Alphabet::BASE62, 32)]).check(check::two_cases),
    rule(Kind::PREFECT_KEY, &["pnu_", "pnb_"], &[run(Alphabet::BASE62, 36)]),
    rule(Kind::DTRACK_KEY, &["odt_"], &[runs(Alphabet::BASE62, 32, 40)])
        .check(check::three_classes),
    rule(Kind::ENDORLABS_TOKEN, &["endr+"], &[run(Alphabet::URL_SAFE, 16)]),
    rule(Kind::DBT_TOKEN, &["dbtc_", "dbtu_"], &[runs(Alphabet::URL_SAFE, 40, 70)]),
    rule(Kind::VAL_TOWN_TOKEN, &["vtwn_"], &[runs(Alphabet::BASE62, 20, 40)]),
    rule(
        Kind::TRIGGER_DEV_KEY,
        &["tr_prod_", "tr_dev_", "tr_stg_", "tr_pat_"],
        &[runs(Alphabet::BASE62, 20, 40)],
    ),
    rule(Kind::INTRA42_SECRET, &["s-s4t2ud-", "s-s4t2af-"], &[run(Alphabet::HEX, 64)]),
];

/// Tokens that are known by the name beside them.
pub(super) const NAMED: &[Named] = &[
    named(
        Kind::CIRCLECI_TOKEN,
        &["circleci", "circle_ci", "circle_token"],
        &[&[run(Alphabet::HEX, 40)]],
    ),
    named(Kind::TRAVIS_TOKEN, &["travis"], &[&[run(Alphabet::URL_SAFE, 22)]]),
    named(
        Kind::BUILDKITE_TOKEN,
        &["buildkite"],
        &[&[run(Alphabet::HEX, 40)], &[run(Alphabet::HEX, 50)]],
    ),
    named(Kind::DRONE_TOKEN, &["drone", "droneci"], &[&[run(Alphabet::BASE62, 32)]]),
    named(
        Kind::JENKINS_TOKEN,
        &["jenkins"],
        &[&[text("11"), run(Alphabet::HEX, 32)], &[run(Alphabet::HEX, 32)], UUID],
    ),
    named(Kind::CODECOV_TOKEN, &["codecov"], &[&[run(Alphabet::BASE36, 32)], UUID]),
    named(
        Kind::COVERALLS_TOKEN,
        &["coveralls"],
        &[&[run(Alphabet::BASE62, 33)], &[run(Alphabet::BASE62, 36)]],
    ),
    named(
        Kind::CODECLIMATE_TOKEN,
        &["codeclimate", "code_climate", "cc_test_reporter"],
        &[&[run(Alphabet::HEX, 64)], &[run(Alphabet::HEX, 40)]],
    ),
    named(
        Kind::CODACY_TOKEN,
        &["codacy"],
        &[&[run(Alphabet::HEX, 32)], &[run(Alphabet::BASE62, 20)]],
    ),
    named(
        Kind::SONAR_TOKEN,
        &["sonar", "sonarqube", "sonarcloud"],
        &[&[run(Alphabet::ANY_HEX, 40)], &[run(Alphabet::BASE62, 40)]],
    ),
    named(Kind::SNYK_TOKEN, &["snyk"], &[UUID]),
    named(Kind::SOURCEGRAPH_TOKEN, &["sourcegraph"], &[&[run(Alphabet::ANY_HEX, 40)]]),
    named(
        Kind::LAUNCHDARKLY_TOKEN,
        &["launchdarkly", "launch_darkly"],
        &[&[run(Alphabet::URL_PADDED, 40)]],
    ),
    named(
        Kind::JFROG_KEY,
        &["jfrog", "artifactory", "bintray", "xray"],
        &[&[run(Alphabet::BASE62, 64)], &[run(Alphabet::BASE62, 73)]],
    ),
    named(Kind::BROWSERSTACK_KEY, &["browserstack"], &[&[run(Alphabet::BASE62, 20)]])
        .key(&["key", "token", "secret"]),
    named(Kind::SAUCELABS_KEY, &["sauce"], &[UUID]),
    named(Kind::LAMBDATEST_KEY, &["lambdatest", "lt_access"], &[&[run(Alphabet::BASE62, 50)]]),
    named(
        Kind::PERCY_TOKEN,
        &["percy"],
        &[&[run(Alphabet::HEX, 64)], &[text("web_"), run(Alphabet::HEX, 64)]],
    ),
    named(Kind::EXPO_TOKEN, &["expo_token", "expo_access"], &[&[run(Alphabet::URL_SAFE, 40)]]),
    named(Kind::GITEA_TOKEN, &["gitea", "forgejo", "codeberg"], &[&[run(Alphabet::HEX, 40)]]),
    named(Kind::GITTER_TOKEN, &["gitter"], &[&[run(Alphabet::URL_SAFE, 40)]]),
    named(Kind::SWAGGERHUB_KEY, &["swaggerhub"], &[UUID]),
    named(
        Kind::BITRISE_TOKEN,
        &["bitrise"],
        &[&[run(Alphabet::URL_SAFE, 86)], &[run(Alphabet::URL_SAFE, 22)]],
    ),
    named(Kind::APPCENTER_TOKEN, &["appcenter", "app_center"], &[&[run(Alphabet::HEX, 40)]]),
    named(
        Kind::FASTLANE_PASSWORD,
        &["fastlane", "apple_id", "appleid", "app_specific", "altool", "notarytool"],
        &[&[
            run(Alphabet::BASE36, 4),
            text("-"),
            run(Alphabet::BASE36, 4),
            text("-"),
            run(Alphabet::BASE36, 4),
            text("-"),
            run(Alphabet::BASE36, 4),
        ]],
    ),
    named(Kind::SEMGREP_TOKEN, &["semgrep"], &[&[run(Alphabet::HEX, 64)]]),
    named(
        Kind::SIDEKIQ_SECRET,
        &["contribsys", "enterprise__contribsys", "gems__contribsys"],
        &[&[run(Alphabet::ANY_HEX, 8), text(":"), run(Alphabet::ANY_HEX, 8)]],
    ),
    named(
        Kind::BLYNK_TOKEN,
        &["blynk"],
        &[&[run(Alphabet::URL_SAFE, 32)], &[run(Alphabet::URL_SAFE, 40)]],
    ),
];
