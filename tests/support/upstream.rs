//! Simulated providers as tests want them.

use simulator::{Model, Price, Simulator, SimulatorOptions};

/// A simulator that keeps the bodies it gets, with one model of that price for each id.
///
/// # Panics
/// When it cannot listen.
pub async fn provider(models: &[(&str, Price)]) -> Simulator {
    let models = models.iter().map(|(id, price)| Model::new(id, *price)).collect();
    let options = SimulatorOptions { models, keep_bodies: true, ..SimulatorOptions::default() };
    let started = Simulator::start(options).await;
    started.unwrap_or_else(|error| panic!("the simulator does not start: {error}"))
}
