//! What opens public data, maps, chains of blocks and devices.

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
        Kind::MAPBOX_TOKEN,
        &["pk.", "sk.", "tk."],
        &[runs(Alphabet::URL_SAFE, 30, 120), text("."), runs(Alphabet::URL_SAFE, 20, 24)],
    )
    .check(check::mapbox),
    rule(Kind::MAXMIND_KEY, &["_mmk"], &[]).head(Alphabet::WORD, 36, 36),
    rule(Kind::ADAFRUIT_KEY, &["aio_"], &[run(Alphabet::BASE62, 28)]),
    rule(
        Kind::THINGSBOARD_TOKEN,
        &["thingsboard.cloud/api/v1/", "thingsboard.io/api/v1/"],
        &[run(Alphabet::BASE36, 20)],
    ),
    rule(Kind::LARAVEL_KEY, &["base64:"], &[run(Alphabet::BASE64, 43), text("=")])
        .near(&["app_key"]),
    rule(Kind::AIVEN_PASSWORD, &["AVNS_"], &[runs(Alphabet::URL_SAFE, 16, 24)]),
    rule(Kind::AIVEN_TOKEN, &["aivenv1"], &[runs(Alphabet::ANY_BASE64, 100, 400)]),
    rule(Kind::PORTAINER_TOKEN, &["ptr_"], &[runs(Alphabet::ANY_BASE64, 40, 60)]),
    rule(
        Kind::RANCHER_TOKEN,
        &["token-"],
        &[run(Alphabet::BASE36, 5), text(":"), run(Alphabet::BASE36, 54)],
    ),
    rule(Kind::OPENSHIFT_TOKEN, &["sha256~"], &[run(Alphabet::URL_SAFE, 43)]).check(check::mixed),
    rule(Kind::PTERODACTYL_KEY, &["ptla_", "ptlc_"], &[run(Alphabet::BASE62, 43)]),
    rule(
        Kind::PROXMOX_TOKEN,
        &["PVEAPIToken="],
        &[
            runs(Alphabet::DASHED, 2, 30),
            text("@"),
            runs(Alphabet::BASE36, 2, 10),
            text("!"),
            runs(Alphabet::DASHED, 1, 40),
            text("="),
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
    rule(Kind::PDFSHIFT_KEY, &["sk_"], &[run(Alphabet::HEX, 40)]).near(&["pdfshift"]),
    rule(Kind::LOCATIONIQ_KEY, &["pk."], &[run(Alphabet::HEX, 32)]).check(check::mixed),
    rule(Kind::RECAPTCHA_SECRET, &["6Lc", "6Ld", "6Le", "6Lf"], &[run(Alphabet::URL_SAFE, 37)])
        .check(check::three_classes)
        .near(&["secret", "private"]),
    rule(Kind::TURNSTILE_SECRET, &["0x4AAAAAAA"], &[run(Alphabet::URL_SAFE, 27)]),
    rule(Kind::HCAPTCHA_SECRET, &["ES_"], &[run(Alphabet::HEX, 32)]).near(&["captcha"]),
];

/// Tokens that are known by the name beside them.
pub(super) const NAMED: &[Named] = &[
    named(Kind::MAXMIND_KEY, &["maxmind", "geolite"], &[&[run(Alphabet::BASE62, 16)]]),
    named(Kind::RAPIDAPI_KEY, &["rapidapi", "x-rapidapi"], &[&[run(Alphabet::URL_SAFE, 50)]]),
    named(
        Kind::OPENWEATHER_KEY,
        &["openweather", "owm", "weather_api", "open_weather"],
        &[&[run(Alphabet::HEX, 32)]],
    ),
    named(Kind::NASA_KEY, &["nasa.gov", "nasa", "data.gov"], &[&[run(Alphabet::BASE62, 40)]]),
    named(Kind::FINNHUB_KEY, &["finnhub"], &[&[run(Alphabet::BASE62, 20)]]),
    named(Kind::POLYGON_KEY, &["polygon"], &[&[run(Alphabet::BASE62, 32)]]),
    named(
        Kind::ALPHAVANTAGE_KEY,
        &["alphavantage", "alpha_vantage"],
        &[&[run(Alphabet::UPPER36, 16)]],
    ),
    named(Kind::IPINFO_TOKEN, &["ipinfo"], &[&[run(Alphabet::HEX, 14)]]),
    named(Kind::IPSTACK_KEY, &["ipstack"], &[&[run(Alphabet::HEX, 32)]]),
    named(Kind::IPGEOLOCATION_KEY, &["ipgeolocation"], &[&[run(Alphabet::HEX, 32)]]),
    named(Kind::INFURA_KEY, &["infura"], &[&[run(Alphabet::HEX, 32)]]),
    named(Kind::ALCHEMY_KEY, &["alchemy"], &[&[run(Alphabet::URL_SAFE, 32)]]),
    named(
        Kind::ETHERSCAN_KEY,
        &["etherscan", "bscscan", "polygonscan"],
        &[&[run(Alphabet::UPPER36, 34)]],
    ),
    named(
        Kind::ETHEREUM_PRIVATE_KEY,
        &["private_key", "privatekey", "wallet", "deployer", "mnemonic", "eth_private"],
        &[&[text("0x"), run(Alphabet::HEX, 64)], &[run(Alphabet::HEX, 64)]],
    )
    .key(&["private", "deployer", "wallet"]),
    named(Kind::COINMARKETCAP_KEY, &["coinmarketcap", "cmc_pro"], &[UUID]),
    named(Kind::COINAPI_KEY, &["coinapi"], &[UUID]),
    named(Kind::ADAFRUIT_KEY, &["adafruit"], &[&[run(Alphabet::URL_SAFE, 32)]]),
    named(Kind::PARTICLE_TOKEN, &["particle"], &[&[run(Alphabet::HEX, 40)]]),
    named(
        Kind::THINGSBOARD_TOKEN,
        &["provisiondevicekey", "provisiondevicesecret", "thingsboard"],
        &[&[run(Alphabet::BASE36, 20)]],
    ),
    named(Kind::BALENA_KEY, &["balena"], &[&[run(Alphabet::BASE62, 32)]]),
    named(Kind::TUYA_SECRET, &["tuya"], &[&[run(Alphabet::HEX, 32)]]),
    named(
        Kind::RAILS_MASTER_KEY,
        &["rails_master", "rails_secret", "secret_key_base"],
        &[&[run(Alphabet::HEX, 32)], &[run(Alphabet::HEX, 128)]],
    ),
    named(Kind::SNOWFLAKE_TOKEN, &["snowflake"], &[&[runs(Alphabet::ANY_BASE64, 60, 300)]]),
    named(
        Kind::TABLEAU_TOKEN,
        &["tableau"],
        &[
            &[run(Alphabet::ANY_BASE64, 22), text("==:"), run(Alphabet::BASE62, 32)],
            &[run(Alphabet::BASE64, 22), text("==:"), run(Alphabet::BASE62, 32)],
        ],
    ),
    named(
        Kind::KUBERNETES_BOOTSTRAP_TOKEN,
        &["bootstrap", "kubeadm"],
        &[&[run(Alphabet::BASE36, 6), text("."), run(Alphabet::BASE36, 16)]],
    ),
    named(
        Kind::KUBERNETES_BOOTSTRAP_TOKEN,
        &["token-secret", "token_secret"],
        &[&[run(Alphabet::HEX, 16)]],
    ),
    named(
        Kind::CONVERTAPI_SECRET,
        &["convertapi"],
        &[&[run(Alphabet::BASE62, 16)], &[run(Alphabet::BASE62, 32)]],
    ),
    named(
        Kind::AWX_TOKEN,
        &["tower_oauth", "awx_token", "controller_oauth"],
        &[&[run(Alphabet::BASE62, 30)]],
    ),
    named(Kind::UPBOUND_TOKEN, &["upbound"], &[&[runs(Alphabet::BASE62, 40, 300)]]),
    named(Kind::GOTIFY_TOKEN, &["gotify"], &[&[run(Alphabet::DOTTED, 15)]]),
    named(Kind::PLEX_TOKEN, &["plex"], &[&[run(Alphabet::URL_SAFE, 20)]]),
    named(Kind::UNSPLASH_KEY, &["unsplash"], &[&[run(Alphabet::URL_SAFE, 43)]]),
    named(Kind::PEXELS_KEY, &["pexels"], &[&[run(Alphabet::BASE62, 56)]]),
    named(Kind::GIPHY_KEY, &["giphy"], &[&[run(Alphabet::BASE62, 32)]]),
    named(Kind::TMDB_KEY, &["tmdb"], &[&[run(Alphabet::HEX, 32)]]),
    named(Kind::NEWSAPI_KEY, &["newsapi", "news_api"], &[&[run(Alphabet::HEX, 32)]]),
    named(Kind::HERE_KEY, &["here_api", "heremaps"], &[&[run(Alphabet::URL_SAFE, 43)]]),
    named(Kind::TOMTOM_KEY, &["tomtom"], &[&[run(Alphabet::BASE62, 32)]]),
    named(Kind::CURRENCYLAYER_KEY, &["currencylayer"], &[&[run(Alphabet::HEX, 32)]]),
    named(Kind::FIXER_KEY, &["fixer"], &[&[run(Alphabet::BASE62, 32)]]),
    named(Kind::OPENEXCHANGERATES_KEY, &["openexchange"], &[&[run(Alphabet::HEX, 32)]]),
    named(Kind::SCRAPERAPI_KEY, &["scraperapi"], &[&[run(Alphabet::HEX, 32)]]),
    named(Kind::SCRAPINGBEE_KEY, &["scrapingbee"], &[&[run(Alphabet::UPPER36, 80)]]),
    named(Kind::ZENROWS_KEY, &["zenrows"], &[&[run(Alphabet::HEX, 40)]]),
    named(Kind::TWOCAPTCHA_KEY, &["2captcha", "twocaptcha"], &[&[run(Alphabet::HEX, 32)]]),
    named(Kind::CAPSOLVER_KEY, &["capsolver"], &[&[text("CAP-"), run(Alphabet::UPPER36, 32)]]),
    named(Kind::HCAPTCHA_SECRET, &["hcaptcha"], &[&[text("0x"), run(Alphabet::ANY_HEX, 40)]]),
];
