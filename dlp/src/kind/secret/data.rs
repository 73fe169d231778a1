//! What opens databases, search, maps and devices.

crate::kind::kinds! {
    DATA:
    PLANETSCALE_TOKEN = "planetscale_token", Secret, Restricted,
        "A password or token of PlanetScale.",
        "`pscale_tkn_` or `pscale_pw_` or `pscale_oauth_` and 32 to 64 letters, digits and signs; `pscale_app_secret_` and 32 to 64 characters of base64url",
        "PlanetScale documentation, service tokens";
    DATABRICKS_TOKEN = "databricks_token", Secret, Restricted,
        "A personal access token of Databricks.",
        "`dapi` and 32 hexadecimal digits (mixed); `dapi` and 32 hexadecimal digits, `-`, 1 to 2 digits (mixed); `dose` and 32 hexadecimal digits, near `databricks`",
        "Databricks documentation, personal access tokens";
    MONGODB_ATLAS_KEY = "mongodb_atlas_key", Secret, Restricted,
        "A private key or client secret of MongoDB Atlas.",
        "`mdb_sa_sk_` and 40 characters of base64url; a UUID, assigned beside `atlas_private` or `mongodb_atlas`",
        "MongoDB Atlas documentation, API authentication";
    COCKROACH_KEY = "cockroach_key", Secret, Restricted,
        "A secret of CockroachDB Cloud.",
        "`CCDB1_` and 22 letters and digits, `_`, 40 letters and digits",
        "CockroachDB Cloud documentation, API keys";
    NEON_KEY = "neon_key", Secret, Restricted,
        "An API key of Neon.",
        "`napi_` and 64 small letters and digits; `npg_` and 12 to 20 letters and digits",
        "Neon documentation, manage API keys";
    UPSTASH_TOKEN = "upstash_token", Secret, Restricted,
        "A token of Upstash.",
        "40 to 130 characters of base64url with padding or a UUID, assigned beside `upstash`",
        "Upstash documentation, REST API";
    CONFLUENT_SECRET = "confluent_secret", Secret, Restricted,
        "A key or secret of Confluent Cloud.",
        "`cflt` and 60 characters of base64; 64 letters and digits or 64 characters of base64 or 16 small letters and digits or 16 capitals and digits, assigned beside `confluent`",
        "Confluent documentation, API keys";
    CLICKHOUSE_KEY = "clickhouse_key", Secret, Restricted,
        "A secret of ClickHouse Cloud.",
        "`4b1d` and 38 letters and digits",
        "ClickHouse Cloud documentation, API keys";
    INFLUXDB_TOKEN = "influxdb_token", Secret, Restricted,
        "A token of InfluxDB.",
        "86 characters of base64url, `==` or 86 characters of base64, assigned beside `influx` or `influxdb`",
        "InfluxDB documentation, manage tokens";
    ALGOLIA_KEY = "algolia_key", Secret, Restricted,
        "An administration key of Algolia.",
        "32 small letters and digits, assigned beside `algolia`",
        "Algolia documentation, API keys";
    MEILISEARCH_KEY = "meilisearch_key", Secret, Restricted,
        "A master or API key of Meilisearch.",
        "64 hexadecimal digits or 43 characters of base64url, assigned beside `meilisearch` or `meili`",
        "Meilisearch documentation, API keys";
    TYPESENSE_KEY = "typesense_key", Secret, Restricted,
        "An API key of Typesense.",
        "32 letters and digits or 48 letters and digits, assigned beside `typesense`",
        "Typesense documentation, API keys";
    QDRANT_KEY = "qdrant_key", Secret, Restricted,
        "An API key of Qdrant.",
        "54 characters of base64url, assigned beside `qdrant`",
        "Qdrant documentation, authentication";
    WEAVIATE_KEY = "weaviate_key", Secret, Restricted,
        "An API key of Weaviate.",
        "36 to 40 characters of base64url or 40 letters and digits, assigned beside `weaviate`",
        "Weaviate documentation, API keys";
}
