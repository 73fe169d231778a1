//! Logs to standard error, and traces to an OpenTelemetry collector where one is named.

use std::{fmt, io::IsTerminal};

use async_trait::async_trait;
use bytes::Bytes;
use config::settings::{LogFormat, Telemetry};
use http::{Request, Response};
use opentelemetry::trace::TracerProvider;
use opentelemetry_http::{HttpClient, HttpError};
use opentelemetry_otlp::{WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::{Resource, trace::SdkTracerProvider};
use tokio::runtime::Handle;
use tracing::{Level, Metadata};
use tracing_subscriber::{
    EnvFilter, Layer, Registry,
    filter::{FilterExt, LevelFilter, ParseError, filter_fn},
    layer::{Filter, SubscriberExt},
    util::SubscriberInitExt,
};

use crate::failure::Failure;

type BoxedLayer = Box<dyn Layer<Registry> + Send + Sync>;

/// What must be told when the process ends.
pub(super) struct Running {
    traces: Option<SdkTracerProvider>,
}

/// Starts logs and traces for the whole process.
pub(super) fn start(settings: &Telemetry) -> Result<Running, Failure> {
    let bad_filter = |error: ParseError| {
        let message = format!("`telemetry.log_filter` cannot be read: {error}");
        Failure::usage(message, "write it like `info` or `gateway=debug,info`")
    };
    let filter = || filter(&settings.log_filter).map_err(bad_filter);
    let colours = std::io::stderr().is_terminal();
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_ansi(colours);
    let lines: BoxedLayer = match settings.log_format {
        LogFormat::Text => lines.with_filter(filter()?).boxed(),
        LogFormat::Json => lines.json().with_filter(filter()?).boxed(),
    };
    let traces = settings.otlp_endpoint.as_deref().map(provider).transpose()?;
    let spans = match &traces {
        None => None,
        Some(traces) => {
            let tracer = traces.tracer("orchestack");
            let layer = tracing_opentelemetry::layer().with_tracer(tracer);
            // Not the exporter's own spans: they would make spans of their own for ever.
            let own = EnvFilter::try_new(
                "info,opentelemetry=off,reqwest=off,hyper_util=off,h2=off,rmcp=off",
            )
            .map_err(bad_filter)?;
            Some(layer.with_filter(own).boxed())
        }
    };
    let layers: Vec<BoxedLayer> = std::iter::once(lines).chain(spans).collect();
    tracing_subscriber::registry().with(layers).try_init().map_err(Failure::of)?;
    Ok(Running { traces })
}

/// Which lines are written: those that are wanted, and none that could carry content.
fn filter(wanted: &str) -> Result<impl Filter<Registry> + Send + Sync + 'static, ParseError> {
    let wanted = EnvFilter::try_new(wanted)?;
    // Joined filters have a highest level only if each of them names one. Without it every line
    // that a library could write on a request's way, however low, is made and looked at by both.
    let own = filter_fn(is_free_of_content).with_max_level_hint(LevelFilter::TRACE);
    Ok(wanted.and(own))
}

/// Whether a line cannot carry a key or a prompt. Below `info` libraries log what they read and
/// write, heads with credentials included, so whatever the filter says only our crates speak there.
/// The SDK of tools does so at every level: what goes wrong with a tool server, `mcp` says.
fn is_free_of_content(line: &Metadata<'_>) -> bool {
    const OWN: [&str; 15] = [
        "admin",
        "budget",
        "config",
        "dlp",
        "gateway",
        "mcp",
        "orchestack",
        "policy",
        "providers",
        "router",
        "simulator",
        "snapshot",
        "store",
        "tools",
        "types",
    ];
    let target = line.target().split("::").next().unwrap_or_default();
    OWN.contains(&target) || (*line.level() <= Level::INFO && target != "rmcp")
}

impl Running {
    /// Sends what is left of the traces.
    pub(super) async fn stop(self) {
        let Some(traces) = self.traces else { return };
        // It waits for the exporter, which needs this runtime: not on one of its own threads.
        let ended = tokio::task::spawn_blocking(move || traces.shutdown()).await;
        if let Ok(Err(error)) = ended {
            tracing::warn!(%error, "the last traces could not be sent");
        }
    }
}

fn provider(endpoint: &str) -> Result<SdkTracerProvider, Failure> {
    let address = format!("{}/v1/traces", endpoint.trim_end_matches('/'));
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
    let client =
        OnRuntime { client: client.build().map_err(Failure::of)?, handle: Handle::current() };
    let exporter = opentelemetry_otlp::SpanExporter::builder()
        .with_http()
        .with_http_client(client)
        .with_endpoint(address)
        .build()
        .map_err(Failure::of)?;
    let resource = Resource::builder().with_service_name("orchestack").build();
    Ok(SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource).build())
}

/// Sends from our runtime: the batch exporter lives on a thread of its own that has none.
struct OnRuntime {
    client: reqwest::Client,
    handle: Handle,
}

impl fmt::Debug for OnRuntime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OnRuntime")
    }
}

#[async_trait]
impl HttpClient for OnRuntime {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let client = self.client.clone();
        self.handle.spawn(async move { client.send_bytes(request).await }).await?
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(wanted: &str, highest: LevelFilter) {
        assert_eq!(filter(wanted).unwrap().max_level_hint(), Some(highest), "{wanted}");
    }

    /// What nobody wants to read costs one look at a number.
    #[test]
    fn lines_above_the_wanted_level_are_off_everywhere() {
        check("info", LevelFilter::INFO);
        check("off", LevelFilter::OFF);
        check("gateway=debug,info", LevelFilter::DEBUG);
    }
}
