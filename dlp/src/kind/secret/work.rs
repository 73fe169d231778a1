//! What opens the tools of daily work.

crate::kind::kinds! {
    WORK:
    NOTION_TOKEN = "notion_token", Secret, Restricted,
        "An integration token of Notion.",
        "`ntn_` and 11 digits, 35 letters and digits; `secret_` and 43 letters and digits (of three classes)",
        "Notion developer documentation, authorization";
    LINEAR_KEY = "linear_key", Secret, Restricted,
        "An API key or client secret of Linear.",
        "`lin_api_` or `lin_oauth_` and 40 to 64 letters and digits; 32 hexadecimal digits, assigned beside `linear`",
        "Linear developer documentation, authentication";
    AIRTABLE_TOKEN = "airtable_token", Secret, Restricted,
        "A personal access token or key of Airtable.",
        "`pat` and 14 letters and digits, `.`, 64 hexadecimal digits; 17 letters and digits, assigned beside `airtable`",
        "Airtable developer documentation, personal access tokens";
    ASANA_TOKEN = "asana_token", Secret, Restricted,
        "A personal access token or secret of Asana.",
        "letters and digits of the five lengths that it issues, assigned beside `asana`",
        "Asana developer documentation, personal access tokens";
    CLICKUP_TOKEN = "clickup_token", Secret, Restricted,
        "A personal token of ClickUp.",
        "`pk_` and 7 to 9 digits, `_`, 32 capitals and digits",
        "ClickUp developer documentation, authentication";
    SHORTCUT_TOKEN = "shortcut_token", Secret, Restricted,
        "A token of Shortcut.",
        "`sct_rw_` or `sct_ro_` and 4 to 30 small letters and digits, `_`, a UUID",
        "Shortcut documentation, API";
    TRELLO_TOKEN = "trello_token", Secret, Restricted,
        "A key or token of Trello.",
        "`ATTA` and 64 hexadecimal digits, 8 hexadecimal digits; 32 hexadecimal digits or 64 hexadecimal digits, assigned beside `trello`",
        "Atlassian developer documentation, Trello authorization";
    FIGMA_TOKEN = "figma_token", Secret, Restricted,
        "A personal access token of Figma.",
        "`figd_` and 40 to 43 characters of base64url; 4 to 8 digits, `-`, a UUID, assigned beside `figma`",
        "Figma developer documentation, access tokens";
    MIRO_TOKEN = "miro_token", Secret, Restricted,
        "An access token of Miro.",
        "27 characters of base64url, assigned beside `miro`",
        "Miro developer documentation, OAuth";
    DROPBOX_TOKEN = "dropbox_token", Secret, Restricted,
        "An access token or secret of Dropbox.",
        "`sl.` or `sl.u.` and 100 to 1500 characters of base64url; 15 small letters and digits or 11 letters and digits, `AAAAAAAAAA`, 43 characters of base64url, assigned beside `dropbox`",
        "Dropbox documentation, OAuth guide";
    BOX_SECRET = "box_secret", Secret, Restricted,
        "A client secret or token of Box.",
        "32 letters and digits, assigned beside `box_client` or `box_secret`",
        "Box developer documentation, authentication";
    CONTENTFUL_TOKEN = "contentful_token", Secret, Restricted,
        "A personal or delivery token of Contentful.",
        "`CFPAT-` and 43 characters of base64url; 43 characters of base64url with padding, assigned beside `contentful`",
        "Contentful documentation, authentication";
    SANITY_TOKEN = "sanity_token", Secret, Restricted,
        "A token of Sanity.",
        "`sk`, 78 to 200 letters and digits, assigned beside `sanity`",
        "Sanity documentation, API tokens";
    STORYBLOK_TOKEN = "storyblok_token", Secret, Restricted,
        "A token of Storyblok.",
        "22 to 24 letters and digits or 22 to 24 letters and digits, `tt`, assigned beside `storyblok`",
        "Storyblok documentation, access tokens";
    GHOST_KEY = "ghost_key", Secret, Restricted,
        "An administration key of Ghost.",
        "24 hexadecimal digits, `:`, 64 hexadecimal digits or 26 hexadecimal digits, assigned beside `ghost`",
        "Ghost documentation, admin API";
    WEBFLOW_TOKEN = "webflow_token", Secret, Restricted,
        "An API token of Webflow.",
        "64 hexadecimal digits, assigned beside `webflow`",
        "Webflow developer documentation, authentication";
    TYPEFORM_TOKEN = "typeform_token", Secret, Restricted,
        "A personal access token of Typeform.",
        "`tfp_` and 40 to 70 letters, digits and signs",
        "Typeform developer documentation, personal access tokens";
    CALCOM_KEY = "calcom_key", Secret, Restricted,
        "A key of Cal.com.",
        "`cal_live_` or `cal_test_` and 32 hexadecimal digits",
        "Cal.com documentation, API keys";
    SMARTSHEET_TOKEN = "smartsheet_token", Secret, Restricted,
        "An access token of Smartsheet.",
        "37 letters and digits or 26 letters and digits, assigned beside `smartsheet`",
        "Smartsheet documentation, authentication";
    TODOIST_TOKEN = "todoist_token", Secret, Restricted,
        "An API token of Todoist.",
        "40 hexadecimal digits, assigned beside `todoist`",
        "Todoist developer documentation, authorization";
    ZAPIER_WEBHOOK = "zapier_webhook", Secret, Restricted,
        "A webhook address of Zapier.",
        "`hooks.zapier.com/hooks/catch/` and 5 to 9 digits, `/`, 6 to 10 letters and digits",
        "Zapier documentation, webhooks";
    IFTTT_KEY = "ifttt_key", Secret, Restricted,
        "A webhook key of IFTTT.",
        "`maker.ifttt.com/trigger/` and 1 to 60 letters, digits and `_`, `/with/key/`, 20 to 60 characters of base64url",
        "IFTTT documentation, webhooks";
    MAKE_WEBHOOK = "make_webhook", Secret, Restricted,
        "A webhook address of Make.",
        "`hook.eu1.make.com/`, `hook.eu2.make.com/`, `hook.us1.make.com/` or another of its prefixes and 32 small letters and digits",
        "Make documentation, webhooks";
    PIPEDRIVE_TOKEN = "pipedrive_token", Secret, Restricted,
        "An API token of Pipedrive.",
        "40 hexadecimal digits, assigned beside `pipedrive`",
        "Pipedrive documentation, API token";
    FRAMEIO_TOKEN = "frameio_token", Secret, Restricted,
        "A developer token of Frame.io.",
        "`fio-u-` and 64 characters of base64url with padding",
        "Frame.io developer documentation, authentication";
    LOKALISE_TOKEN = "lokalise_token", Secret, Restricted,
        "An API token of Lokalise.",
        "40 hexadecimal digits, assigned beside `lokalise`",
        "Lokalise documentation, API tokens";
    CROWDIN_TOKEN = "crowdin_token", Secret, Restricted,
        "A personal access token of Crowdin.",
        "80 hexadecimal digits or 40 hexadecimal digits, assigned beside `crowdin`",
        "Crowdin documentation, personal access tokens";
    MUX_TOKEN = "mux_token", Secret, Restricted,
        "A token secret of Mux.",
        "75 characters of base64, assigned beside `mux_token` or `mux_secret`",
        "Mux documentation, access tokens";
    CLOUDINARY_SECRET = "cloudinary_secret", Secret, Restricted,
        "The address with secret of Cloudinary.",
        "`cloudinary://` and 15 digits, `:`, 27 characters of base64url; 27 characters of base64url, assigned beside `cloudinary`",
        "Cloudinary documentation, configuration";
    BITLY_TOKEN = "bitly_token", Secret, Restricted,
        "An access token of Bitly.",
        "40 hexadecimal digits or `R_`, 32 hexadecimal digits, assigned beside `bitly`",
        "Bitly developer documentation, authentication";
    ETSY_TOKEN = "etsy_token", Secret, Restricted,
        "An API key of Etsy.",
        "24 small letters and digits, assigned beside `etsy`",
        "Etsy developer documentation, authentication";
    NYTIMES_KEY = "nytimes_key", Secret, Restricted,
        "An API key of The New York Times.",
        "32 letters and digits, assigned beside `nytimes` or `new-york-times`",
        "The New York Times developer documentation, get started";
    ADOBE_SECRET = "adobe_secret", Secret, Restricted,
        "A client secret or id of Adobe.",
        "`p8e-` and 32 characters of base64url; 32 hexadecimal digits, assigned beside `adobe`",
        "Adobe developer documentation, credentials";
    DOCUSIGN_SECRET = "docusign_secret", Secret, Restricted,
        "An integration secret of DocuSign.",
        "a UUID, assigned beside `docusign`",
        "DocuSign developer documentation, authentication";
    EVERNOTE_TOKEN = "evernote_token", Secret, Restricted,
        "A developer token of Evernote.",
        "`S=s` and 1 to 4 digits, `:U=`, 2 to 8 hexadecimal digits, `:E=`, 11 hexadecimal digits, `:C=`, 11 hexadecimal digits, `:P=`, 3 hexadecimal digits, `:A=`, 4 to 30 characters of base64url and dots, `:V=2:H=`, 32 hexadecimal digits",
        "Evernote developer documentation, authentication";
    GREENHOUSE_KEY = "greenhouse_key", Secret, Restricted,
        "An API key of Greenhouse.",
        "32 hexadecimal digits, `-`, 1 to 2 digits or 48 hexadecimal digits, assigned beside `greenhouse_api` or `greenhouse_key`",
        "Greenhouse developer documentation, harvest API";
    LOOKER_SECRET = "looker_secret", Secret, Restricted,
        "A client id or secret of Looker.",
        "20 small letters and digits or 24 small letters and digits, assigned beside `looker`",
        "Looker documentation, API authentication";
    STRAVA_SECRET = "strava_secret", Secret, Restricted,
        "A client secret or token of Strava.",
        "40 hexadecimal digits, assigned beside `strava`",
        "Strava developer documentation, authentication";
    FITBIT_SECRET = "fitbit_secret", Secret, Restricted,
        "A client secret of Fitbit.",
        "32 hexadecimal digits, assigned beside `fitbit`",
        "Fitbit developer documentation, authorization";
    STEAM_KEY = "steam_key", Secret, Restricted,
        "A web API key of Steam.",
        "32 capitals and digits, assigned beside `steam_api` or `steam_key`",
        "Steamworks documentation, web API keys";
    ROBLOX_COOKIE = "roblox_cookie", Secret, Restricted,
        "A session cookie of Roblox.",
        "`_|WARNING:-DO-NOT-SHARE-THIS.` and `--will-allow-someone-to-log-in-as-you-and-to-steal-your-ROBUX-and-items.|_`, 100 to 2000 hexadecimal digits",
        "Roblox creator documentation, security";
    THUNDERSTORE_TOKEN = "thunderstore_token", Secret, Restricted,
        "A service account token of Thunderstore.",
        "`tss_` and 30 to 60 letters and digits",
        "Thunderstore documentation, API";
    FLICKR_SECRET = "flickr_secret", Secret, Restricted,
        "A key or secret of Flickr.",
        "32 small letters and digits or 16 hexadecimal digits, assigned beside `flickr`",
        "Flickr API documentation, authentication";
}
