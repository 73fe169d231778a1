//! `orchestack model`.

mod calls;
mod learnt;

use std::process::ExitCode;

use admin::{
    Difference, Learnt, ModelList, ModelView, NewModel, NewProvider, Probed, ProbedModel,
    ProbedProvider, ProviderView,
};
use serde::Serialize;
use serde_json::json;

use learnt::Called;

use crate::{
    args::{AddModel, Global, Model},
    client::{Ask, Client},
    failure::Failure,
    output::{Output, table},
};

pub(super) async fn run(
    (global, client): (&Global, &Client),
    command: Model,
    output: &Output,
) -> Result<ExitCode, Failure> {
    match command {
        Model::List => {
            let list: ModelList = client.ask(Ask::get(&["models"])).await?;
            output.show(&list, |list| rows(&list.models));
        }
        Model::Add(ask) => {
            let made = add(client, *ask).await?;
            output.show(&made, |made| rows(std::slice::from_ref(made)));
        }
        Model::Remove { id } => {
            client.act(Ask::delete(&["models", &id])).await?;
            output.show(&json!({ "removed": id }), |_| format!("{id} is removed"));
        }
        Model::Probe(ask) => {
            let called =
                if ask.calls { calls::all(global, client, &ask).await? } else { Vec::new() };
            let learned = learn(client, called, ask.apply).await?;
            output.show(&learned, told);
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// What lists and calls tell.
#[derive(Debug, Serialize)]
struct Learned {
    #[serde(flatten)]
    probed: Probed,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    called: Vec<Called>,
}

async fn learn(client: &Client, called: Vec<Called>, apply: bool) -> Result<Learned, Failure> {
    let mut probed = probe(client).await?;
    if apply {
        for model in probed.providers.iter().flat_map(|provider| &provider.models) {
            let learnt = of(model, &called);
            if is_correctable(model, &learnt) {
                let path = ["models", &model.id, "refresh"];
                let _: ModelView = client.tell(Ask::post(&path), &learnt).await?;
            }
        }
        probed = probe(client).await?;
    }
    Ok(Learned { probed, called })
}

/// What calls told of a model otherwise than it is registered.
fn of(model: &ProbedModel, called: &[Called]) -> Learnt {
    let called = called.iter().find(|called| called.id == model.id);
    called.map(Called::differs).unwrap_or_default()
}

async fn add(client: &Client, ask: AddModel) -> Result<ModelView, Failure> {
    let provider = ask.url.map(|base_url| NewProvider {
        name: ask.provider.clone(),
        kind: ask.kind,
        base_url,
        locality: ask.locality,
        secret: ask.secret,
        ..NewProvider::default()
    });
    let name = ask.provider.clone();
    if let Some(provider) = &provider {
        let _: ProviderView = client.tell(Ask::post(&["providers"]), provider).await?;
    }
    let model = NewModel {
        id: ask.id,
        provider: ask.provider,
        upstream: ask.upstream,
        size: ask.size,
        context_tokens: ask.context,
        max_output_tokens: ask.max_output,
        capabilities: ask.can,
        quality: ask.quality,
        aliases: ask.alias,
        fallbacks: ask.fallback,
        price_input: ask.price_input,
        price_output: ask.price_output,
    };
    let made = client.tell(Ask::post(&["models"]), &model).await;
    if made.is_err() && provider.is_some() {
        // The command is one act for whoever typed it. The first failure is the one to tell.
        let _ = client.act(Ask::delete(&["providers", &name])).await;
    }
    made
}

fn rows(models: &[ModelView]) -> String {
    let row = |model: &ModelView| {
        let price = match &model.price {
            None => "none: refused".to_owned(),
            Some(price) => {
                let free = price.input.nanos == 0 && price.output.nanos == 0;
                let tokens = format!("{} / {}", price.input.usd, price.output.usd);
                match (free, price.second.nanos) {
                    (true, 0) => "free".to_owned(),
                    (false, 0) => tokens,
                    (true, _) => format!("{} a second", price.second.usd),
                    (false, _) => format!("{tokens}, {} a second", price.second.usd),
                }
            }
        };
        [
            model.id.clone(),
            model.provider.clone(),
            model.file.clone().unwrap_or_else(|| model.origin.clone()),
            model.locality.clone(),
            model.size.clone(),
            model.context_tokens.to_string(),
            price,
            model.aliases.join(", "),
        ]
    };
    let head =
        ["ID", "PROVIDER", "ORIGIN", "RUNS", "SIZE", "CONTEXT", "USD/MILLION IN / OUT", "ALIASES"];
    let mut text = table(head, models.iter().map(row).collect());
    if models.iter().any(|model| model.simulator) {
        text.push_str("\nThe simulator's answers are invented: it is no model.");
    }
    text
}

async fn probe(client: &Client) -> Result<Probed, Failure> {
    client.ask(Ask::post(&["models", "probe"])).await
}

/// Whether `--apply` may correct it: what stands in the tree is corrected there.
fn is_correctable(model: &ProbedModel, learnt: &Learnt) -> bool {
    let differs = !model.differs.is_empty() || *learnt != Learnt::default();
    model.origin.as_deref() == Some("runtime") && differs
}

fn told(learned: &Learned) -> String {
    let mut text = found(learned);
    if !learned.called.is_empty() {
        text.push_str(&format!("\n{}", learnt::told(&learned.called)));
    }
    text
}

fn found(Learned { probed, called }: &Learned) -> String {
    if probed.providers.is_empty() {
        return "no model server answers on this machine, and no provider's key is in the \
                environment\nstart one (such as Ollama) or export a key (such as \
                OPENAI_API_KEY), then start the server again"
            .to_owned();
    }
    let provider = |provider: &ProbedProvider| {
        let health = provider.health.as_deref().unwrap_or("new: start the server again to use it");
        [
            provider.name.clone(),
            provider.locality.clone(),
            provider.base_url.clone(),
            health.to_owned(),
        ]
    };
    let head = ["PROVIDER", "RUNS", "ADDRESS", "HEALTH"];
    let mut text = table(head, probed.providers.iter().map(provider).collect());
    let models = probed.providers.iter().flat_map(|provider| &provider.models);
    let rows: Vec<_> = models.clone().map(compared).collect();
    if !rows.is_empty() {
        let head = ["MODEL", "STATE", "CONTEXT", "CAN", "DIFFERS"];
        text.push_str(&format!("\n{}", table(head, rows)));
    }
    if models.clone().any(|model| is_correctable(model, &of(model, called))) {
        text.push_str(
            "\n`orchestack model probe --apply` takes over what differs in models of `model add`",
        );
    }
    text
}

fn compared(model: &ProbedModel) -> [String; 5] {
    let state = match (model.registered, model.served) {
        (false, _) => "new",
        (true, Some(false)) => "not served",
        (true, Some(true)) => "served",
        (true, None) => "registered",
    };
    let difference = |difference: &Difference| {
        format!("{} {} -> {}", difference.fact, difference.registered, difference.found)
    };
    let differs: Vec<_> = model.differs.iter().map(difference).collect();
    [
        model.id.clone(),
        state.to_owned(),
        model.context_tokens.map_or("-".to_owned(), |tokens| tokens.to_string()),
        model.capabilities.join(", "),
        differs.join("; "),
    ]
}
