//! What opens monitoring and logs.

crate::kind::kinds! {
    WATCH:
    DATADOG_KEY = "datadog_key", Secret, Restricted,
        "An API or application key of Datadog.",
        "`ddpat_` or `ddapp_` and 34 to 50 letters and digits; 32 small letters and digits or 40 small letters and digits, assigned beside `datadog` or `dd_api`",
        "Datadog documentation, API and application keys";
    NEWRELIC_KEY = "newrelic_key", Secret, Restricted,
        "A key of New Relic.",
        "`NRAK-` and 27 to 28 letters and digits; `NRII-` or `NRIQ-` and 32 characters of base64url; `NRJS-` and 19 hexadecimal digits; `NRAA-` or `NRRA-` and 27 to 42 hexadecimal digits; `px-api-` or `px-dep-` and a UUID; 36 letters and digits before `NRAL` (mixed); 64 small letters and digits or 32 letters and digits or 40 hexadecimal digits or 47 hexadecimal digits, assigned beside `newrelic` or `new_relic`; 40 hexadecimal digits, assigned beside `license_key`",
        "New Relic documentation, API keys";
    GRAFANA_TOKEN = "grafana_token", Secret, Restricted,
        "A service account token, cloud token or key of Grafana.",
        "`glsa_` and 32 letters and digits, `_`, 8 hexadecimal digits; `glc_` and 32 to 400 characters of base64 (mixed); `eyJrIjoi` and 60 to 400 characters of base64",
        "Grafana documentation, service accounts";
    SENTRY_TOKEN = "sentry_token", Secret, Restricted,
        "A token of Sentry.",
        "`sntrys_` and `eyJ`, 80 to 400 characters of base64 with padding, `_`, 43 to 44 characters of base64 with padding (a part decodes to JSON); `sntryu_` and 64 hexadecimal digits; 64 hexadecimal digits, assigned beside `sentry`",
        "Sentry documentation, auth tokens";
    HONEYCOMB_KEY = "honeycomb_key", Secret, Restricted,
        "An API key of Honeycomb.",
        "`hcaik_`, `hcxik_`, `hcalk_` or another of its prefixes and 58 small letters and digits; 22 letters and digits or 32 hexadecimal digits, assigned beside `honeycomb`",
        "Honeycomb documentation, API keys";
    DYNATRACE_TOKEN = "dynatrace_token", Secret, Restricted,
        "An access token of Dynatrace.",
        "`dt0c01.`, `dt0s01.`, `dt0s02.` or another of its prefixes and 24 letters and digits, `.`, 64 letters and digits",
        "Dynatrace documentation, access tokens";
    SPLUNK_TOKEN = "splunk_token", Secret, Restricted,
        "A token of Splunk's HTTP event collector.",
        "a UUID, assigned beside `splunk`",
        "Splunk documentation, HTTP event collector";
    ELASTIC_KEY = "elastic_key", Secret, Restricted,
        "An API key of Elastic.",
        "`essu_` and 60 to 120 characters of base64; 60 characters of base64 or 56 characters of base64 or 24 letters and digits, assigned beside `elastic` or `elasticsearch`",
        "Elastic documentation, API keys";
    SUMOLOGIC_KEY = "sumologic_key", Secret, Restricted,
        "An access id or key of Sumo Logic.",
        "64 letters and digits or `su`, 12 letters and digits, assigned beside `sumo` or `sumologic`",
        "Sumo Logic documentation, access keys";
    ROLLBAR_TOKEN = "rollbar_token", Secret, Restricted,
        "An access token of Rollbar.",
        "32 hexadecimal digits, assigned beside `rollbar`",
        "Rollbar documentation, access tokens";
    BUGSNAG_KEY = "bugsnag_key", Secret, Restricted,
        "An API key of Bugsnag.",
        "32 hexadecimal digits, assigned beside `bugsnag`",
        "Bugsnag documentation, API keys";
    AIRBRAKE_KEY = "airbrake_key", Secret, Restricted,
        "A project key of Airbrake.",
        "32 hexadecimal digits, assigned beside `airbrake`",
        "Airbrake documentation, project keys";
    RAYGUN_KEY = "raygun_key", Secret, Restricted,
        "An API key of Raygun.",
        "22 letters and digits, assigned beside `raygun`",
        "Raygun documentation, API keys";
    PAGERDUTY_KEY = "pagerduty_key", Secret, Restricted,
        "A key of PagerDuty.",
        "`u+`, 18 characters of base64url or 20 characters of base64url or 32 hexadecimal digits, assigned beside `pagerduty` or `pager_duty`",
        "PagerDuty documentation, API access keys";
    OPSGENIE_KEY = "opsgenie_key", Secret, Restricted,
        "An API key of Opsgenie.",
        "a UUID, assigned beside `opsgenie`",
        "Opsgenie documentation, API key management";
    LOGZIO_TOKEN = "logzio_token", Secret, Restricted,
        "A token of Logz.io.",
        "32 letters or 32 letters and digits, assigned beside `logzio` or `logz_io`",
        "Logz.io documentation, tokens";
    LOGGLY_TOKEN = "loggly_token", Secret, Restricted,
        "A customer token of Loggly.",
        "a UUID, assigned beside `loggly`",
        "Loggly documentation, customer tokens";
    PAPERTRAIL_TOKEN = "papertrail_token", Secret, Restricted,
        "An API token of Papertrail.",
        "20 letters and digits, assigned beside `papertrail`",
        "Papertrail documentation, HTTP API";
    LOGDNA_KEY = "logdna_key", Secret, Restricted,
        "An ingestion key of Mezmo.",
        "32 hexadecimal digits, assigned beside `logdna` or `mezmo`",
        "Mezmo documentation, ingestion keys";
    AXIOM_TOKEN = "axiom_token", Secret, Restricted,
        "A token of Axiom.",
        "`xaat-` or `xapt-` and a UUID",
        "Axiom documentation, tokens";
    BETTERSTACK_TOKEN = "betterstack_token", Secret, Restricted,
        "A source token of Better Stack.",
        "24 letters and digits, assigned beside `logtail` or `betterstack`",
        "Better Stack documentation, API tokens";
    POSTHOG_KEY = "posthog_key", Secret, Restricted,
        "A personal API key of PostHog.",
        "`phx_` and 43 to 50 letters and digits",
        "PostHog documentation, personal API keys";
    AMPLITUDE_KEY = "amplitude_key", Secret, Restricted,
        "A key of Amplitude.",
        "32 hexadecimal digits, assigned beside `amplitude`",
        "Amplitude documentation, keys";
    MIXPANEL_SECRET = "mixpanel_secret", Secret, Restricted,
        "A secret or token of Mixpanel.",
        "32 hexadecimal digits, assigned beside `mixpanel`",
        "Mixpanel documentation, project settings";
    STATSIG_KEY = "statsig_key", Secret, Restricted,
        "A server or console key of Statsig.",
        "`secret-` or `console-` and 40 to 50 letters and digits, near `statsig`",
        "Statsig documentation, API keys";
    UPTIMEROBOT_KEY = "uptimerobot_key", Secret, Restricted,
        "An API key of UptimeRobot.",
        "`u`, 6 to 8 digits, `-`, 24 hexadecimal digits or `ur`, 6 to 8 digits, `-`, 24 hexadecimal digits, assigned beside `uptimerobot` or `uptime_robot`",
        "UptimeRobot documentation, API";
    CHECKLY_KEY = "checkly_key", Secret, Restricted,
        "An API key of Checkly.",
        "`cu_` and 32 hexadecimal digits",
        "Checkly documentation, authentication";
    BEAMER_KEY = "beamer_key", Secret, Restricted,
        "An API key of Beamer.",
        "`b_`, 44 characters of base64url with padding, assigned beside `beamer`",
        "Beamer documentation, API";
    STATUSPAGE_KEY = "statuspage_key", Secret, Restricted,
        "An API key of Statuspage.",
        "a UUID or 64 hexadecimal digits, assigned beside `statuspage`",
        "Statuspage documentation, API information";
    ROOTLY_KEY = "rootly_key", Secret, Restricted,
        "An API key of Rootly.",
        "`rootly_` and 64 hexadecimal digits",
        "Rootly documentation, API";
    HEALTHCHECKS_ADDRESS = "healthchecks_address", Secret, Restricted,
        "A ping address of Healthchecks.",
        "`hc-ping.com/` and a UUID",
        "Healthchecks documentation, pinging API";
    LIGHTSTEP_TOKEN = "lightstep_token", Secret, Restricted,
        "An access token of Lightstep.",
        "86 characters of base64url or 100 to 200 characters of base64, assigned beside `lightstep` or `ls_access`",
        "Lightstep documentation, access tokens";
    APPOPTICS_TOKEN = "appoptics_token", Secret, Restricted,
        "An API token of AppOptics.",
        "71 characters of base64url, assigned beside `appoptics`",
        "AppOptics documentation, API tokens";
    LIBRATO_TOKEN = "librato_token", Secret, Restricted,
        "An API token of Librato.",
        "64 hexadecimal digits, assigned beside `librato`",
        "Librato documentation, API tokens";
    INSTANA_TOKEN = "instana_token", Secret, Restricted,
        "An agent key of Instana.",
        "22 characters of base64url, assigned beside `instana`",
        "Instana documentation, agent keys";
    CORALOGIX_KEY = "coralogix_key", Secret, Restricted,
        "A key of Coralogix.",
        "`cxtp_` and 30 letters and digits; a UUID, assigned beside `coralogix`",
        "Coralogix documentation, API keys";
    SCOUT_KEY = "scout_key", Secret, Restricted,
        "A key of Scout APM.",
        "20 letters and digits or 40 letters and digits, assigned beside `scout_key` or `scout_apm`",
        "Scout documentation, configuration";
    HONEYBADGER_KEY = "honeybadger_key", Secret, Restricted,
        "A project key of Honeybadger.",
        "`hbp_` and 36 letters and digits; 8 hexadecimal digits or 32 hexadecimal digits, assigned beside `honeybadger`",
        "Honeybadger documentation, API";
}
