//! Labels of sessions: they rise by themselves and fall by a person's word alone.

use store::Error;
use types::{Label, RequestId, SessionId, TenantId, audit::Kind};

use crate::{
    on_both,
    support::{Database, admin_permit, record, tenant},
};

on_both! {
    a_label_rises_and_does_not_fall_by_itself;
    a_person_lowers_it_on_record;
    many_at_once_leave_the_highest;
}

fn session() -> SessionId {
    SessionId::from_parts(1, 1)
}

fn request(number: u128) -> RequestId {
    RequestId::from_parts(1, number)
}

async fn a_label_rises_and_does_not_fall_by_itself(database: &Database) {
    let labels = database.prepared().await.session_labels();
    assert_eq!(labels.find(tenant(), session()).await.unwrap(), None);
    for (number, label) in [
        (1, Label::Internal),
        (2, Label::Restricted),
        (3, Label::Sensitive),
        (4, Label::Restricted),
    ] {
        labels.raise(tenant(), session(), label, request(number)).await.unwrap();
    }
    drop(labels);
    let labels = database.open().await.session_labels();
    let known = labels.find(tenant(), session()).await.unwrap().unwrap();
    assert_eq!((known.label, known.request), (Label::Restricted, Some(request(2))));
    assert_eq!(labels.find(TenantId::generate(), session()).await.unwrap(), None);
    assert_eq!(labels.find(tenant(), SessionId::from_parts(1, 2)).await.unwrap(), None);
}

async fn a_person_lowers_it_on_record(database: &Database) {
    let store = database.prepared().await;
    let labels = store.session_labels();
    let permit = admin_permit(false);
    let lower = async |label| {
        let to = (session(), label);
        labels.lower(&permit, to, "looked at it", &record(Kind::Admin)).await
    };
    assert!(matches!(lower(Label::Public).await, Err(Error::Missing { .. })));
    labels.raise(tenant(), session(), Label::Restricted, request(1)).await.unwrap();
    assert!(matches!(lower(Label::Restricted).await, Err(Error::NotLower { .. })));
    let before = database.count("select count(*) from audit").await;
    lower(Label::Internal).await.unwrap();
    assert_eq!(database.count("select count(*) from audit").await, before + 1);
    let known = labels.find(tenant(), session()).await.unwrap().unwrap();
    assert_eq!((known.label, known.request), (Label::Internal, None));
    assert_eq!(known.reason.as_deref(), Some("looked at it"));
    assert!(matches!(lower(Label::Sensitive).await, Err(Error::NotLower { .. })), "never up");
    let look = admin_permit(true);
    let to = (session(), Label::Public);
    let refused = labels.lower(&look, to, "", &record(Kind::Admin)).await;
    assert!(matches!(refused, Err(Error::Permit { .. })));
    labels.raise(tenant(), session(), Label::Sensitive, request(2)).await.unwrap();
    let known = labels.find(tenant(), session()).await.unwrap().unwrap();
    assert_eq!((known.label, known.set_by, known.reason), (Label::Sensitive, None, None));
}

async fn many_at_once_leave_the_highest(database: &Database) {
    let store = database.prepared().await;
    let raises = (0..40_u128).map(|number| {
        let labels = store.session_labels();
        let label = Label::ALL[usize::try_from(number % 4).unwrap()];
        tokio::spawn(async move {
            labels.raise(tenant(), session(), label, request(number)).await.unwrap();
            labels.find(tenant(), session()).await.unwrap().unwrap().label >= label
        })
    });
    for raise in raises.collect::<Vec<_>>() {
        assert!(raise.await.unwrap(), "what was raised stays");
    }
    let known = store.session_labels().find(tenant(), session()).await.unwrap().unwrap();
    assert_eq!(known.label, Label::Restricted);
}
