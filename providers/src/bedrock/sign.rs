//! Signature Version 4, by AWS's own crate.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_credential_types::Credentials;
use aws_sigv4::{
    http_request::{SignableBody, SignableRequest, SigningSettings, sign},
    sign::v4,
};
use types::{AwsKeys, Secret};

use crate::{Header, Outgoing, Unsigned, wire};

/// The headers by which AWS knows who asks. `host`, `content-type` and the body are signed, so that
/// they must go out as they are here.
///
/// # Errors
/// [`Unsigned::Request`].
pub(super) fn headers(
    outgoing: &Outgoing<'_>,
    keys: &AwsKeys,
    service: &str,
) -> Result<Vec<Header>, Unsigned> {
    signed(outgoing, keys, service, &[("content-type", "application/json")])
}

fn signed(
    outgoing: &Outgoing<'_>,
    keys: &AwsKeys,
    service: &str,
    also: &[(&str, &str)],
) -> Result<Vec<Header>, Unsigned> {
    let identity = Credentials::new(
        keys.access_key_id.expose(),
        keys.secret_access_key.expose(),
        keys.session_token.as_ref().map(|token| Secret::expose(token).to_owned()),
        None,
        "orchestack",
    )
    .into();
    let params = v4::SigningParams::builder()
        .identity(&identity)
        .region(&keys.region)
        .name(service)
        .time(time(outgoing)?)
        .settings(SigningSettings::default())
        .build()
        .map_err(|_| Unsigned::Request)?
        .into();
    // Its hash in place of the body: the crate writes what it is given to its trace.
    let body = SignableBody::Precomputed(wire::sha256(outgoing.body));
    let uri = format!("https://{}{}", outgoing.authority, outgoing.path);
    let given = std::iter::once(("host", outgoing.authority)).chain(also.iter().copied());
    let request = SignableRequest::new("POST", uri, given, body).map_err(|_| Unsigned::Request)?;
    let (made, _) = sign(request, &params).map_err(|_| Unsigned::Request)?.into_parts();
    let (made, _) = made.into_parts();
    Ok(made.iter().map(|header| (header.name(), header.value().to_owned())).collect())
}

fn time(outgoing: &Outgoing<'_>) -> Result<SystemTime, Unsigned> {
    let micros = u64::try_from(outgoing.now.0).map_err(|_| Unsigned::Request)?;
    UNIX_EPOCH.checked_add(Duration::from_micros(micros)).ok_or(Unsigned::Request)
}

#[cfg(test)]
mod tests {
    use types::Timestamp;

    use super::*;

    /// 2015-08-30T12:36:00Z, when AWS's examples were signed.
    const NOW: Timestamp = Timestamp(1_440_938_160_000_000);

    /// The session token of AWS's test suite.
    const TOKEN: &str = "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPfIeoIYRqTflfKD8YUuwthAx7mSEI/qkPpKPi/kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7WZ0wq5VSXDvp75YU9HFvlRd8Tx6q6fE8YQcHNVXAkiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+scqKmlzm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/oLxBA==";

    fn keys(token: Option<&str>) -> AwsKeys {
        AwsKeys {
            region: "us-east-1".into(),
            access_key_id: Secret::new("AKIDEXAMPLE"),
            secret_access_key: Secret::new("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"),
            session_token: token.map(Secret::new),
        }
    }

    fn outgoing<'a>(path: &'a str, body: &'a [u8]) -> Outgoing<'a> {
        Outgoing { authority: "example.amazonaws.com", path, body, credential: None, now: NOW }
    }

    #[track_caller]
    fn check(path: &str, body: &[u8], token: Option<&str>, also: &[(&str, &str)], expected: &str) {
        let made = signed(&outgoing(path, body), &keys(token), "service", also).unwrap();
        let value = |name| made.iter().find(|(n, _)| *n == name).map(|(_, value)| value.as_str());
        let signature = value("authorization").unwrap().rsplit_once("Signature=").unwrap().1;
        assert_eq!(signature, expected);
        assert_eq!(value("x-amz-date"), Some("20150830T123600Z"));
        assert_eq!(value("x-amz-security-token"), token);
    }

    /// `post-vanilla`, `post-sts-header-before` and `post-x-www-form-urlencoded` of the test suite
    /// that AWS publishes with its signer (aws-c-auth), by their names there.
    #[test]
    fn the_published_requests_have_the_published_signatures() {
        let vanilla = "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b";
        check("/", b"", None, &[], vanilla);
        let session = "85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead";
        check("/", b"", Some(TOKEN), &[], session);
        let hash = "9095672bbd1f56dfc5b65f3e153adc8731a4a654192329106275f4c7b24d0b6e";
        let form = [
            ("content-type", "application/x-www-form-urlencoded"),
            ("content-length", "13"),
            ("x-amz-content-sha256", hash),
        ];
        let posted = "d3875051da38690788ef43de4db0d8f280229d82040bfac253562e56c3f20e0b";
        check("/", b"Param1=value1", None, &form, posted);
    }

    #[test]
    fn a_time_before_the_epoch_cannot_be_signed() {
        let early = Outgoing { now: Timestamp(-1), ..outgoing("/", b"") };
        assert_eq!(headers(&early, &keys(None), "bedrock"), Err(Unsigned::Request));
    }
}
