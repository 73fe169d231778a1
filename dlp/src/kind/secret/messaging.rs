//! What sends messages and mail.

crate::kind::kinds! {
    MESSAGING:
    SLACK_TOKEN = "slack_token", Secret, Restricted,
        "A token or webhook address of Slack.",
        "`xoxb-`, `xoxp-`, `xoxa-` or another of its prefixes and 19 to 500 letters, digits and signs (at least four digits); `xoxe.xoxb-` or `xoxe.xoxp-` or `xoxe-` and 60 to 500 letters, digits and signs (at least four digits); and addresses of `hooks.slack.com`",
        "Slack API documentation, token types";
    DISCORD_TOKEN = "discord_token", Secret, Restricted,
        "A bot token, client secret or webhook address of Discord.",
        "`discord.com/api/webhooks/` or `discordapp.com/api/webhooks/` and 17 to 20 digits, `/`, 60 to 72 characters of base64url; 24 to 28 letters and digits, `.`, 6 characters of base64url, `.`, 27 to 38 characters of base64url or 64 hexadecimal digits or 32 characters of base64url or 18 to 20 digits, assigned beside `discord`",
        "Discord developer documentation, authentication";
    TELEGRAM_TOKEN = "telegram_token", Secret, Restricted,
        "A bot token of Telegram.",
        "8 to 12 digits before `:AA` and 30 to 33 characters of base64url (a number before it)",
        "Telegram Bot API, authorizing your bot";
    TWILIO_KEY = "twilio_key", Secret, Restricted,
        "An API key or auth token of Twilio.",
        "`SK0`, `SK1`, `SK2` or another of its prefixes and 31 hexadecimal digits (mixed); 32 hexadecimal digits or 32 letters and digits, assigned beside `twilio`",
        "Twilio documentation, API keys";
    SENDGRID_KEY = "sendgrid_key", Secret, Restricted,
        "An API key of SendGrid.",
        "`SG.` and 20 to 24 characters of base64url, `.`, 39 to 50 characters of base64url",
        "SendGrid documentation, API keys";
    MAILGUN_KEY = "mailgun_key", Secret, Restricted,
        "An API or signing key of Mailgun.",
        "`key-` and 32 hexadecimal digits; `pubkey-` and 32 hexadecimal digits; 32 hexadecimal digits, `-`, 8 hexadecimal digits, `-`, 8 hexadecimal digits or 32 hexadecimal digits, assigned beside `mailgun`",
        "Mailgun documentation, authentication";
    MAILCHIMP_KEY = "mailchimp_key", Secret, Restricted,
        "An API key of Mailchimp or Mandrill.",
        "32 hexadecimal digits before `-us` and 1 to 2 digits; `md-` and 22 characters of base64url, near `mandrill` or `mailchimp`; 22 characters of base64url, assigned beside `mandrill`",
        "Mailchimp documentation, API keys";
    MAILJET_KEY = "mailjet_key", Secret, Restricted,
        "An API key or secret of Mailjet.",
        "32 hexadecimal digits, assigned beside `mailjet`",
        "Mailjet documentation, authentication";
    POSTMARK_TOKEN = "postmark_token", Secret, Restricted,
        "A server or account token of Postmark.",
        "a UUID, assigned beside `postmark`",
        "Postmark documentation, authentication";
    SPARKPOST_KEY = "sparkpost_key", Secret, Restricted,
        "An API key of SparkPost.",
        "40 hexadecimal digits, assigned beside `sparkpost`",
        "SparkPost documentation, API keys";
    BREVO_KEY = "brevo_key", Secret, Restricted,
        "An API or SMTP key of Brevo.",
        "`xkeysib-` or `xsmtpsib-` and 64 hexadecimal digits, `-`, 16 letters and digits",
        "Brevo documentation, API keys";
    RESEND_KEY = "resend_key", Secret, Restricted,
        "An API key of Resend.",
        "`re_` and 8 letters and digits, `_`, 22 to 24 letters and digits (of three classes)",
        "Resend documentation, API keys";
    CUSTOMERIO_KEY = "customerio_key", Secret, Restricted,
        "An API key of Customer.io.",
        "20 hexadecimal digits or 32 hexadecimal digits, assigned beside `customerio` or `customer_io`",
        "Customer.io documentation, API credentials";
    INTERCOM_TOKEN = "intercom_token", Secret, Restricted,
        "An access token of Intercom.",
        "`dG9rO` and 54 to 60 characters of base64; 60 characters of base64url with padding, assigned beside `intercom`",
        "Intercom developer documentation, authentication";
    ZENDESK_TOKEN = "zendesk_token", Secret, Restricted,
        "An API token or secret of Zendesk.",
        "40 letters and digits, assigned beside `zendesk`",
        "Zendesk developer documentation, API tokens";
    FRESHDESK_KEY = "freshdesk_key", Secret, Restricted,
        "An API key of Freshdesk.",
        "20 letters and digits, assigned beside `freshdesk` or `freshservice`",
        "Freshdesk documentation, authentication";
    HUBSPOT_TOKEN = "hubspot_token", Secret, Restricted,
        "A private app token or API key of HubSpot.",
        "`pat-na1-`, `pat-eu1-`, `pat-na2-` or another of its prefixes and a UUID; a UUID, assigned beside `hubspot` or `hapikey`",
        "HubSpot developer documentation, private apps";
    SALESFORCE_TOKEN = "salesforce_token", Secret, Restricted,
        "A session or access token of Salesforce.",
        "`00D` and 12 to 15 letters and digits, `!`, 80 to 140 characters of base64url and dots; 24 to 25 letters and digits or 64 hexadecimal digits, assigned beside `salesforce` or `sfdc`",
        "Salesforce documentation, session id";
    TEAMS_WEBHOOK = "teams_webhook", Secret, Restricted,
        "A webhook address of Microsoft Teams.",
        "`webhook.office.com/webhookb2/` and 36 letters, digits and `-`, `@`, 36 letters, digits and `-`, `/IncomingWebhook/`, 32 letters and digits, `/`, 36 letters, digits and `-`; `outlook.office.com/webhook/` and 36 letters, digits and `-`, `@`, 36 letters, digits and `-`, `/IncomingWebhook/`, 32 letters and digits, `/`, 36 letters, digits and `-`",
        "Microsoft Teams documentation, incoming webhooks";
    GOOGLE_CHAT_WEBHOOK = "google_chat_webhook", Secret, Restricted,
        "A webhook address of Google Chat.",
        "`chat.googleapis.com/v1/spaces/` and 8 to 16 characters of base64url, `/messages?key=`, 39 characters of base64url, `&token=`, 40 to 60 letters, digits and signs",
        "Google Chat documentation, incoming webhooks";
    MATTERMOST_TOKEN = "mattermost_token", Secret, Restricted,
        "An access token of Mattermost.",
        "26 small letters and digits, assigned beside `mattermost`",
        "Mattermost documentation, personal access tokens";
    ZOOM_SECRET = "zoom_secret", Secret, Restricted,
        "A client secret or token of Zoom.",
        "32 letters and digits, assigned beside `zoom`",
        "Zoom developer documentation, OAuth";
    WEBEX_TOKEN = "webex_token", Secret, Restricted,
        "An access token of Webex.",
        "64 letters and digits, `_`, 4 characters of base64url, `_`, a UUID or 64 characters of base64url, assigned beside `webex`",
        "Webex developer documentation, authentication";
    LINE_TOKEN = "line_token", Secret, Restricted,
        "A channel access token of LINE.",
        "170 to 180 characters of base64 or 43 letters and digits or 32 hexadecimal digits, assigned beside `line_channel` or `line_notify`",
        "LINE developer documentation, channel access token";
    VIBER_TOKEN = "viber_token", Secret, Restricted,
        "An authentication token of Viber.",
        "16 hexadecimal digits, `-`, 16 hexadecimal digits, `-`, 16 hexadecimal digits, assigned beside `viber`",
        "Viber developer documentation, authentication token";
    PUSHOVER_TOKEN = "pushover_token", Secret, Restricted,
        "An application token or user key of Pushover.",
        "30 small letters and digits, assigned beside `pushover`",
        "Pushover documentation, API";
    PUSHBULLET_TOKEN = "pushbullet_token", Secret, Restricted,
        "An access token of Pushbullet.",
        "`o.`, 32 letters and digits, assigned beside `pushbullet`",
        "Pushbullet documentation, authentication";
    ONESIGNAL_KEY = "onesignal_key", Secret, Restricted,
        "A REST API key of OneSignal.",
        "`os_v2_app_` or `os_v2_org_` and 90 to 110 small letters and digits; 48 letters and digits or a UUID, assigned beside `onesignal` or `one_signal`",
        "OneSignal documentation, keys and ids";
    MESSAGEBIRD_KEY = "messagebird_key", Secret, Restricted,
        "An access key of MessageBird.",
        "25 small letters and digits or 25 letters and digits or a UUID, assigned beside `messagebird` or `message_bird`",
        "MessageBird developer documentation, authentication";
    VONAGE_SECRET = "vonage_secret", Secret, Restricted,
        "A key or secret of Vonage.",
        "16 letters and digits, assigned beside `vonage` or `nexmo`",
        "Vonage developer documentation, authentication";
    PLIVO_TOKEN = "plivo_token", Secret, Restricted,
        "An auth token of Plivo.",
        "40 characters of base64, assigned beside `plivo`",
        "Plivo documentation, authentication";
    SINCH_TOKEN = "sinch_token", Secret, Restricted,
        "A token of Sinch.",
        "32 hexadecimal digits or 34 letters, digits and `-._~`, assigned beside `sinch`",
        "Sinch developer documentation, authentication";
    COURIER_KEY = "courier_key", Secret, Restricted,
        "An authentication token of Courier.",
        "`pk_prod_` or `pk_test_` and 28 capitals and digits (mixed)",
        "Courier documentation, authentication";
    NOVU_KEY = "novu_key", Secret, Restricted,
        "A secret key of Novu.",
        "32 hexadecimal digits, assigned beside `novu`",
        "Novu documentation, API keys";
    KLAVIYO_KEY = "klaviyo_key", Secret, Restricted,
        "A private key of Klaviyo.",
        "`pk_` and 34 hexadecimal digits",
        "Klaviyo developer documentation, authentication";
    SEGMENT_TOKEN = "segment_token", Secret, Restricted,
        "A public API token or write key of Segment.",
        "`sgp_` and 64 letters and digits; 32 letters and digits, assigned beside `segment_write` or `segment_key`",
        "Segment documentation, public API";
    SENDBIRD_TOKEN = "sendbird_token", Secret, Restricted,
        "An API token or application id of Sendbird.",
        "40 hexadecimal digits or a UUID, assigned beside `sendbird`",
        "Sendbird documentation, authentication";
    PUBNUB_KEY = "pubnub_key", Secret, Restricted,
        "A secret key of PubNub.",
        "`sec-c-` and 40 to 60 characters of base64; `sub-c-` or `pub-c-` and a UUID, near `pubnub`",
        "PubNub documentation, API keys";
    PUSHER_SECRET = "pusher_secret", Secret, Restricted,
        "A secret of Pusher.",
        "20 hexadecimal digits, assigned beside `pusher`",
        "Pusher documentation, channels";
    ABLY_KEY = "ably_key", Secret, Restricted,
        "An API key of Ably.",
        "6 to 7 characters of base64url, `.`, 6 characters of base64url, `:`, 43 characters of base64url or 6 characters of base64url, `.`, 6 characters of base64url, `:`, 43 characters of base64url, assigned beside `ably`",
        "Ably documentation, basic authentication";
    STREAM_SECRET = "stream_secret", Secret, Restricted,
        "A secret of Stream.",
        "64 small letters and digits, assigned beside `stream_api` or `getstream`",
        "Stream documentation, tokens and authentication";
}
