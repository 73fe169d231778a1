//! What opens monitoring and logs.

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
    rule(Kind::DATADOG_KEY, &["ddpat_", "ddapp_"], &[runs(Alphabet::BASE62, 34, 50)]),
    rule(Kind::NEWRELIC_KEY, &["NRAK-"], &[runs(Alphabet::BASE62, 27, 28)]),
    rule(Kind::NEWRELIC_KEY, &["NRII-", "NRIQ-"], &[run(Alphabet::URL_SAFE, 32)]),
    rule(Kind::NEWRELIC_KEY, &["NRJS-"], &[run(Alphabet::HEX, 19)]),
    rule(Kind::NEWRELIC_KEY, &["NRAA-", "NRRA-"], &[runs(Alphabet::HEX, 27, 42)]),
    rule(
        Kind::NEWRELIC_KEY,
        &["px-api-", "px-dep-"],
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
    ),
    rule(Kind::NEWRELIC_KEY, &["NRAL"], &[]).head(Alphabet::BASE62, 36, 36).check(check::mixed),
    rule(
        Kind::GRAFANA_TOKEN,
        &["glsa_"],
        &[run(Alphabet::BASE62, 32), text("_"), run(Alphabet::ANY_HEX, 8)],
    ),
    rule(Kind::GRAFANA_TOKEN, &["glc_"], &[runs(Alphabet::ANY_BASE64, 32, 400)])
        .check(check::mixed),
    rule(Kind::GRAFANA_TOKEN, &["eyJrIjoi"], &[runs(Alphabet::ANY_BASE64, 60, 400)]),
    rule(
        Kind::SENTRY_TOKEN,
        &["sntrys_"],
        &[text("eyJ"), runs(Alphabet::PADDED, 80, 400), text("_"), runs(Alphabet::PADDED, 43, 44)],
    )
    .check(check::json_inside),
    rule(Kind::SENTRY_TOKEN, &["sntryu_"], &[run(Alphabet::HEX, 64)]),
    rule(
        Kind::HONEYCOMB_KEY,
        &["hcaik_", "hcxik_", "hcalk_", "hcxlk_", "hcamk_"],
        &[run(Alphabet::BASE36, 58)],
    ),
    rule(
        Kind::DYNATRACE_TOKEN,
        &["dt0c01.", "dt0s01.", "dt0s02.", "dt0s16."],
        &[run(Alphabet::BASE62, 24), text("."), run(Alphabet::BASE62, 64)],
    ),
    rule(Kind::ELASTIC_KEY, &["essu_"], &[runs(Alphabet::ANY_BASE64, 60, 120)]),
    rule(
        Kind::AXIOM_TOKEN,
        &["xaat-", "xapt-"],
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
    ),
    rule(Kind::POSTHOG_KEY, &["phx_"], &[runs(Alphabet::BASE62, 43, 50)]),
    rule(Kind::STATSIG_KEY, &["secret-", "console-"], &[runs(Alphabet::BASE62, 40, 50)])
        .near(&["statsig"]),
    rule(Kind::CHECKLY_KEY, &["cu_"], &[run(Alphabet::HEX, 32)]),
    rule(Kind::ROOTLY_KEY, &["rootly_"], &[run(Alphabet::HEX, 64)]),
    rule(
        Kind::HEALTHCHECKS_ADDRESS,
        &["hc-ping.com/"],
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
    ),
    rule(Kind::CORALOGIX_KEY, &["cxtp_"], &[run(Alphabet::BASE62, 30)]),
    rule(Kind::HONEYBADGER_KEY, &["hbp_"], &[run(Alphabet::BASE62, 36)]),
];

/// Tokens that are known by the name beside them.
pub(super) const NAMED: &[Named] = &[
    named(
        Kind::DATADOG_KEY,
        &["datadog", "dd_api", "dd_app", "dd-api", "dd-app"],
        &[&[run(Alphabet::BASE36, 32)], &[run(Alphabet::BASE36, 40)]],
    ),
    named(
        Kind::NEWRELIC_KEY,
        &["newrelic", "new_relic", "new-relic"],
        &[
            &[run(Alphabet::BASE36, 64)],
            &[run(Alphabet::BASE62, 32)],
            &[run(Alphabet::HEX, 40)],
            &[run(Alphabet::HEX, 47)],
        ],
    ),
    named(Kind::NEWRELIC_KEY, &["license_key"], &[&[run(Alphabet::HEX, 40)]]),
    named(Kind::SENTRY_TOKEN, &["sentry"], &[&[run(Alphabet::HEX, 64)]]),
    named(
        Kind::HONEYCOMB_KEY,
        &["honeycomb"],
        &[&[run(Alphabet::BASE62, 22)], &[run(Alphabet::HEX, 32)]],
    ),
    named(Kind::SPLUNK_TOKEN, &["splunk"], &[UUID]),
    named(
        Kind::ELASTIC_KEY,
        &["elastic", "elasticsearch", "elasticcloud"],
        &[
            &[run(Alphabet::ANY_BASE64, 60)],
            &[run(Alphabet::ANY_BASE64, 56)],
            &[run(Alphabet::BASE62, 24)],
        ],
    ),
    named(
        Kind::SUMOLOGIC_KEY,
        &["sumo", "sumologic", "sumo_logic"],
        &[&[run(Alphabet::BASE62, 64)], &[text("su"), run(Alphabet::BASE62, 12)]],
    ),
    named(Kind::ROLLBAR_TOKEN, &["rollbar"], &[&[run(Alphabet::HEX, 32)]]),
    named(Kind::BUGSNAG_KEY, &["bugsnag"], &[&[run(Alphabet::HEX, 32)]]),
    named(Kind::AIRBRAKE_KEY, &["airbrake"], &[&[run(Alphabet::HEX, 32)]]),
    named(Kind::RAYGUN_KEY, &["raygun"], &[&[run(Alphabet::BASE62, 22)]]),
    named(
        Kind::PAGERDUTY_KEY,
        &["pagerduty", "pager_duty"],
        &[
            &[text("u+"), run(Alphabet::URL_SAFE, 18)],
            &[run(Alphabet::URL_SAFE, 20)],
            &[run(Alphabet::HEX, 32)],
        ],
    ),
    named(Kind::OPSGENIE_KEY, &["opsgenie"], &[UUID]),
    named(
        Kind::LOGZIO_TOKEN,
        &["logzio", "logz_io"],
        &[&[run(Alphabet::LETTERS, 32)], &[run(Alphabet::BASE62, 32)]],
    ),
    named(Kind::LOGGLY_TOKEN, &["loggly"], &[UUID]),
    named(Kind::PAPERTRAIL_TOKEN, &["papertrail"], &[&[run(Alphabet::BASE62, 20)]]),
    named(Kind::LOGDNA_KEY, &["logdna", "mezmo"], &[&[run(Alphabet::HEX, 32)]]),
    named(
        Kind::BETTERSTACK_TOKEN,
        &["logtail", "betterstack", "better_stack", "betteruptime"],
        &[&[run(Alphabet::BASE62, 24)]],
    ),
    named(Kind::AMPLITUDE_KEY, &["amplitude"], &[&[run(Alphabet::HEX, 32)]]),
    named(Kind::MIXPANEL_SECRET, &["mixpanel"], &[&[run(Alphabet::HEX, 32)]]),
    named(
        Kind::UPTIMEROBOT_KEY,
        &["uptimerobot", "uptime_robot"],
        &[
            &[text("u"), runs(Alphabet::DIGITS, 6, 8), text("-"), run(Alphabet::HEX, 24)],
            &[text("ur"), runs(Alphabet::DIGITS, 6, 8), text("-"), run(Alphabet::HEX, 24)],
        ],
    ),
    named(Kind::BEAMER_KEY, &["beamer"], &[&[text("b_"), run(Alphabet::URL_PADDED, 44)]]),
    named(Kind::STATUSPAGE_KEY, &["statuspage"], &[UUID, &[run(Alphabet::HEX, 64)]]),
    named(
        Kind::LIGHTSTEP_TOKEN,
        &["lightstep", "ls_access"],
        &[&[run(Alphabet::URL_SAFE, 86)], &[runs(Alphabet::ANY_BASE64, 100, 200)]],
    ),
    named(Kind::APPOPTICS_TOKEN, &["appoptics"], &[&[run(Alphabet::URL_SAFE, 71)]]),
    named(Kind::LIBRATO_TOKEN, &["librato"], &[&[run(Alphabet::HEX, 64)]]),
    named(Kind::INSTANA_TOKEN, &["instana"], &[&[run(Alphabet::URL_SAFE, 22)]]),
    named(Kind::CORALOGIX_KEY, &["coralogix"], &[UUID]),
    named(
        Kind::SCOUT_KEY,
        &["scout_key", "scout_apm"],
        &[&[run(Alphabet::BASE62, 20)], &[run(Alphabet::BASE62, 40)]],
    ),
    named(
        Kind::HONEYBADGER_KEY,
        &["honeybadger"],
        &[&[run(Alphabet::HEX, 8)], &[run(Alphabet::HEX, 32)]],
    ),
];
