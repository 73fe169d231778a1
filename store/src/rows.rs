//! Reads rows into values, and writes many rows in few statements.

use std::{fmt::Display, str::FromStr};

use serde::de::DeserializeOwned;
use sqlx::{
    Any, AnyConnection, Arguments as _, AssertSqlSafe, Encode, Row as _, Type,
    any::{AnyArguments, AnyRow},
};
use types::{Nanos, Timestamp};

use crate::Error;

/// A row with the name of its table, so that a bad value says where it stands.
pub(crate) struct Get<'r> {
    pub(crate) row: &'r AnyRow,
    pub(crate) table: &'static str,
}

impl Get<'_> {
    pub(crate) fn text(&self, column: &str) -> Result<String, Error> {
        self.row.try_get(column).map_err(|error| Error::corrupt(self.table, error))
    }

    pub(crate) fn int(&self, column: &str) -> Result<i64, Error> {
        self.row.try_get(column).map_err(|error| Error::corrupt(self.table, error))
    }

    pub(crate) fn count(&self, column: &str) -> Result<u64, Error> {
        let n = self.int(column)?;
        u64::try_from(n).map_err(|_| Error::corrupt(self.table, format!("`{column}` is negative")))
    }

    pub(crate) fn time(&self, column: &str) -> Result<Timestamp, Error> {
        self.int(column).map(Timestamp)
    }

    pub(crate) fn maybe_time(&self, column: &str) -> Result<Option<Timestamp>, Error> {
        Ok(self.maybe_int(column)?.map(Timestamp))
    }

    pub(crate) fn maybe_int(&self, column: &str) -> Result<Option<i64>, Error> {
        self.row.try_get(column).map_err(|error| Error::corrupt(self.table, error))
    }

    pub(crate) fn nanos(&self, column: &str) -> Result<Nanos, Error> {
        self.int(column).map(Nanos)
    }

    pub(crate) fn maybe_text(&self, column: &str) -> Result<Option<String>, Error> {
        self.row.try_get(column).map_err(|error| Error::corrupt(self.table, error))
    }

    pub(crate) fn parse<T>(&self, column: &str) -> Result<T, Error>
    where
        T: FromStr,
        T::Err: Display,
    {
        self.text(column)?.parse().map_err(|error: T::Err| Error::corrupt(self.table, error))
    }

    pub(crate) fn maybe<T>(&self, column: &str) -> Result<Option<T>, Error>
    where
        T: FromStr,
        T::Err: Display,
    {
        let parse = |text: String| text.parse().map_err(|e: T::Err| Error::corrupt(self.table, e));
        self.maybe_text(column)?.map(parse).transpose()
    }

    pub(crate) fn maybe_json<T: DeserializeOwned>(&self, column: &str) -> Result<Option<T>, Error> {
        if self.maybe_text(column)?.is_none() { Ok(None) } else { self.json(column).map(Some) }
    }

    pub(crate) fn json<T: DeserializeOwned>(&self, column: &str) -> Result<T, Error> {
        let text = self.text(column)?;
        // The error of serde_json names a place and a type; with its text it might name content.
        serde_json::from_str(&text)
            .map_err(|_| Error::corrupt(self.table, format!("`{column}` is not the JSON expected")))
    }
}

/// JSON text of a value that always serialises: our own types with string keys.
pub(crate) fn json<T: serde::Serialize + ?Sized>(value: &T) -> Result<String, Error> {
    serde_json::to_string(value).map_err(|error| Error::corrupt("json", error))
}

/// Text that both databases keep. Postgres keeps no NUL.
pub(crate) fn plain(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

/// A count as the databases have it. No count of ours comes near the limit.
pub(crate) fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// Sizes of multi-row statements. A few fixed sizes, so that each is prepared once and kept.
const CHUNKS: [usize; 5] = [256, 64, 16, 4, 1];

/// Splits rows into chunks of [`CHUNKS`].
pub(crate) fn chunks<T>(mut rows: &[T]) -> impl Iterator<Item = &[T]> {
    std::iter::from_fn(move || {
        let size = CHUNKS.into_iter().find(|&size| size <= rows.len())?;
        let (chunk, rest) = rows.split_at(size);
        rows = rest;
        Some(chunk)
    })
}

/// A statement whose text depends on how much is bound.
///
/// Postgres wants its placeholders numbered (`$1`). SQLite understands that too, but then every one
/// has a name, which is looked up along the list of all names each time it is bound: for a batch of
/// rows that costs more than all else. There a placeholder is `?`.
pub(crate) struct Statement {
    text: String,
    values: AnyArguments,
    numbered: bool,
    count: usize,
    /// Whether the next value of a list needs a comma in front.
    comma: bool,
}

impl Statement {
    /// A statement for the database of a connection.
    pub(crate) fn new(conn: &AnyConnection, text: &str) -> Self {
        Self {
            text: text.to_owned(),
            values: AnyArguments::default(),
            numbered: conn.backend_name() != "SQLite",
            count: 0,
            comma: false,
        }
    }

    /// Adds text of ours, never of a caller.
    pub(crate) fn push(&mut self, text: &str) -> &mut Self {
        self.text.push_str(text);
        self
    }

    /// Adds a placeholder and its value.
    pub(crate) fn bind<'q, T: Encode<'q, Any> + Type<Any>>(
        &mut self,
        value: T,
    ) -> Result<&mut Self, Error> {
        self.values.add(value).map_err(|error| Error::Query(sqlx::Error::Encode(error)))?;
        self.count += 1;
        if self.numbered {
            self.text.push('$');
            self.text.push_str(&self.count.to_string());
        } else {
            self.text.push('?');
        }
        Ok(self)
    }

    /// Adds a placeholder and its value to a list that [`Statement::open`] began.
    pub(crate) fn item<'q, T: Encode<'q, Any> + Type<Any>>(
        &mut self,
        value: T,
    ) -> Result<&mut Self, Error> {
        if self.comma {
            self.text.push_str(", ");
        }
        self.comma = true;
        self.bind(value)
    }

    /// Adds the condition that a column's text has a piece in it, as it is written.
    pub(crate) fn contains(&mut self, column: &str, piece: String) -> Result<&mut Self, Error> {
        let position = if self.numbered { "strpos(" } else { "instr(" };
        self.push(position).push(column).push(", ").bind(piece).map(|query| query.push(") > 0"))
    }

    /// Begins a list.
    pub(crate) fn open(&mut self) -> &mut Self {
        self.comma = false;
        self.push("(")
    }

    /// Ends a list.
    pub(crate) fn close(&mut self) -> &mut Self {
        self.push(")")
    }

    pub(crate) async fn execute(self, conn: &mut AnyConnection) -> Result<u64, Error> {
        let query = sqlx::query_with(AssertSqlSafe(self.text), self.values);
        Ok(query.execute(conn).await?.rows_affected())
    }

    pub(crate) async fn fetch(self, conn: &mut AnyConnection) -> Result<Vec<AnyRow>, Error> {
        let query = sqlx::query_with(AssertSqlSafe(self.text), self.values);
        Ok(query.fetch_all(conn).await?)
    }
}

/// Inserts rows: `head` is `insert into t (a, b)`, `bind` adds one row's values in that order.
pub(crate) async fn insert<T>(
    conn: &mut AnyConnection,
    head: &str,
    tail: &str,
    rows: &[T],
    bind: impl Fn(&mut Statement, &T) -> Result<(), Error>,
) -> Result<(), Error> {
    for chunk in chunks(rows) {
        let mut statement = Statement::new(conn, head);
        for (n, row) in chunk.iter().enumerate() {
            statement.push(if n == 0 { " values " } else { ", " }).open();
            bind(&mut statement, row)?;
            statement.close();
        }
        statement.push(tail);
        statement.execute(&mut *conn).await?;
    }
    Ok(())
}

/// Selects the rows whose key is in a list. `head` ends before the list, as in
/// `select * from t where id in`.
pub(crate) async fn select_in(
    conn: &mut AnyConnection,
    head: &str,
    tail: &str,
    keys: &[String],
) -> Result<Vec<AnyRow>, Error> {
    let mut found = Vec::new();
    for chunk in keys.chunks(256) {
        // One key more often costs less than one statement more.
        let size = CHUNKS.into_iter().rev().find(|&size| size >= chunk.len());
        let missing = size.unwrap_or(chunk.len()) - chunk.len();
        let padding = std::iter::repeat_n(chunk.last(), missing).flatten();
        let mut statement = Statement::new(conn, head);
        statement.push(" ").open();
        for key in chunk.iter().chain(padding) {
            statement.item(key.clone())?;
        }
        statement.close().push(tail);
        found.extend(statement.fetch(&mut *conn).await?);
    }
    Ok(found)
}
