//! What opens social networks and media.

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
        Kind::TWITCH_TOKEN,
        &["live_"],
        &[runs(Alphabet::DIGITS, 8, 10), text("_"), run(Alphabet::BASE62, 30)],
    )
    .check(check::mixed),
    rule(Kind::FACEBOOK_TOKEN, &["EAACEdEose0cBA"], &[runs(Alphabet::BASE62, 40, 300)]),
    rule(Kind::FACEBOOK_TOKEN, &["EAA"], &[runs(Alphabet::BASE62, 90, 300)]).check(check::facebook),
    rule(Kind::FACEBOOK_TOKEN, &["IGQV", "IGQW"], &[runs(Alphabet::URL_SAFE, 100, 250)]),
    rule(Kind::TWITTER_TOKEN, &["AAAAAAAAAAAAAAAAAAAAA"], &[runs(Alphabet::SIGNED, 70, 120)])
        .check(check::mixed),
    rule(
        Kind::LINKEDIN_SECRET,
        &["WPL_AP1."],
        &[run(Alphabet::BASE62, 16), text("."), runs(Alphabet::ANY_BASE64, 6, 12)],
    ),
    rule(Kind::PINTEREST_TOKEN, &["pina_"], &[runs(Alphabet::BASE62, 32, 140)]),
    rule(Kind::NYLAS_KEY, &["nyk_v0_"], &[runs(Alphabet::BASE62, 60, 70)]),
];

/// Tokens that are known by the name beside them.
pub(super) const NAMED: &[Named] = &[
    named(Kind::TWITCH_TOKEN, &["twitch"], &[&[run(Alphabet::BASE36, 30)]]),
    named(
        Kind::FACEBOOK_TOKEN,
        &["facebook", "fb_app", "fbapi", "fb_api", "fb_secret", "facebook_app", "instagram"],
        &[
            &[run(Alphabet::HEX, 32)],
            &[runs(Alphabet::DIGITS, 15, 16), text("|"), run(Alphabet::URL_SAFE, 27)],
        ],
    ),
    named(
        Kind::TWITTER_TOKEN,
        &["twitter"],
        &[
            &[run(Alphabet::BASE36, 25)],
            &[run(Alphabet::BASE62, 25)],
            &[runs(Alphabet::BASE62, 18, 25)],
            &[runs(Alphabet::BASE62, 35, 50)],
            &[runs(Alphabet::DIGITS, 15, 25), text("-"), runs(Alphabet::BASE62, 20, 40)],
            &[runs(Alphabet::URL_SAFE, 45, 50)],
            &[run(Alphabet::BASE62, 50)],
        ],
    ),
    named(
        Kind::LINKEDIN_SECRET,
        &["linkedin"],
        &[&[run(Alphabet::BASE36, 14)], &[run(Alphabet::BASE62, 16)]],
    ),
    named(
        Kind::REDDIT_SECRET,
        &["reddit"],
        &[&[run(Alphabet::URL_SAFE, 27)], &[run(Alphabet::URL_SAFE, 30)]],
    )
    .key(&["secret", "token"]),
    named(Kind::TIKTOK_SECRET, &["tiktok"], &[&[run(Alphabet::BASE62, 32)]]).key(&["secret"]),
    named(Kind::SPOTIFY_SECRET, &["spotify"], &[&[run(Alphabet::HEX, 32)]]),
    named(
        Kind::MAILTRAP_TOKEN,
        &["mailtrap"],
        &[&[run(Alphabet::HEX, 32)], &[run(Alphabet::HEX, 14)]],
    ),
];
