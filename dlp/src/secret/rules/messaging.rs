//! What sends messages and mail.

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
        Kind::SLACK_TOKEN,
        &["xoxb-", "xoxp-", "xoxa-", "xoxr-", "xoxs-", "xoxo-", "xoxc-", "xoxd-", "xapp-"],
        &[runs(Alphabet::SIGNED, 19, 500)],
    )
    .check(check::slack),
    rule(
        Kind::SLACK_TOKEN,
        &["xoxe.xoxb-", "xoxe.xoxp-", "xoxe-"],
        &[runs(Alphabet::SIGNED, 60, 500)],
    )
    .check(check::slack),
    rule(
        Kind::DISCORD_TOKEN,
        &["discord.com/api/webhooks/", "discordapp.com/api/webhooks/"],
        &[runs(Alphabet::DIGITS, 17, 20), text("/"), runs(Alphabet::URL_SAFE, 60, 72)],
    ),
    rule(Kind::TELEGRAM_TOKEN, &[":AA"], &[runs(Alphabet::URL_SAFE, 30, 33)])
        .head(Alphabet::DIGITS, 8, 12)
        .check(check::telegram),
    rule(
        Kind::TWILIO_KEY,
        &[
            "SK0", "SK1", "SK2", "SK3", "SK4", "SK5", "SK6", "SK7", "SK8", "SK9", "SKa", "SKb",
            "SKc", "SKd", "SKe", "SKf",
        ],
        &[run(Alphabet::HEX, 31)],
    )
    .check(check::twilio),
    rule(
        Kind::SENDGRID_KEY,
        &["SG."],
        &[runs(Alphabet::URL_SAFE, 20, 24), text("."), runs(Alphabet::URL_SAFE, 39, 50)],
    ),
    rule(Kind::MAILGUN_KEY, &["key-"], &[run(Alphabet::ANY_HEX, 32)]),
    rule(Kind::MAILGUN_KEY, &["pubkey-"], &[run(Alphabet::ANY_HEX, 32)]),
    rule(Kind::MAILCHIMP_KEY, &["-us"], &[runs(Alphabet::DIGITS, 1, 2)]).head(
        Alphabet::ANY_HEX,
        32,
        32,
    ),
    rule(Kind::MAILCHIMP_KEY, &["md-"], &[run(Alphabet::URL_SAFE, 22)])
        .near(&["mandrill", "mailchimp"]),
    rule(
        Kind::BREVO_KEY,
        &["xkeysib-", "xsmtpsib-"],
        &[run(Alphabet::HEX, 64), text("-"), run(Alphabet::BASE62, 16)],
    ),
    rule(
        Kind::RESEND_KEY,
        &["re_"],
        &[run(Alphabet::BASE62, 8), text("_"), runs(Alphabet::BASE62, 22, 24)],
    )
    .check(check::three_classes),
    rule(Kind::INTERCOM_TOKEN, &["dG9rO"], &[runs(Alphabet::ANY_BASE64, 54, 60)]),
    rule(
        Kind::HUBSPOT_TOKEN,
        &["pat-na1-", "pat-eu1-", "pat-na2-", "pat-ap1-"],
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
    rule(
        Kind::SALESFORCE_TOKEN,
        &["00D"],
        &[runs(Alphabet::BASE62, 12, 15), text("!"), runs(Alphabet::DOTTED, 80, 140)],
    ),
    rule(
        Kind::TEAMS_WEBHOOK,
        &["webhook.office.com/webhookb2/"],
        &[
            run(Alphabet::DASHED, 36),
            text("@"),
            run(Alphabet::DASHED, 36),
            text("/IncomingWebhook/"),
            run(Alphabet::BASE62, 32),
            text("/"),
            run(Alphabet::DASHED, 36),
        ],
    ),
    rule(
        Kind::TEAMS_WEBHOOK,
        &["outlook.office.com/webhook/"],
        &[
            run(Alphabet::DASHED, 36),
            text("@"),
            run(Alphabet::DASHED, 36),
            text("/IncomingWebhook/"),
            run(Alphabet::BASE62, 32),
            text("/"),
            run(Alphabet::DASHED, 36),
        ],
    ),
    rule(
        Kind::GOOGLE_CHAT_WEBHOOK,
        &["chat.googleapis.com/v1/spaces/"],
        &[
            runs(Alphabet::URL_SAFE, 8, 16),
            text("/messages?key="),
            run(Alphabet::URL_SAFE, 39),
            text("&token="),
            runs(Alphabet::SIGNED, 40, 60),
        ],
    ),
    rule(Kind::ONESIGNAL_KEY, &["os_v2_app_", "os_v2_org_"], &[runs(Alphabet::BASE36, 90, 110)]),
    rule(Kind::COURIER_KEY, &["pk_prod_", "pk_test_"], &[run(Alphabet::UPPER36, 28)])
        .check(check::mixed),
    rule(Kind::KLAVIYO_KEY, &["pk_"], &[run(Alphabet::HEX, 34)]),
    rule(Kind::SEGMENT_TOKEN, &["sgp_"], &[run(Alphabet::BASE62, 64)]),
    rule(Kind::PUBNUB_KEY, &["sec-c-"], &[runs(Alphabet::ANY_BASE64, 40, 60)]),
    rule(
        Kind::PUBNUB_KEY,
        &["sub-c-", "pub-c-"],
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
    .near(&["pubnub"]),
];

/// Tokens that are known by the name beside them.
pub(super) const NAMED: &[Named] = &[
    named(
        Kind::DISCORD_TOKEN,
        &["discord"],
        &[
            &[
                runs(Alphabet::BASE62, 24, 28),
                text("."),
                run(Alphabet::URL_SAFE, 6),
                text("."),
                runs(Alphabet::URL_SAFE, 27, 38),
            ],
            &[run(Alphabet::HEX, 64)],
            &[run(Alphabet::URL_SAFE, 32)],
            &[runs(Alphabet::DIGITS, 18, 20)],
        ],
    ),
    named(
        Kind::TWILIO_KEY,
        &["twilio"],
        &[&[run(Alphabet::HEX, 32)], &[run(Alphabet::BASE62, 32)]],
    )
    .key(&["token", "secret", "auth", "key"]),
    named(
        Kind::MAILGUN_KEY,
        &["mailgun"],
        &[
            &[
                run(Alphabet::ANY_HEX, 32),
                text("-"),
                run(Alphabet::ANY_HEX, 8),
                text("-"),
                run(Alphabet::ANY_HEX, 8),
            ],
            &[run(Alphabet::ANY_HEX, 32)],
        ],
    ),
    named(Kind::MAILCHIMP_KEY, &["mandrill"], &[&[run(Alphabet::URL_SAFE, 22)]]),
    named(Kind::MAILJET_KEY, &["mailjet"], &[&[run(Alphabet::HEX, 32)]]),
    named(Kind::POSTMARK_TOKEN, &["postmark"], &[UUID]),
    named(Kind::SPARKPOST_KEY, &["sparkpost"], &[&[run(Alphabet::HEX, 40)]]),
    named(
        Kind::CUSTOMERIO_KEY,
        &["customerio", "customer_io"],
        &[&[run(Alphabet::HEX, 20)], &[run(Alphabet::HEX, 32)]],
    ),
    named(Kind::INTERCOM_TOKEN, &["intercom"], &[&[run(Alphabet::URL_PADDED, 60)]]),
    named(Kind::ZENDESK_TOKEN, &["zendesk"], &[&[run(Alphabet::BASE62, 40)]]),
    named(Kind::FRESHDESK_KEY, &["freshdesk", "freshservice"], &[&[run(Alphabet::BASE62, 20)]]),
    named(Kind::HUBSPOT_TOKEN, &["hubspot", "hapikey"], &[UUID]),
    named(
        Kind::SALESFORCE_TOKEN,
        &["salesforce", "sfdc"],
        &[&[runs(Alphabet::BASE62, 24, 25)], &[run(Alphabet::ANY_HEX, 64)]],
    )
    .key(&["token", "secret"]),
    named(Kind::MATTERMOST_TOKEN, &["mattermost"], &[&[run(Alphabet::BASE36, 26)]]),
    named(Kind::ZOOM_SECRET, &["zoom"], &[&[run(Alphabet::BASE62, 32)]])
        .key(&["secret", "token", "key"]),
    named(
        Kind::WEBEX_TOKEN,
        &["webex"],
        &[
            &[
                run(Alphabet::BASE62, 64),
                text("_"),
                run(Alphabet::URL_SAFE, 4),
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
            &[run(Alphabet::URL_SAFE, 64)],
        ],
    ),
    named(
        Kind::LINE_TOKEN,
        &["line_channel", "line_notify", "linebot", "line_token"],
        &[
            &[runs(Alphabet::ANY_BASE64, 170, 180)],
            &[run(Alphabet::BASE62, 43)],
            &[run(Alphabet::HEX, 32)],
        ],
    ),
    named(
        Kind::VIBER_TOKEN,
        &["viber"],
        &[&[
            run(Alphabet::HEX, 16),
            text("-"),
            run(Alphabet::HEX, 16),
            text("-"),
            run(Alphabet::HEX, 16),
        ]],
    ),
    named(Kind::PUSHOVER_TOKEN, &["pushover"], &[&[run(Alphabet::BASE36, 30)]]),
    named(Kind::PUSHBULLET_TOKEN, &["pushbullet"], &[&[text("o."), run(Alphabet::BASE62, 32)]]),
    named(Kind::ONESIGNAL_KEY, &["onesignal", "one_signal"], &[&[run(Alphabet::BASE62, 48)], UUID])
        .key(&["key", "token", "secret"]),
    named(
        Kind::MESSAGEBIRD_KEY,
        &["messagebird", "message_bird", "message-bird"],
        &[&[run(Alphabet::BASE36, 25)], &[run(Alphabet::BASE62, 25)], UUID],
    ),
    named(Kind::VONAGE_SECRET, &["vonage", "nexmo"], &[&[run(Alphabet::BASE62, 16)]])
        .key(&["secret"]),
    named(Kind::PLIVO_TOKEN, &["plivo"], &[&[run(Alphabet::ANY_BASE64, 40)]]),
    named(
        Kind::SINCH_TOKEN,
        &["sinch"],
        &[&[run(Alphabet::HEX, 32)], &[run(Alphabet::UNRESERVED, 34)]],
    ),
    named(Kind::NOVU_KEY, &["novu"], &[&[run(Alphabet::HEX, 32)]]),
    named(
        Kind::SEGMENT_TOKEN,
        &["segment_write", "segment_key", "segment_api"],
        &[&[run(Alphabet::BASE62, 32)]],
    ),
    named(Kind::SENDBIRD_TOKEN, &["sendbird"], &[&[run(Alphabet::HEX, 40)], UUID]),
    named(Kind::PUSHER_SECRET, &["pusher"], &[&[run(Alphabet::HEX, 20)]]).key(&["secret", "key"]),
    named(
        Kind::ABLY_KEY,
        &["ably"],
        &[
            &[
                runs(Alphabet::URL_SAFE, 6, 7),
                text("."),
                run(Alphabet::URL_SAFE, 6),
                text(":"),
                run(Alphabet::URL_SAFE, 43),
            ],
            &[
                run(Alphabet::URL_SAFE, 6),
                text("."),
                run(Alphabet::URL_SAFE, 6),
                text(":"),
                run(Alphabet::URL_SAFE, 43),
            ],
        ],
    ),
    named(Kind::STREAM_SECRET, &["stream_api", "getstream"], &[&[run(Alphabet::BASE36, 64)]]),
];
