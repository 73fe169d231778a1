//! AWS's Signature Version 4, computed from what came and held against what was sent.
//!
//! Source: AWS's description of signing requests. Nothing here is shared with whoever signs.

use std::collections::BTreeMap;
use std::time::{Duration, UNIX_EPOCH};

use axum::http::HeaderMap;
use ring::digest::{SHA256, digest};
use ring::hmac::{HMAC_SHA256, Key, sign};

use crate::log::hex;

/// How far the time of a signature may be from now.
const SKEW_MAX: Duration = Duration::from_secs(300);

/// A pair of keys that may sign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AwsKey {
    /// The id of the key.
    pub access_key_id: String,
    /// The key.
    pub secret_access_key: String,
    /// The token that must come with it, if any.
    pub session_token: Option<String>,
    /// The region that it must be used in.
    pub region: String,
}

/// What came: a POST.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Signed<'a> {
    /// The path and query, percent-encoded as they came.
    pub(crate) path: &'a str,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) body: &'a [u8],
}

/// The parts of an `Authorization` header of this scheme.
struct Claim<'a> {
    access_key_id: &'a str,
    /// Date, region, service and terminator.
    scope: Vec<&'a str>,
    headers: Vec<&'a str>,
    signature: &'a str,
}

/// Whether a call claims to be signed.
pub(crate) fn is_signed(headers: &HeaderMap) -> bool {
    header(headers, "authorization").is_some_and(|value| value.starts_with("AWS4-HMAC-SHA256 "))
}

/// Whether one of `keys` signed it for `service`. Says why not, in AWS's words.
pub(crate) fn verify(signed: Signed<'_>, service: &str, keys: &[AwsKey]) -> Result<(), String> {
    let claim = claim(signed.headers).ok_or("the authorization header is incomplete")?;
    let key = keys.iter().find(|key| key.access_key_id == claim.access_key_id);
    let key = key.ok_or("the security token included in the request is invalid")?;
    let token = header(signed.headers, "x-amz-security-token");
    if token != key.session_token.as_deref() {
        return Err("the security token included in the request is invalid".into());
    }
    let time = header(signed.headers, "x-amz-date").ok_or("x-amz-date is missing")?;
    fresh(time)?;
    let [date, region, of, "aws4_request"] = claim.scope.as_slice() else {
        return Err("the credential's scope is malformed".into());
    };
    if !time.starts_with(date) || *region != key.region || *of != service {
        return Err("the credential should be scoped to a valid date, region and service".into());
    }
    for needed in ["host", "x-amz-date"] {
        if !claim.headers.contains(&needed) {
            return Err(format!("{needed} must be a signed header"));
        }
    }
    let canonical = canonical(signed, &claim.headers)?;
    let scope = claim.scope.join("/");
    let text = format!("AWS4-HMAC-SHA256\n{time}\n{scope}\n{}", sha256(canonical.as_bytes()));
    let secret = format!("AWS4{}", key.secret_access_key);
    let steps = [*date, *region, *of, "aws4_request", &text];
    let signature = steps.into_iter().fold(secret.into_bytes(), |key, step| {
        sign(&Key::new(HMAC_SHA256, &key), step.as_bytes()).as_ref().to_vec()
    });
    match hex(&signature) == claim.signature {
        true => Ok(()),
        false => Err("the request signature we calculated does not match the one provided".into()),
    }
}

fn claim(headers: &HeaderMap) -> Option<Claim<'_>> {
    let value = header(headers, "authorization")?.strip_prefix("AWS4-HMAC-SHA256 ")?;
    let parts: BTreeMap<_, _> =
        value.split(',').filter_map(|part| part.trim().split_once('=')).collect();
    let mut scope = parts.get("Credential")?.split('/');
    Some(Claim {
        access_key_id: scope.next()?,
        scope: scope.collect(),
        headers: parts.get("SignedHeaders")?.split(';').collect(),
        signature: parts.get("Signature")?,
    })
}

/// The request as it is signed. The path is encoded once more, as every service but S3 wants it.
fn canonical(signed: Signed<'_>, names: &[&str]) -> Result<String, String> {
    let (path, query) = signed.path.split_once('?').unwrap_or((signed.path, ""));
    let mut query: Vec<_> = query.split('&').filter(|pair| !pair.is_empty()).collect();
    query.sort_unstable();
    let mut text = format!("POST\n{}\n{}\n", encoded(path), query.join("&"));
    for name in names {
        let value = header(signed.headers, name).ok_or(format!("{name} is signed and missing"))?;
        let value: Vec<_> = value.split_whitespace().collect();
        text.push_str(&format!("{name}:{}\n", value.join(" ")));
    }
    text.push_str(&format!("\n{}\n{}", names.join(";"), sha256(signed.body)));
    Ok(text)
}

fn encoded(path: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte);
    path.bytes().fold(String::new(), |mut text, byte| {
        match plain(byte) {
            true => text.push(char::from(byte)),
            false => text.push_str(&format!("%{byte:02X}")),
        }
        text
    })
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

fn sha256(bytes: &[u8]) -> String {
    hex(digest(&SHA256, bytes).as_ref())
}

/// Whether a time such as `20150830T123600Z` is now, more or less.
fn fresh(time: &str) -> Result<(), String> {
    let now = UNIX_EPOCH.elapsed().map_or(0, |since| since.as_secs());
    let then = seconds(time).ok_or("x-amz-date is malformed")?;
    match now.abs_diff(then) <= SKEW_MAX.as_secs() {
        true => Ok(()),
        false => Err("signature expired".into()),
    }
}

/// Seconds since 1970; days are counted by the civil calendar.
fn seconds(time: &str) -> Option<u64> {
    let number = |from: usize, to: usize| time.get(from..to)?.parse::<u64>().ok();
    let whole = time.len() == 16 && time.get(8..9) == Some("T") && time.ends_with('Z');
    let (year, month, day) = (number(0, 4)?, number(4, 6)?, number(6, 8)?);
    if !whole || year < 1970 || !(1..=12).contains(&month) {
        return None;
    }
    let is_leap = |year: u64| {
        year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
    };
    let mut days = (1970..year).map(|year| if is_leap(year) { 366 } else { 365 }).sum::<u64>();
    let lengths = [31, if is_leap(year) { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    days +=
        lengths.iter().take(usize::try_from(month - 1).ok()?).sum::<u64>() + day.checked_sub(1)?;
    Some(days * 86_400 + number(9, 11)? * 3_600 + number(11, 13)? * 60 + number(13, 15)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read() {
        assert_eq!(seconds("19700101T000000Z"), Some(0));
        assert_eq!(seconds("20150830T123600Z"), Some(1_440_938_160));
        assert_eq!(seconds("20240229T000000Z"), Some(1_709_164_800));
        for wrong in ["2015-08-30", "20151330T123600Z", "", "20150830T123600"] {
            assert_eq!(seconds(wrong), None, "{wrong}");
        }
    }

    /// `post-vanilla` of the test suite that AWS publishes.
    #[test]
    fn the_published_request_is_canonical() {
        let mut headers = HeaderMap::new();
        headers.insert("host", "example.amazonaws.com".parse().unwrap());
        headers.insert("x-amz-date", "20150830T123600Z".parse().unwrap());
        let signed = Signed { path: "/", headers: &headers, body: b"" };
        let text = canonical(signed, &["host", "x-amz-date"]).unwrap();
        assert_eq!(
            text,
            "POST\n/\n\nhost:example.amazonaws.com\nx-amz-date:20150830T123600Z\n\n\
             host;x-amz-date\ne3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
        assert_eq!(
            sha256(text.as_bytes()),
            "553f88c9e4d10fc9e109e2aeb65f030801b70c2f6468faca261d401ae622fc87"
        );
        assert_eq!(encoded("/model/a%3A0/converse"), "/model/a%253A0/converse");
    }
}
