//! The harness itself, without the server.

use support::{Database, Tree};

#[test]
fn a_tree_is_committed_whole() {
    let folder = tempfile::tempdir().unwrap();
    let tree = Tree::with_policies(&folder.path().join("tree"));
    let first = tree.commit("first");
    assert_eq!(first.len(), 40);
    tree.write("README.md", "changed").remove("policies/models.cedar");
    assert_ne!(tree.commit("second"), first);
}

#[tokio::test]
async fn a_fresh_postgres_is_empty_and_goes_with_its_test() {
    use sqlx::{Connection as _, PgConnection};
    let database = Database::Postgres.fresh().await;
    let other = Database::Postgres.fresh().await;
    assert_ne!(database.url(), other.url());
    let url = database.url().unwrap().to_owned();
    let mut connection = PgConnection::connect(&url).await.unwrap();
    let tables: i64 =
        sqlx::query_scalar("select count(*) from pg_tables where schemaname = 'public'")
            .fetch_one(&mut connection)
            .await
            .unwrap();
    assert_eq!(tables, 0);
    drop(database);
    assert!(PgConnection::connect(&url).await.is_err());
}
