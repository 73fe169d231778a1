//! What a process can run, and which of it one does.

use config::{Fault, Settings, settings::Bus};
use store::Dialect;

use crate::failure::Failure;

/// What a process can run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Service {
    /// The data plane.
    Gateway,
    /// The admin API, and alerts to the webhook.
    Admin,
    /// Where people write to agents.
    Webchat,
    /// Makes tasks of messages.
    Scheduler,
    /// Asks policy about tasks.
    Evaluator,
    /// Gives tasks their place among what runs.
    Dispatcher,
    /// Begins what schedules say.
    Timetable,
    /// Does runs.
    Runner,
}

/// The services of one process.
#[derive(Debug, Clone)]
pub(crate) struct Services(Vec<Service>);

impl Services {
    /// All that the settings want.
    pub(super) fn all(settings: &Settings) -> Self {
        use Service::{
            Admin, Dispatcher, Evaluator, Gateway, Runner, Scheduler, Timetable, Webchat,
        };
        let mut all = vec![Gateway, Admin];
        if settings.webchat.enabled {
            all.push(Webchat);
        }
        if settings.work.enabled {
            all.extend([Scheduler, Evaluator, Dispatcher, Timetable, Runner]);
        }
        Self(all)
    }

    /// One, as a process of its own, beside which others work on the same database. `file` is where the settings
    /// are from.
    ///
    /// # Errors
    /// [`Failure::Settings`] with all that is missing for that.
    pub(super) fn alone(
        service: Service,
        settings: &Settings,
        file: &str,
    ) -> Result<Self, Failure> {
        let faults = faults(service, settings, file);
        if faults.is_empty() { Ok(Self(vec![service])) } else { Err(Failure::Settings(faults)) }
    }

    pub(super) fn each(&self) -> impl Iterator<Item = Service> + '_ {
        self.0.iter().copied()
    }

    pub(super) fn has(&self, service: Service) -> bool {
        self.0.contains(&service)
    }

    /// What this process is, where it is one of several.
    pub(super) fn name(&self) -> Option<&'static str> {
        match self.0.as_slice() {
            [one] => Some(one.name()),
            _ => None,
        }
    }
}

impl Service {
    /// Its name, which is that of its command.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Gateway => "gateway",
            Self::Admin => "admin",
            Self::Webchat => "webchat",
            Self::Scheduler => "scheduler",
            Self::Evaluator => "evaluator",
            Self::Dispatcher => "dispatcher",
            Self::Timetable => "timetable",
            Self::Runner => "runner",
        }
    }
}

/// What the settings miss for a service in a process of its own.
fn faults(service: Service, settings: &Settings, file: &str) -> Vec<Fault> {
    let name = service.name();
    let fault = |key: &str, message: String, fix: &str| Fault {
        file: file.to_owned(),
        line: None,
        key: key.to_owned(),
        message,
        fix: fix.to_owned(),
    };
    let mut faults = Vec::new();
    // An address that is neither is refused where it is opened.
    if matches!(Dialect::of(settings.store_url().expose()), Ok(Dialect::Sqlite)) {
        faults.push(fault(
            "store.url",
            format!("SQLite is one process's, and the {name} is one of several"),
            "name a Postgres that all of them share, such as `postgres://orchestack@db.internal/orchestack`, \
             or run them all in one by `orchestack serve`",
        ));
    }
    if settings.bus == Bus::Embedded {
        faults.push(fault(
            "bus.url",
            format!("the embedded bus ends with its process, and the {name} is one of several"),
            "name a NATS that all of them share, such as `nats://nats.internal:4222`",
        ));
    }
    if service == Service::Runner && settings.work.gateway.is_none() {
        faults.push(fault(
            "work.gateway",
            "runs call models and tools at the gateway, and this process has none".to_owned(),
            "say where one is, such as `https://gateway.example.com`",
        ));
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(text: &str) -> Settings {
        Settings::parse("orchestack.toml", text, std::iter::empty()).unwrap()
    }

    #[test]
    fn what_a_process_of_its_own_misses_is_told_at_once() {
        let told = Services::alone(Service::Runner, &settings(""), "orchestack.toml").unwrap_err();
        insta::assert_snapshot!(told.fixes().join("\n"));
    }

    #[test]
    fn a_service_needs_no_more_than_it_uses() {
        let shared = "[store]\nurl = \"postgres://db/o\"\n[bus]\nurl = \"nats://n:4222\"\n";
        let missing = |service| faults(service, &settings(shared), "orchestack.toml").len();
        assert_eq!((missing(Service::Runner), missing(Service::Evaluator)), (1, 0));
        let whole = format!("{shared}[work]\ngateway = \"http://g:8080\"\nenabled = false\n");
        let runner = Services::alone(Service::Runner, &settings(&whole), "orchestack.toml");
        let runner = runner.unwrap();
        assert!(runner.has(Service::Runner) && !runner.has(Service::Gateway));
        assert_eq!(runner.name(), Some("runner"));
    }

    #[test]
    fn serve_is_all_that_the_settings_want() {
        let all = Services::all(&settings("[webchat]\nenabled = true\n"));
        assert_eq!((all.0.len(), all.name()), (8, None));
        let gateway = Services::all(&settings("[work]\nenabled = false\n"));
        assert!(gateway.has(Service::Admin) && !gateway.has(Service::Runner));
    }
}
