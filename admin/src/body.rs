//! JSON bodies, with refusals in our own form.

use std::time::Duration;

use axum::{
    Json,
    body::Bytes,
    extract::{
        DefaultBodyLimit, FromRequest, FromRequestParts, OptionalFromRequest, Query, Request,
        rejection::JsonRejection,
    },
    http::{StatusCode, request::Parts},
};
use serde::de::DeserializeOwned;
use tokio::time::timeout;

use crate::{control::BODY_BYTES_MAX, error::Error};

/// A JSON body.
pub(crate) struct Body<T>(pub(crate) T);

/// The whole body of a sender who is not known yet: short, and soon.
pub(crate) async fn of_stranger(request: Request, bytes_max: usize) -> Result<Bytes, Error> {
    let mut request = request;
    DefaultBodyLimit::max(bytes_max).apply(&mut request);
    match timeout(STRANGER_TIME, Bytes::from_request(request, &())).await {
        Ok(Ok(body)) => Ok(body),
        Ok(Err(error)) if error.status() == StatusCode::PAYLOAD_TOO_LARGE => {
            Err(Error::TooLarge(bytes_max))
        }
        Ok(Err(_)) | Err(_) => {
            Err(Error::invalid("the body ended early or took too long", "send it again"))
        }
    }
}

/// How long the body of a stranger may take to arrive.
const STRANGER_TIME: Duration = Duration::from_secs(10);

/// The part of an address after `?`.
pub(crate) struct Ask<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Error;

    async fn from_request(request: Request, state: &S) -> Result<Self, Error> {
        match <Json<T> as FromRequest<S>>::from_request(request, state).await {
            Ok(Json(value)) => Ok(Self(value)),
            Err(rejection) => Err(told(&rejection)),
        }
    }
}

fn told(rejection: &JsonRejection) -> Error {
    if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
        return Error::TooLarge(BODY_BYTES_MAX);
    }
    let fix = "send a JSON object with `content-type: application/json`; \
               GET /api/v1/openapi.json shows the fields";
    Error::invalid(rejection.body_text(), fix)
}

/// A body that may be left out.
impl<T: DeserializeOwned, S: Send + Sync> OptionalFromRequest<S> for Body<T> {
    type Rejection = Error;

    async fn from_request(request: Request, state: &S) -> Result<Option<Self>, Error> {
        match <Json<T> as OptionalFromRequest<S>>::from_request(request, state).await {
            Ok(value) => Ok(value.map(|Json(value)| Self(value))),
            Err(rejection) => Err(told(&rejection)),
        }
    }
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Ask<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        match Query::from_request_parts(parts, state).await {
            Ok(Query(value)) => Ok(Self(value)),
            Err(rejection) => {
                let fix = "GET /api/v1/openapi.json shows the parameters";
                Err(Error::invalid(rejection.body_text(), fix))
            }
        }
    }
}
