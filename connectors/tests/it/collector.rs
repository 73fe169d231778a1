//! Files that were added to no message are removed, round by round, while the process runs.

use std::time::Duration;

use connectors::{Collector, CollectorOptions};
use store::objects::ROUND_MAX;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::support::{SOON, Site};

/// What the process tells of it.
fn removed() -> f64 {
    let families = prometheus::gather();
    let ours = families.iter().find(|one| one.name() == "orchestack_objects_collected_total");
    let series = ours.into_iter().flat_map(|family| family.get_metric());
    let removed = series.filter(|one| one.get_label()[0].value() == "removed");
    removed.map(|one| one.get_counter().get_value()).sum()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_attached_to_nothing_is_removed_to_the_last() {
    let site = Site::start().await;
    let objects = site.objects();
    let count = 2 * ROUND_MAX + 1;
    let unfinished = site.folder().join("objects/tnt/00/00#1");
    std::fs::create_dir_all(unfinished.parent().unwrap()).unwrap();
    std::fs::write(&unfinished, "half").unwrap();
    for n in 0..count {
        objects.put(site.tenant, "text/plain", n.to_be_bytes().to_vec()).await.unwrap();
    }
    // One look is all that it has time for.
    let period = Duration::from_secs(60 * 60);
    let shutdown = CancellationToken::new();
    let now = CollectorOptions { unused: Duration::ZERO, period };
    let running = tokio::spawn(Collector::build(objects, now).run(shutdown.clone()));
    let gone = async {
        while site.store.unnamed_objects().await.unwrap().count > 0 || unfinished.exists() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(SOON, gone).await.expect("all are removed at the first look");
    shutdown.cancel();
    timeout(SOON, running).await.expect("it stops").unwrap();
    assert!((removed() - f64::from(count)).abs() < 0.5, "{}", removed());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_young_stays() {
    let site = Site::start().await;
    let objects = site.objects();
    objects.put(site.tenant, "text/plain", b"young".to_vec()).await.unwrap();
    let period = Duration::from_millis(5);
    let young = CollectorOptions { period, ..CollectorOptions::default() };
    let shutdown = CancellationToken::new();
    let running = tokio::spawn(Collector::build(objects, young).run(shutdown.clone()));
    tokio::time::sleep(20 * period).await;
    assert_eq!(site.store.unnamed_objects().await.unwrap().count, 1);
    shutdown.cancel();
    timeout(SOON, running).await.expect("it stops").unwrap();
}
