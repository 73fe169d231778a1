//! What opens databases, search, maps and devices.

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
    rule(
        Kind::PLANETSCALE_TOKEN,
        &["pscale_tkn_", "pscale_pw_", "pscale_oauth_"],
        &[runs(Alphabet::SIGNED, 32, 64)],
    ),
    rule(Kind::PLANETSCALE_TOKEN, &["pscale_app_secret_"], &[runs(Alphabet::URL_SAFE, 32, 64)]),
    rule(Kind::DATABRICKS_TOKEN, &["dapi"], &[run(Alphabet::HEX, 32)]).check(check::mixed),
    rule(
        Kind::DATABRICKS_TOKEN,
        &["dapi"],
        &[run(Alphabet::HEX, 32), text("-"), runs(Alphabet::DIGITS, 1, 2)],
    )
    .check(check::mixed),
    rule(Kind::DATABRICKS_TOKEN, &["dose"], &[run(Alphabet::HEX, 32)]).near(&["databricks"]),
    rule(Kind::MONGODB_ATLAS_KEY, &["mdb_sa_sk_"], &[run(Alphabet::URL_SAFE, 40)]),
    rule(
        Kind::COCKROACH_KEY,
        &["CCDB1_"],
        &[run(Alphabet::BASE62, 22), text("_"), run(Alphabet::BASE62, 40)],
    ),
    rule(Kind::NEON_KEY, &["napi_"], &[run(Alphabet::BASE36, 64)]),
    rule(Kind::NEON_KEY, &["npg_"], &[runs(Alphabet::BASE62, 12, 20)]),
    rule(Kind::CONFLUENT_SECRET, &["cflt"], &[run(Alphabet::ANY_BASE64, 60)]),
    rule(Kind::CLICKHOUSE_KEY, &["4b1d"], &[run(Alphabet::BASE62, 38)]),
];

/// Tokens that are known by the name beside them.
pub(super) const NAMED: &[Named] = &[
    named(Kind::MONGODB_ATLAS_KEY, &["atlas_private", "mongodb_atlas", "atlas_api"], &[UUID]),
    named(Kind::UPSTASH_TOKEN, &["upstash"], &[&[runs(Alphabet::URL_PADDED, 40, 130)], UUID]),
    named(
        Kind::CONFLUENT_SECRET,
        &["confluent"],
        &[
            &[run(Alphabet::BASE62, 64)],
            &[run(Alphabet::BASE64, 64)],
            &[run(Alphabet::BASE36, 16)],
            &[run(Alphabet::UPPER36, 16)],
        ],
    ),
    named(
        Kind::INFLUXDB_TOKEN,
        &["influx", "influxdb"],
        &[&[run(Alphabet::URL_SAFE, 86), text("==")], &[run(Alphabet::ANY_BASE64, 86)]],
    ),
    named(Kind::ALGOLIA_KEY, &["algolia"], &[&[run(Alphabet::BASE36, 32)]]),
    named(
        Kind::MEILISEARCH_KEY,
        &["meilisearch", "meili"],
        &[&[run(Alphabet::HEX, 64)], &[run(Alphabet::URL_SAFE, 43)]],
    ),
    named(
        Kind::TYPESENSE_KEY,
        &["typesense"],
        &[&[run(Alphabet::BASE62, 32)], &[run(Alphabet::BASE62, 48)]],
    ),
    named(Kind::QDRANT_KEY, &["qdrant"], &[&[run(Alphabet::URL_SAFE, 54)]]),
    named(
        Kind::WEAVIATE_KEY,
        &["weaviate"],
        &[&[runs(Alphabet::URL_SAFE, 36, 40)], &[run(Alphabet::BASE62, 40)]],
    ),
];
