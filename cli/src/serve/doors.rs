//! The listeners of a process: bound before anything runs, so that a taken address stops the start, and opened
//! when all is there.

use std::sync::Arc;

use connectors::{Collector, CollectorOptions, webchat::Webchat};
use gateway::Gateway;
use snapshot::Snapshots;
use store::Bus;
use tokio::{sync::watch, task::JoinSet};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    ports::Ports,
    sandboxes,
    service::{Service, Services},
    webchat,
};
use crate::{failure::Failure, objects, state::State};

/// The bound listeners of a process.
pub(super) struct Doors {
    gateway: Option<Gateway>,
    /// Where the gateway's sandboxes run, if they do so here.
    sandboxes: Option<sandbox::Service>,
    admin: Option<admin::Listeners>,
    webchat: Option<Webchat>,
    /// Removes what was attached to no message.
    collector: Option<Collector>,
}

impl Doors {
    /// Binds those that the services need.
    pub(super) async fn bind(
        state: &State,
        snapshots: &Snapshots,
        services: &Services,
        bus: watch::Receiver<Option<Bus>>,
    ) -> Result<Self, Failure> {
        let mut doors =
            Self { gateway: None, sandboxes: None, admin: None, webchat: None, collector: None };
        if services.has(Service::Gateway) {
            doors.sandboxes = sandboxes::own(&state.settings, &state.pepper).await?;
            doors.gateway = Some(gateway(state, snapshots, doors.sandboxes.as_ref()).await?);
        }
        if services.has(Service::Admin) {
            doors.admin = Some(admin(state).await?);
        }
        if services.has(Service::Webchat) {
            let objects = objects::open(state)?;
            let unused = state.settings.objects.unused_ttl;
            let options = CollectorOptions { unused, ..CollectorOptions::default() };
            doors.collector = Some(Collector::build(objects.clone(), options));
            doors.webchat = Some(webchat::bind(state, snapshots, objects, bus).await?);
        }
        Ok(doors)
    }

    /// The addresses in force.
    pub(super) fn ports(&self) -> Ports {
        Ports {
            gateway: self.gateway.as_ref().map(Gateway::local_addr),
            admin: self.admin.as_ref().map(admin::Listeners::address),
            webchat: self.webchat.as_ref().map(Webchat::address),
        }
    }

    /// Opens them. What programs and people talk to ends after `stop`; the admin API stays until `end`.
    pub(super) fn open(
        self,
        state: &State,
        snapshots: &Snapshots,
        behind: &TaskTracker,
        (stop, end): (&CancellationToken, &CancellationToken),
    ) -> JoinSet<()> {
        let mut front = JoinSet::new();
        // A process without doors waits for nothing else.
        front.spawn(stop.clone().cancelled_owned());
        if let Some(gateway) = self.gateway {
            front.spawn(gateway.run(stop.clone()));
        }
        if let Some(sandboxes) = self.sandboxes {
            behind.spawn(sandboxes.run(end.clone()));
        }
        if let Some(webchat) = self.webchat {
            front.spawn(webchat.run(stop.clone()));
        }
        if let Some(collector) = self.collector {
            behind.spawn(collector.run(end.clone()));
        }
        if let Some(admin) = self.admin {
            let control = state.control(snapshots.clone());
            behind.spawn(admin.run(control.clone(), end.clone()));
            behind.spawn(admin::alerts::deliver(control, end.clone()));
        }
        front
    }
}

async fn gateway(
    state: &State,
    snapshots: &Snapshots,
    sandboxes: Option<&sandbox::Service>,
) -> Result<Gateway, Failure> {
    let gateway = Gateway::build(gateway::Parts {
        snapshots: snapshots.clone(),
        store: state.store.clone(),
        pepper: state.pepper.clone(),
        tokens: state.tokens.clone(),
        sandboxes: sandboxes::found(&state.settings, &state.pepper, sandboxes),
        settings: Arc::clone(&state.settings),
    });
    gateway.await.map_err(Failure::of)
}

async fn admin(state: &State) -> Result<admin::Listeners, Failure> {
    let settings = &state.settings;
    let options =
        admin::Options { address: settings.admin.listen, socket: settings.admin_socket() };
    let bound = admin::Listeners::bind(&options).await.map_err(Failure::of)?;
    if !bound.address().ip().is_loopback() {
        tracing::warn!(
            address = %bound.address(),
            "the admin API listens beyond this machine, without TLS; put a TLS proxy in front"
        );
    }
    Ok(bound)
}
