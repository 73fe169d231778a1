//! What the start prints: where things are, and one line to try.

use admin::first::Made;
use config::Settings;
use serde::Serialize;
use snapshot::Snapshot;

use super::{base_url, ports::Ports};

/// The most models that are named.
const MODELS_SHOWN: usize = 8;

/// What the start tells.
#[derive(Debug, Serialize)]
pub(super) struct Banner {
    /// What this process is, where it is one of several.
    service: Option<&'static str>,
    /// Where programs call models.
    endpoint: Option<String>,
    admin: Option<String>,
    /// Where people write to agents.
    webchat: Option<String>,
    state: String,
    tree: String,
    commit: String,
    models: Vec<String>,
    simulator: bool,
    tls: bool,
    /// At the first start only.
    key: Option<String>,
    /// At the first start only.
    admin_token: Option<String>,
    notes: Vec<String>,
    /// How this program is called with these settings.
    #[serde(skip)]
    program: String,
}

impl Banner {
    pub(super) fn new(
        (settings, service): (&Settings, Option<&'static str>),
        snapshot: &Snapshot,
        ports: Ports,
        made: Option<&Made>,
        program: String,
    ) -> Self {
        let registry = &snapshot.registry;
        Self {
            service,
            endpoint: base_url(settings, ports).map(|gateway| format!("{gateway}/v1")),
            admin: ports.admin.map(|address| format!("http://{address}")),
            webchat: ports.webchat.map(|address| format!("http://{address}/")),
            state: settings.state.dir.display().to_string(),
            tree: settings.tree().display().to_string(),
            commit: snapshot.commit.chars().take(12).collect(),
            models: registry.models().map(|model| model.id.clone()).collect(),
            simulator: registry.providers().any(|provider| provider.simulator),
            tls: settings.gateway.tls.is_some(),
            key: made.map(|made| made.key.expose().to_owned()),
            admin_token: made.map(|made| made.token.expose().to_owned()),
            notes: snapshot.notes.clone(),
            program,
        }
    }

    pub(super) fn text(&self) -> String {
        let mut shown: Vec<&str> =
            self.models.iter().take(MODELS_SHOWN).map(String::as_str).collect();
        let more = self.models.len().saturating_sub(MODELS_SHOWN);
        let rest = format!("and {more} more: {} model list", self.program);
        if more > 0 {
            shown.push(&rest);
        }
        let who =
            self.service.map_or_else(|| "Orchestack".to_owned(), |name| format!("The {name}"));
        let mut text = format!("\n{who} is ready.\n\n");
        if let Some(endpoint) = &self.endpoint {
            text.push_str(&format!("  endpoint   {endpoint}\n"));
        }
        if let Some(admin) = &self.admin {
            let (document, metrics) = ("/api/v1/openapi.json", "/metrics");
            text.push_str(&format!(
                "  console    {admin}/\n  admin      {admin} (OpenAPI: {document}, metrics: {metrics})\n"
            ));
        }
        text.push_str(&format!(
            "  state      {}\n  policies   {} at commit {}\n  models     {}\n",
            self.state,
            self.tree,
            self.commit,
            shown.join(", ")
        ));
        if let Some(webchat) = &self.webchat {
            text.push_str(&format!("  webchat    {webchat}\n"));
        }
        for note in &self.notes {
            text.push_str(&format!("  note       {note}\n"));
        }
        if self.simulator {
            text.push_str(SIMULATOR);
        }
        if let (Some(key), Some(token)) = (&self.key, &self.admin_token) {
            text.push_str(&shown_once(key, token));
        }
        if let Some(endpoint) = &self.endpoint {
            text.push_str(&self.try_it(endpoint));
        }
        text
    }

    /// One line that works when it is pasted.
    fn try_it(&self, endpoint: &str) -> String {
        let (intro, key) = match &self.key {
            Some(key) => ("\nTry it:\n".to_owned(), key.as_str()),
            None => {
                let make = format!("export KEY=$({} key create --agent default)", self.program);
                (format!("\nMake a key and try it:\n  {make}\n"), "$KEY")
            }
        };
        // A certificate of the operator's own authority is not known to curl.
        let insecure = if self.tls { " --cacert YOUR_CA.pem" } else { "" };
        format!(
            "{intro}  curl{insecure} {endpoint}/chat/completions -H \"Authorization: Bearer {key}\" \
             -H \"Content-Type: application/json\" \
             -d '{{\"model\":\"auto\",\"messages\":[{{\"role\":\"user\",\"content\":\"Hello\"}}]}}'\n"
        )
    }
}

const SIMULATOR: &str = "
  ************************************************************************
  * NO MODEL WAS FOUND. The built-in SIMULATOR answers: its words are    *
  * invented. Start Ollama, vLLM, llama.cpp or LM Studio on this machine,*
  * or export a key such as OPENAI_API_KEY, and start again.             *
  ************************************************************************
";

/// The first key and token, where the start failed after they were made.
pub(super) fn credentials(made: &Made) -> String {
    shown_once(made.key.expose(), made.token.expose())
}

fn shown_once(key: &str, token: &str) -> String {
    format!(
        "\nShown once, now; keep them:\n\
         \x20 API key of agent `default`   {key}\n\
         \x20 admin token                  {token}\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn banner(key: Option<&str>, simulator: bool) -> Banner {
        Banner {
            service: None,
            endpoint: Some("http://127.0.0.1:8080/v1".to_owned()),
            admin: Some("http://127.0.0.1:8081".to_owned()),
            webchat: key.map(|_| "http://127.0.0.1:8082/".to_owned()),
            state: "./.orchestack".to_owned(),
            tree: "./.orchestack/tree".to_owned(),
            commit: "0123456789ab".to_owned(),
            models: (1..=10).map(|n| format!("ollama/model-{n}")).collect(),
            simulator,
            tls: false,
            key: key.map(str::to_owned),
            admin_token: key.map(|_| "ora_token".to_owned()),
            notes: vec!["provider `x`: something to look at".to_owned()],
            program: "orchestack".to_owned(),
        }
    }

    #[test]
    fn the_first_start_shows_what_is_needed_once() {
        insta::assert_snapshot!(banner(Some("ork_id_secret"), true).text());
    }

    #[test]
    fn a_service_of_its_own_says_what_it_is() {
        let (endpoint, admin) = (None, None);
        let alone = Banner { service: Some("runner"), endpoint, admin, ..banner(None, false) };
        insta::assert_snapshot!(alone.text());
    }

    #[test]
    fn a_later_start_shows_how_to_make_a_key() {
        insta::assert_snapshot!(banner(None, false).text());
    }
}
