//! What opens pipelines, tests and releases.

crate::kind::kinds! {
    PIPELINE:
    DOCKER_TOKEN = "docker_token", Secret, Restricted,
        "A personal or organisation access token of Docker Hub.",
        "`dckr_pat_` and 27 characters of base64url; `dckr_oat_` and 32 characters of base64url",
        "Docker documentation, access tokens";
    DOCKER_AUTH = "docker_auth", Secret, Restricted,
        "Credentials of a registry in Docker's settings.",
        "base64 of a user and a password that is given to `auth`",
        "Docker documentation, docker login";
    CIRCLECI_TOKEN = "circleci_token", Secret, Restricted,
        "A personal or project token of CircleCI.",
        "`CCIPAT_` or `CCIPRJ_` and 22 letters and digits, `_`, 40 hexadecimal digits; 40 hexadecimal digits, assigned beside `circleci` or `circle_ci`",
        "CircleCI documentation, managing API tokens";
    TRAVIS_TOKEN = "travis_token", Secret, Restricted,
        "An access token of Travis CI.",
        "22 characters of base64url, assigned beside `travis`",
        "Travis CI documentation, API";
    BUILDKITE_TOKEN = "buildkite_token", Secret, Restricted,
        "An API or agent token of Buildkite.",
        "`bkua_` and 40 hexadecimal digits; `bkct_`, `bkat_`, `bkaj_` or another of its prefixes and 30 to 60 letters and digits; 40 hexadecimal digits or 50 hexadecimal digits, assigned beside `buildkite`",
        "Buildkite documentation, managing API tokens";
    DRONE_TOKEN = "drone_token", Secret, Restricted,
        "A token of Drone CI.",
        "32 letters and digits, assigned beside `drone` or `droneci`",
        "Drone documentation, API overview";
    JENKINS_TOKEN = "jenkins_token", Secret, Restricted,
        "An API token of Jenkins.",
        "`11`, 32 hexadecimal digits or 32 hexadecimal digits or a UUID, assigned beside `jenkins`",
        "Jenkins documentation, authenticating scripted clients";
    TEAMCITY_TOKEN = "teamcity_token", Secret, Restricted,
        "A token of TeamCity.",
        "`eyJ0eXAiOiAiVENWMiJ9.` and 36 characters of base64url, `.`, 48 characters of base64url",
        "TeamCity documentation, managing user access tokens";
    CODECOV_TOKEN = "codecov_token", Secret, Restricted,
        "An upload token of Codecov.",
        "32 small letters and digits or a UUID, assigned beside `codecov`",
        "Codecov documentation, tokens";
    COVERALLS_TOKEN = "coveralls_token", Secret, Restricted,
        "A repository token of Coveralls.",
        "33 letters and digits or 36 letters and digits, assigned beside `coveralls`",
        "Coveralls documentation, usage";
    CODECLIMATE_TOKEN = "codeclimate_token", Secret, Restricted,
        "A token of Code Climate.",
        "64 hexadecimal digits or 40 hexadecimal digits, assigned beside `codeclimate` or `code_climate`",
        "Code Climate documentation, test coverage";
    CODACY_TOKEN = "codacy_token", Secret, Restricted,
        "A token of Codacy.",
        "32 hexadecimal digits or 20 letters and digits, assigned beside `codacy`",
        "Codacy documentation, API tokens";
    SONAR_TOKEN = "sonar_token", Secret, Restricted,
        "A token of SonarQube.",
        "`sqp_` or `squ_` or `sqa_` and 40 hexadecimal digits; 40 hexadecimal digits or 40 letters and digits, assigned beside `sonar` or `sonarqube`",
        "SonarQube documentation, managing your tokens";
    SNYK_TOKEN = "snyk_token", Secret, Restricted,
        "An API token of Snyk.",
        "`snyk_uat.` or `snyk_sat.` and 8 hexadecimal digits, `.`, 80 to 300 characters of base64url and dots; a UUID, assigned beside `snyk`",
        "Snyk documentation, API authentication";
    SOURCEGRAPH_TOKEN = "sourcegraph_token", Secret, Restricted,
        "An access token of Sourcegraph.",
        "`sgp_` and 40 hexadecimal digits (mixed); `sgp_` and 16 hexadecimal digits, `_`, 40 hexadecimal digits; `sgp_local_` and 40 hexadecimal digits; `slk_` or `sgd_` and 40 to 64 hexadecimal digits; 40 hexadecimal digits, assigned beside `sourcegraph`",
        "Sourcegraph documentation, access tokens";
    OCTOPUS_KEY = "octopus_key", Secret, Restricted,
        "An API key of Octopus Deploy.",
        "`API-` and 26 capitals and digits (mixed)",
        "Octopus documentation, how to create an API key";
    HARNESS_TOKEN = "harness_token", Secret, Restricted,
        "An access token of Harness.",
        "`pat.` or `sat.` and 22 characters of base64url, `.`, 24 letters and digits, `.`, 20 letters and digits",
        "Harness documentation, add and manage API keys";
    LAUNCHDARKLY_TOKEN = "launchdarkly_token", Secret, Restricted,
        "An access token or SDK key of LaunchDarkly.",
        "`api-` or `sdk-` and a UUID, near `launch` or `ld_`; 40 characters of base64url with padding, assigned beside `launchdarkly` or `launch_darkly`",
        "LaunchDarkly documentation, API access tokens";
    JFROG_KEY = "jfrog_key", Secret, Restricted,
        "An API key, reference token or identity token of JFrog.",
        "`AKCp` and 69 letters and digits; `cmVmd` and 59 letters and digits (mixed); 64 letters and digits or 73 letters and digits, assigned beside `jfrog` or `artifactory`",
        "JFrog documentation, access tokens";
    TERRAFORM_TOKEN = "terraform_token", Secret, Restricted,
        "An API token of HCP Terraform.",
        "14 letters and digits before `.atlasv1.` and 60 to 70 characters of base64url with padding",
        "HCP Terraform documentation, API tokens";
    PULUMI_TOKEN = "pulumi_token", Secret, Restricted,
        "An access token of Pulumi.",
        "`pul-` and 40 hexadecimal digits",
        "Pulumi documentation, access tokens";
    POSTMAN_KEY = "postman_key", Secret, Restricted,
        "An API key of Postman.",
        "`PMAK-` and 24 hexadecimal digits, `-`, 34 hexadecimal digits; `PMAT-` and 26 capitals and digits",
        "Postman documentation, API authentication";
    README_KEY = "readme_key", Secret, Restricted,
        "An API key of ReadMe.",
        "`rdme_` and 70 letters and digits",
        "ReadMe documentation, authentication";
    STACKHAWK_KEY = "stackhawk_key", Secret, Restricted,
        "An API key of StackHawk.",
        "`hawk.` and 20 characters of base64url, `.`, 20 characters of base64url",
        "StackHawk documentation, API keys";
    BROWSERSTACK_KEY = "browserstack_key", Secret, Restricted,
        "An access key of BrowserStack.",
        "20 letters and digits, assigned beside `browserstack`",
        "BrowserStack documentation, authentication";
    SAUCELABS_KEY = "saucelabs_key", Secret, Restricted,
        "An access key of Sauce Labs.",
        "a UUID, assigned beside `sauce`",
        "Sauce Labs documentation, account credentials";
    LAMBDATEST_KEY = "lambdatest_key", Secret, Restricted,
        "An access key of LambdaTest.",
        "`LT_` and 47 to 52 letters and digits, near `lambda`; 50 letters and digits, assigned beside `lambdatest` or `lt_access`",
        "LambdaTest documentation, authentication";
    CHROMATIC_TOKEN = "chromatic_token", Secret, Restricted,
        "A project token of Chromatic.",
        "`chpt_` and 12 to 16 hexadecimal digits",
        "Chromatic documentation, setup";
    PERCY_TOKEN = "percy_token", Secret, Restricted,
        "A token of Percy.",
        "64 hexadecimal digits or `web_`, 64 hexadecimal digits, assigned beside `percy`",
        "Percy documentation, environment variables";
    EXPO_TOKEN = "expo_token", Secret, Restricted,
        "An access token of Expo.",
        "40 characters of base64url, assigned beside `expo_token` or `expo_access`",
        "Expo documentation, programmatic access";
    INFRACOST_KEY = "infracost_key", Secret, Restricted,
        "An API key of Infracost.",
        "`ico-` and 32 letters and digits (letters that make no words)",
        "Infracost documentation, API keys";
    PREFECT_KEY = "prefect_key", Secret, Restricted,
        "An API key of Prefect.",
        "`pnu_` or `pnb_` and 36 letters and digits",
        "Prefect documentation, manage API keys";
    DTRACK_KEY = "dtrack_key", Secret, Restricted,
        "An API key of Dependency-Track.",
        "`odt_` and 32 to 40 letters and digits (of three classes)",
        "Dependency-Track documentation, REST API";
    GITEA_TOKEN = "gitea_token", Secret, Restricted,
        "An access token of Gitea or Forgejo.",
        "40 hexadecimal digits, assigned beside `gitea` or `forgejo`",
        "Gitea documentation, API usage";
    GITTER_TOKEN = "gitter_token", Secret, Restricted,
        "An access token of Gitter.",
        "40 characters of base64url, assigned beside `gitter`",
        "Gitter developer documentation, authentication";
    SWAGGERHUB_KEY = "swaggerhub_key", Secret, Restricted,
        "An API key of SwaggerHub.",
        "a UUID, assigned beside `swaggerhub`",
        "SwaggerHub documentation, API authentication";
    BITRISE_TOKEN = "bitrise_token", Secret, Restricted,
        "A token of Bitrise.",
        "86 characters of base64url or 22 characters of base64url, assigned beside `bitrise`",
        "Bitrise documentation, API authentication";
    APPCENTER_TOKEN = "appcenter_token", Secret, Restricted,
        "An API token of Visual Studio App Center.",
        "40 hexadecimal digits, assigned beside `appcenter` or `app_center`",
        "App Center documentation, API tokens";
    FASTLANE_PASSWORD = "fastlane_password", Secret, Restricted,
        "A password for applications of an Apple account.",
        "4 small letters and digits, `-`, 4 small letters and digits, `-`, 4 small letters and digits, `-`, 4 small letters and digits, assigned beside `fastlane` or `apple_id`",
        "Apple support, app-specific passwords";
    ENDORLABS_TOKEN = "endorlabs_token", Secret, Restricted,
        "A token of Endor Labs.",
        "`endr+` and 16 characters of base64url",
        "Endor Labs documentation, API keys";
    SEMGREP_TOKEN = "semgrep_token", Secret, Restricted,
        "An application token of Semgrep.",
        "64 hexadecimal digits, assigned beside `semgrep`",
        "Semgrep documentation, CI environment variables";
    DBT_TOKEN = "dbt_token", Secret, Restricted,
        "A token of dbt Cloud.",
        "`dbtc_` or `dbtu_` and 40 to 70 characters of base64url",
        "dbt documentation, service account tokens";
    VAL_TOWN_TOKEN = "val_town_token", Secret, Restricted,
        "An API token of Val Town.",
        "`vtwn_` and 20 to 40 letters and digits",
        "Val Town documentation, REST API";
    TRIGGER_DEV_KEY = "trigger_dev_key", Secret, Restricted,
        "A secret key of Trigger.dev.",
        "`tr_prod_`, `tr_dev_`, `tr_stg_` or another of its prefixes and 20 to 40 letters and digits",
        "Trigger.dev documentation, API keys";
    INTRA42_SECRET = "intra42_secret", Secret, Restricted,
        "A secret of Intra 42.",
        "`s-s4t2ud-` or `s-s4t2af-` and 64 hexadecimal digits",
        "42 API documentation, getting started";
    SIDEKIQ_SECRET = "sidekiq_secret", Secret, Restricted,
        "Credentials of the gem server of Sidekiq Pro and Enterprise.",
        "8 hexadecimal digits, `:`, 8 hexadecimal digits, assigned beside `contribsys` or `enterprise__contribsys`",
        "Sidekiq wiki, Pro installation";
    BLYNK_TOKEN = "blynk_token", Secret, Restricted,
        "A device token or OAuth credential of Blynk.",
        "32 characters of base64url or 40 characters of base64url, assigned beside `blynk`",
        "Blynk documentation, HTTPS API";
}
