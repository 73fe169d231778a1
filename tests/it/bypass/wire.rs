//! A caller that leaves: bytes on a socket, which is closed too early.

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use super::{Row, SETTLED_MAX, Stage, eventually};

/// When a caller leaves.
#[derive(Clone, Copy, Debug)]
pub(super) enum Leaving {
    /// Half of the body is sent.
    InBody,
    /// A question was put to people, and nobody has answered.
    WhileAsked,
    /// The provider has the request, and has not answered.
    BeforeAnswer,
    /// The answer has begun, or has been refused.
    InAnswer,
}

/// Sends a row's request by hand and closes the connection at that point.
pub(super) async fn leave(stage: &Stage, row: &Row, leaving: Leaving) {
    let address = stage.server.gateway().trim_start_matches("http://");
    let mut stream = TcpStream::connect(address).await.unwrap();
    let authorization = stage.authorization(row).unwrap_or_default();
    let more: String =
        row.headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let head = format!(
        "{} {} HTTP/1.1\r\nhost: gateway\r\nauthorization: {authorization}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n{more}\r\n",
        row.method,
        row.path,
        row.body.len()
    );
    let sent = match leaving {
        Leaving::InBody => row.body.len() / 2,
        Leaving::WhileAsked | Leaving::BeforeAnswer | Leaving::InAnswer => row.body.len(),
    };
    let before = stage.simulator.log().len();
    let questions = "select count(*) from approvals";
    let asked = stage.rows.number(questions).await;
    stream.write_all(format!("{head}{}", &row.body[..sent]).as_bytes()).await.unwrap();
    match leaving {
        Leaving::InBody => {}
        Leaving::WhileAsked => {
            eventually("a question is on record", SETTLED_MAX, async || {
                (stage.rows.number(questions).await > asked).then_some(())
            })
            .await;
        }
        Leaving::BeforeAnswer => {
            eventually("the provider has the request", SETTLED_MAX, async || {
                (stage.simulator.log().len() > before).then_some(())
            })
            .await;
        }
        Leaving::InAnswer => {
            let mut first = [0; 1];
            stream.read_exact(&mut first).await.unwrap();
        }
    }
}
