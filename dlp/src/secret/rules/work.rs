//! What opens the tools of daily work.

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
    rule(Kind::NOTION_TOKEN, &["ntn_"], &[run(Alphabet::DIGITS, 11), run(Alphabet::BASE62, 35)]),
    rule(Kind::NOTION_TOKEN, &["secret_"], &[run(Alphabet::BASE62, 43)])
        .check(check::three_classes),
    rule(Kind::LINEAR_KEY, &["lin_api_", "lin_oauth_"], &[runs(Alphabet::BASE62, 40, 64)]),
    rule(
        Kind::AIRTABLE_TOKEN,
        &["pat"],
        &[run(Alphabet::BASE62, 14), text("."), run(Alphabet::HEX, 64)],
    ),
    rule(
        Kind::CLICKUP_TOKEN,
        &["pk_"],
        &[runs(Alphabet::DIGITS, 7, 9), text("_"), run(Alphabet::UPPER36, 32)],
    ),
    rule(
        Kind::SHORTCUT_TOKEN,
        &["sct_rw_", "sct_ro_"],
        &[
            runs(Alphabet::BASE36, 4, 30),
            text("_"),
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
    rule(Kind::TRELLO_TOKEN, &["ATTA"], &[run(Alphabet::HEX, 64), run(Alphabet::ANY_HEX, 8)]),
    rule(Kind::FIGMA_TOKEN, &["figd_"], &[runs(Alphabet::URL_SAFE, 40, 43)]),
    rule(Kind::DROPBOX_TOKEN, &["sl.", "sl.u."], &[runs(Alphabet::URL_SAFE, 100, 1500)]),
    rule(Kind::CONTENTFUL_TOKEN, &["CFPAT-"], &[run(Alphabet::URL_SAFE, 43)]),
    rule(Kind::TYPEFORM_TOKEN, &["tfp_"], &[runs(Alphabet::SIGNED, 40, 70)]),
    rule(Kind::CALCOM_KEY, &["cal_live_", "cal_test_"], &[run(Alphabet::HEX, 32)]),
    rule(
        Kind::ZAPIER_WEBHOOK,
        &["hooks.zapier.com/hooks/catch/"],
        &[runs(Alphabet::DIGITS, 5, 9), text("/"), runs(Alphabet::BASE62, 6, 10)],
    ),
    rule(
        Kind::IFTTT_KEY,
        &["maker.ifttt.com/trigger/"],
        &[runs(Alphabet::WORD, 1, 60), text("/with/key/"), runs(Alphabet::URL_SAFE, 20, 60)],
    ),
    rule(
        Kind::MAKE_WEBHOOK,
        &[
            "hook.eu1.make.com/",
            "hook.eu2.make.com/",
            "hook.us1.make.com/",
            "hook.us2.make.com/",
            "hook.integromat.com/",
        ],
        &[run(Alphabet::BASE36, 32)],
    ),
    rule(Kind::FRAMEIO_TOKEN, &["fio-u-"], &[run(Alphabet::URL_PADDED, 64)]),
    rule(
        Kind::CLOUDINARY_SECRET,
        &["cloudinary://"],
        &[run(Alphabet::DIGITS, 15), text(":"), run(Alphabet::URL_SAFE, 27)],
    ),
    rule(Kind::ADOBE_SECRET, &["p8e-"], &[run(Alphabet::URL_SAFE, 32)]),
    rule(
        Kind::EVERNOTE_TOKEN,
        &["S=s"],
        &[
            runs(Alphabet::DIGITS, 1, 4),
            text(":U="),
            runs(Alphabet::HEX, 2, 8),
            text(":E="),
            run(Alphabet::HEX, 11),
            text(":C="),
            run(Alphabet::HEX, 11),
            text(":P="),
            run(Alphabet::HEX, 3),
            text(":A="),
            runs(Alphabet::DOTTED, 4, 30),
            text(":V=2:H="),
            run(Alphabet::HEX, 32),
        ],
    ),
    rule(
        Kind::ROBLOX_COOKIE,
        &["_|WARNING:-DO-NOT-SHARE-THIS."],
        &[
            text("--will-allow-someone-to-log-in-as-you-and-to-steal-your-ROBUX-and-items.|_"),
            runs(Alphabet::ANY_HEX, 100, 2000),
        ],
    ),
    rule(Kind::THUNDERSTORE_TOKEN, &["tss_"], &[runs(Alphabet::BASE62, 30, 60)]),
];

/// Tokens that are known by the name beside them.
pub(super) const NAMED: &[Named] = &[
    named(Kind::LINEAR_KEY, &["linear"], &[&[run(Alphabet::HEX, 32)]]),
    named(Kind::AIRTABLE_TOKEN, &["airtable"], &[&[run(Alphabet::BASE62, 17)]]),
    named(
        Kind::ASANA_TOKEN,
        &["asana"],
        &[
            &[run(Alphabet::BASE36, 32)],
            &[run(Alphabet::DIGITS, 16)],
            &[text("1/"), runs(Alphabet::DIGITS, 10, 20), text(":"), run(Alphabet::HEX, 32)],
            &[text("2/"), runs(Alphabet::DIGITS, 10, 20), text(":"), run(Alphabet::HEX, 32)],
            &[
                text("2/"),
                runs(Alphabet::DIGITS, 10, 20),
                text("/"),
                runs(Alphabet::DIGITS, 10, 20),
                text(":"),
                run(Alphabet::HEX, 32),
            ],
        ],
    ),
    named(Kind::TRELLO_TOKEN, &["trello"], &[&[run(Alphabet::HEX, 32)], &[run(Alphabet::HEX, 64)]]),
    named(
        Kind::FIGMA_TOKEN,
        &["figma"],
        &[&[
            runs(Alphabet::DIGITS, 4, 8),
            text("-"),
            run(Alphabet::ANY_HEX, 8),
            text("-"),
            run(Alphabet::ANY_HEX, 4),
            text("-"),
            run(Alphabet::ANY_HEX, 4),
            text("-"),
            run(Alphabet::ANY_HEX, 4),
            text("-"),
            run(Alphabet::ANY_HEX, 12),
        ]],
    ),
    named(Kind::MIRO_TOKEN, &["miro"], &[&[run(Alphabet::URL_SAFE, 27)]]),
    named(
        Kind::DROPBOX_TOKEN,
        &["dropbox"],
        &[
            &[run(Alphabet::BASE36, 15)],
            &[run(Alphabet::BASE62, 11), text("AAAAAAAAAA"), run(Alphabet::URL_SAFE, 43)],
        ],
    ),
    named(
        Kind::BOX_SECRET,
        &["box_client", "box_secret", "box_developer", "box_token"],
        &[&[run(Alphabet::BASE62, 32)]],
    ),
    named(Kind::CONTENTFUL_TOKEN, &["contentful"], &[&[run(Alphabet::URL_PADDED, 43)]]),
    named(Kind::SANITY_TOKEN, &["sanity"], &[&[text("sk"), runs(Alphabet::BASE62, 78, 200)]]),
    named(
        Kind::STORYBLOK_TOKEN,
        &["storyblok"],
        &[&[runs(Alphabet::BASE62, 22, 24)], &[runs(Alphabet::BASE62, 22, 24), text("tt")]],
    ),
    named(
        Kind::GHOST_KEY,
        &["ghost"],
        &[&[run(Alphabet::HEX, 24), text(":"), run(Alphabet::HEX, 64)], &[run(Alphabet::HEX, 26)]],
    ),
    named(Kind::WEBFLOW_TOKEN, &["webflow"], &[&[run(Alphabet::HEX, 64)]]),
    named(
        Kind::SMARTSHEET_TOKEN,
        &["smartsheet"],
        &[&[run(Alphabet::BASE62, 37)], &[run(Alphabet::BASE62, 26)]],
    ),
    named(Kind::TODOIST_TOKEN, &["todoist"], &[&[run(Alphabet::HEX, 40)]]),
    named(Kind::PIPEDRIVE_TOKEN, &["pipedrive"], &[&[run(Alphabet::HEX, 40)]]),
    named(Kind::LOKALISE_TOKEN, &["lokalise"], &[&[run(Alphabet::HEX, 40)]]),
    named(
        Kind::CROWDIN_TOKEN,
        &["crowdin"],
        &[&[run(Alphabet::HEX, 80)], &[run(Alphabet::HEX, 40)]],
    ),
    named(Kind::MUX_TOKEN, &["mux_token", "mux_secret"], &[&[run(Alphabet::ANY_BASE64, 75)]]),
    named(Kind::CLOUDINARY_SECRET, &["cloudinary"], &[&[run(Alphabet::URL_SAFE, 27)]])
        .key(&["secret"]),
    named(
        Kind::BITLY_TOKEN,
        &["bitly"],
        &[&[run(Alphabet::HEX, 40)], &[text("R_"), run(Alphabet::HEX, 32)]],
    ),
    named(Kind::ETSY_TOKEN, &["etsy"], &[&[run(Alphabet::BASE36, 24)]]),
    named(
        Kind::NYTIMES_KEY,
        &["nytimes", "new-york-times", "newyorktimes", "nyt"],
        &[&[run(Alphabet::BASE62, 32)]],
    ),
    named(Kind::ADOBE_SECRET, &["adobe"], &[&[run(Alphabet::HEX, 32)]]),
    named(Kind::DOCUSIGN_SECRET, &["docusign"], &[UUID]).key(&["secret", "key"]),
    named(
        Kind::GREENHOUSE_KEY,
        &["greenhouse_api", "greenhouse_key"],
        &[
            &[run(Alphabet::HEX, 32), text("-"), runs(Alphabet::DIGITS, 1, 2)],
            &[run(Alphabet::HEX, 48)],
        ],
    ),
    named(
        Kind::LOOKER_SECRET,
        &["looker"],
        &[&[run(Alphabet::BASE36, 20)], &[run(Alphabet::BASE36, 24)]],
    ),
    named(Kind::STRAVA_SECRET, &["strava"], &[&[run(Alphabet::HEX, 40)]]),
    named(Kind::FITBIT_SECRET, &["fitbit"], &[&[run(Alphabet::HEX, 32)]]),
    named(
        Kind::STEAM_KEY,
        &["steam_api", "steam_key", "steamapi", "steam_web"],
        &[&[run(Alphabet::UPPER36, 32)]],
    ),
    named(
        Kind::FLICKR_SECRET,
        &["flickr"],
        &[&[run(Alphabet::BASE36, 32)], &[run(Alphabet::HEX, 16)]],
    ),
];
