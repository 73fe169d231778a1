//! What opens clouds and hosting.

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
    rule(Kind::AWS_KEY, &["AKIA", "ASIA", "ABIA", "ACCA"], &[run(Alphabet::UPPER36, 16)]),
    rule(Kind::AWS_KEY, &["A3T"], &[run(Alphabet::UPPER36, 17)]).near(&["aws", "amazon"]),
    rule(
        Kind::AWS_BEDROCK_KEY,
        &["ABSKQmVkcm9ja0FQSUtleS"],
        &[runs(Alphabet::ANY_BASE64, 100, 300)],
    ),
    rule(
        Kind::AWS_BEDROCK_KEY,
        &["bedrock-api-key-YmVkcm9jay5hbWF6b25hd3MuY29t"],
        &[runs(Alphabet::ANY_BASE64, 0, 2000)],
    ),
    rule(
        Kind::AWS_MWS_TOKEN,
        &["amzn.mws."],
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
    rule(Kind::AWS_APPSYNC_KEY, &["da2-"], &[run(Alphabet::BASE36, 26)]),
    rule(Kind::GOOGLE_KEY, &["AIza"], &[run(Alphabet::URL_SAFE, 35)]).check(check::mixed),
    rule(Kind::GOOGLE_KEY, &["GOCSPX-"], &[run(Alphabet::URL_SAFE, 28)]),
    rule(Kind::GOOGLE_OAUTH_TOKEN, &["ya29."], &[runs(Alphabet::URL_SAFE, 40, 1000)]),
    rule(Kind::GOOGLE_OAUTH_TOKEN, &["1//"], &[runs(Alphabet::URL_SAFE, 60, 120)])
        .near(&["google", "refresh"]),
    rule(
        Kind::AZURE_CLIENT_SECRET,
        &["0Q~", "1Q~", "2Q~", "3Q~", "4Q~", "5Q~", "6Q~", "7Q~", "8Q~", "9Q~"],
        &[runs(Alphabet::UNRESERVED, 31, 34)],
    )
    .head(Alphabet::UNRESERVED, 3, 3)
    .check(check::three_classes),
    rule(
        Kind::AZURE_SAS_SIGNATURE,
        &["sig="],
        &[
            runs(Alphabet::WORD, 0, 60),
            text("%"),
            runs(Alphabet::WORD, 0, 60),
            text("%"),
            runs(Alphabet::WORD, 0, 12),
        ],
    )
    .near(&["sv=", "se=", "sr="]),
    rule(Kind::AZURE_DEVOPS_TOKEN, &["AZDO"], &[run(Alphabet::BASE62, 4)])
        .head(Alphabet::BASE62, 76, 76)
        .check(check::azure_devops),
    rule(Kind::AZURE_KEY, &["JQQJ9"], &[run(Alphabet::BASE62, 27)]).head(Alphabet::BASE62, 52, 52),
    rule(Kind::AZURE_KEY, &["JQQJ9"], &[run(Alphabet::BASE62, 29), text("==")]).head(
        Alphabet::BASE62,
        52,
        52,
    ),
    rule(Kind::AZURE_FUNCTION_KEY, &["AzFu"], &[runs(Alphabet::ANY_BASE64, 4, 12)]).head(
        Alphabet::BASE64,
        40,
        48,
    ),
    rule(Kind::AZURE_SEARCH_KEY, &["AzSe"], &[run(Alphabet::BASE62, 6)]).head(
        Alphabet::BASE62,
        42,
        42,
    ),
    rule(Kind::AZURE_CONTAINER_REGISTRY_KEY, &["+ACR"], &[run(Alphabet::BASE62, 6)]).head(
        Alphabet::BASE64,
        42,
        42,
    ),
    rule(Kind::ALIBABA_KEY, &["LTAI"], &[runs(Alphabet::BASE62, 12, 20)]).check(check::mixed),
    rule(Kind::TENCENT_KEY, &["AKID"], &[run(Alphabet::BASE62, 32)]).check(check::three_classes),
    rule(Kind::YANDEX_KEY, &["AQVN"], &[runs(Alphabet::URL_SAFE, 35, 38)]),
    rule(Kind::YANDEX_KEY, &["YCAJE"], &[run(Alphabet::URL_SAFE, 20)]),
    rule(Kind::YANDEX_KEY, &["YCM", "YCP", "YCN", "YCO", "YCQ"], &[run(Alphabet::URL_SAFE, 37)])
        .check(check::three_classes)
        .near(&["yandex", "yc_", "secret"]),
    rule(
        Kind::YANDEX_TOKEN,
        &["t1."],
        &[runs(Alphabet::URL_PADDED, 1, 300), text("."), runs(Alphabet::URL_PADDED, 86, 90)],
    )
    .check(check::not_words),
    rule(Kind::DIGITALOCEAN_TOKEN, &["dop_v1_", "doo_v1_", "dor_v1_"], &[run(Alphabet::HEX, 64)]),
    rule(Kind::SCALEWAY_KEY, &["SCW"], &[run(Alphabet::UPPER36, 17)]).check(check::mixed),
    rule(
        Kind::CLOUDFLARE_ORIGIN_CA_KEY,
        &["v1.0-"],
        &[run(Alphabet::HEX, 24), text("-"), run(Alphabet::HEX, 146)],
    ),
    rule(
        Kind::AKAMAI_SECRET,
        &["akab-"],
        &[run(Alphabet::BASE36, 16), text("-"), run(Alphabet::BASE36, 16)],
    ),
    rule(Kind::HEROKU_KEY, &["HRKU-AA"], &[run(Alphabet::URL_SAFE, 58)]),
    rule(
        Kind::HEROKU_KEY,
        &["HRKU-"],
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
    rule(Kind::NETLIFY_TOKEN, &["nfp_", "nfo_", "nfc_", "nfu_"], &[run(Alphabet::BASE62, 36)]),
    rule(
        Kind::VERCEL_TOKEN,
        &["vcp_", "vci_", "vca_", "vcr_", "vck_"],
        &[runs(Alphabet::BASE62, 24, 60)],
    )
    .check(check::three_classes),
    rule(Kind::FLYIO_TOKEN, &["fo1_"], &[run(Alphabet::URL_SAFE, 43)]),
    rule(Kind::FLYIO_TOKEN, &["fm1r_", "fm1a_", "fm2_"], &[runs(Alphabet::ANY_BASE64, 100, 2000)]),
    rule(Kind::RENDER_KEY, &["rnd_"], &[runs(Alphabet::BASE62, 28, 36)]),
    rule(Kind::SCALINGO_TOKEN, &["tk-us-", "tk-eu-"], &[run(Alphabet::URL_SAFE, 48)]),
    rule(Kind::DENO_TOKEN, &["ddp_", "ddo_"], &[run(Alphabet::BASE62, 36)]),
    rule(Kind::SUPABASE_TOKEN, &["sbp_"], &[run(Alphabet::HEX, 40)]),
    rule(
        Kind::SUPABASE_TOKEN,
        &["sb_secret_"],
        &[run(Alphabet::URL_SAFE, 22), text("_"), run(Alphabet::URL_SAFE, 8)],
    ),
    rule(Kind::SETTLEMINT_TOKEN, &["sm_pat_", "sm_aat_", "sm_sat_"], &[run(Alphabet::BASE62, 16)]),
    rule(Kind::DNSIMPLE_TOKEN, &["dnsimple_a_", "dnsimple_u_"], &[runs(Alphabet::BASE62, 32, 34)]),
    rule(Kind::UBIDOTS_TOKEN, &["BBFF-", "BBUS-"], &[runs(Alphabet::BASE62, 30, 32)]),
];

/// Tokens that are known by the name beside them.
pub(super) const NAMED: &[Named] = &[
    named(
        Kind::AWS_SECRET,
        &[
            "aws_secret",
            "awssecret",
            "secret_access_key",
            "secretaccesskey",
            "aws_secret_access",
            "aws.secret",
            "secret-access-key",
        ],
        &[&[run(Alphabet::BASE64, 40)]],
    ),
    named(Kind::AWS_SECRET, &["aws", "amazon"], &[&[run(Alphabet::BASE64, 40)]]).key(&["secret"]),
    named(
        Kind::AWS_SESSION_TOKEN,
        &["aws_session", "awssession", "aws_security_token", "security-token", "sessiontoken"],
        &[&[runs(Alphabet::ANY_BASE64, 100, 3000)]],
    ),
    named(
        Kind::GOOGLE_KEY,
        &["googleusercontent", "google_client", "googleclient"],
        &[&[run(Alphabet::URL_SAFE, 24)]],
    )
    .key(&["secret"]),
    named(Kind::GCP_SERVICE_ACCOUNT, &["private_key_id"], &[&[run(Alphabet::HEX, 40)]]),
    named(
        Kind::AZURE_STORAGE_KEY,
        &[
            "accountkey",
            "account_key",
            "storage_key",
            "storagekey",
            "storageaccountkey",
            "cosmos",
            "azure_storage",
        ],
        &[&[run(Alphabet::BASE64, 86), text("==")]],
    ),
    named(
        Kind::AZURE_SHARED_ACCESS_KEY,
        &["sharedaccesskey", "shared_access_key"],
        &[&[run(Alphabet::BASE64, 43), text("=")]],
    ),
    named(Kind::AZURE_APP_CONFIG_SECRET, &["azconfig"], &[&[run(Alphabet::BASE64, 43), text("=")]])
        .key(&["secret"]),
    named(
        Kind::AZURE_DEVOPS_TOKEN,
        &[
            "azure_devops",
            "ado_pat",
            "azuredevops",
            "dev.azure.com",
            "visualstudio",
            "vsts",
            "system_accesstoken",
            "ado_token",
        ],
        &[&[run(Alphabet::BASE36, 52)]],
    ),
    named(
        Kind::AZURE_OPENAI_KEY,
        &[
            "azure_openai",
            "azureopenai",
            "cognitive",
            "azure_ai",
            "ocp-apim-subscription-key",
            "azure_speech",
            "azure_translator",
            "azure_api",
        ],
        &[&[run(Alphabet::HEX, 32)], &[run(Alphabet::BASE62, 84)]],
    ),
    named(
        Kind::ALIBABA_SECRET,
        &["alibaba", "aliyun", "alicloud", "alibabacloud", "accesskeysecret", "oss_access"],
        &[&[run(Alphabet::BASE62, 30)]],
    ),
    named(
        Kind::TENCENT_KEY,
        &["tencent", "tencentcloud", "qcloud", "cos_secret"],
        &[&[run(Alphabet::BASE62, 32)]],
    )
    .key(&["secret", "token", "key"]),
    named(
        Kind::HUAWEI_SECRET,
        &["huawei", "huaweicloud", "hwcloud"],
        &[&[run(Alphabet::BASE62, 40)]],
    ),
    named(
        Kind::VOLCENGINE_SECRET,
        &["volcengine", "volc_secret", "volc_access"],
        &[&[runs(Alphabet::BASE62, 40, 60), text("==")]],
    ),
    named(Kind::YANDEX_KEY, &["yandex"], &[&[text("YC"), run(Alphabet::URL_SAFE, 38)]]),
    named(
        Kind::IBM_CLOUD_KEY,
        &["ibm_cloud", "ibmcloud", "ibm", "watson", "bluemix"],
        &[&[run(Alphabet::URL_SAFE, 44)]],
    ),
    named(
        Kind::DIGITALOCEAN_TOKEN,
        &["digitalocean", "digital_ocean"],
        &[&[run(Alphabet::HEX, 64)]],
    ),
    named(Kind::LINODE_TOKEN, &["linode"], &[&[run(Alphabet::HEX, 64)]]),
    named(Kind::VULTR_KEY, &["vultr"], &[&[run(Alphabet::UPPER36, 36)]]),
    named(Kind::HETZNER_TOKEN, &["hetzner", "hcloud"], &[&[run(Alphabet::BASE62, 64)]]),
    named(Kind::SCALEWAY_KEY, &["scaleway", "scw_secret"], &[UUID]),
    named(
        Kind::OVH_SECRET,
        &["ovh"],
        &[&[run(Alphabet::BASE36, 32)], &[run(Alphabet::BASE62, 32)]],
    ),
    named(
        Kind::ORACLE_AUTH_TOKEN,
        &["oracle_auth", "oci_auth", "ocir"],
        &[&[runs(Alphabet::UNRESERVED, 20, 24)]],
    ),
    named(Kind::CLOUDFLARE_TOKEN, &["cloudflare"], &[&[run(Alphabet::URL_SAFE, 40)]]),
    named(Kind::CLOUDFLARE_GLOBAL_KEY, &["cloudflare"], &[&[run(Alphabet::HEX, 37)]]),
    named(Kind::FASTLY_TOKEN, &["fastly"], &[&[run(Alphabet::URL_SAFE, 32)]]),
    named(Kind::AKAMAI_SECRET, &["akamai", "edgegrid"], &[&[run(Alphabet::BASE64, 43), text("=")]]),
    named(Kind::HEROKU_KEY, &["heroku"], &[UUID]),
    named(Kind::NETLIFY_TOKEN, &["netlify"], &[&[runs(Alphabet::URL_PADDED, 43, 46)]]),
    named(Kind::VERCEL_TOKEN, &["vercel", "now_token"], &[&[run(Alphabet::BASE62, 24)]]),
    named(Kind::RAILWAY_TOKEN, &["railway"], &[UUID]),
    named(
        Kind::BACKBLAZE_KEY,
        &["backblaze", "b2_application", "b2_app"],
        &[&[text("K00"), run(Alphabet::BASE64, 28)], &[run(Alphabet::BASE64, 31)]],
    ),
    named(
        Kind::WASABI_SECRET,
        &["wasabi", "minio", "s3_secret", "s3secret", "r2_secret", "spaces_secret"],
        &[&[run(Alphabet::BASE64, 40)], &[run(Alphabet::HEX, 64)]],
    ),
    named(
        Kind::GODADDY_KEY,
        &["godaddy"],
        &[
            &[runs(Alphabet::BASE62, 35, 38), text("_"), runs(Alphabet::BASE62, 20, 24)],
            &[run(Alphabet::BASE62, 22)],
        ],
    ),
    named(Kind::GANDI_KEY, &["gandi"], &[&[run(Alphabet::BASE62, 24)], &[run(Alphabet::HEX, 40)]]),
    named(Kind::NAMECHEAP_KEY, &["namecheap"], &[&[run(Alphabet::HEX, 32)]]),
    named(
        Kind::BUNNY_KEY,
        &["bunny", "bunnycdn"],
        &[
            &[
                run(Alphabet::ANY_HEX, 8),
                text("-"),
                run(Alphabet::ANY_HEX, 4),
                text("-"),
                run(Alphabet::ANY_HEX, 4),
                text("-"),
                run(Alphabet::ANY_HEX, 12),
                text("-"),
                run(Alphabet::ANY_HEX, 4),
                text("-"),
                run(Alphabet::ANY_HEX, 4),
            ],
            UUID,
        ],
    ),
    named(Kind::PANTHEON_TOKEN, &["pantheon", "terminus"], &[&[run(Alphabet::URL_SAFE, 51)]]),
    named(
        Kind::PLATFORMSH_TOKEN,
        &["platformsh", "platform.sh", "upsun"],
        &[&[run(Alphabet::URL_SAFE, 43)]],
    ),
    named(Kind::KINSTA_KEY, &["kinsta"], &[&[run(Alphabet::HEX, 64)]]),
];
