//! The settings in force, each with where it comes from.

use axum::Json;
use policy::Operation;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    desk::Desk,
    error::{Error, Refusal},
};

/// The settings of this process.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct SettingList {
    /// Every setting, section by section.
    pub settings: Vec<SettingView>,
}

/// One setting.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct SettingView {
    /// Its path, such as `gateway.listen`.
    pub key: String,
    /// Its value as TOML; absent where it is not set. What may be a secret is `(set)`.
    pub value: Option<String>,
    /// `default`, a file with its line, or the name of an environment variable.
    pub origin: String,
    /// What it is for.
    pub help: String,
}

/// Shows the settings in force.
#[utoipa::path(
    get, path = "/api/v1/settings", tag = "overview",
    responses((status = 200, body = SettingList), (status = "4XX", body = Refusal))
)]
pub(crate) async fn show(desk: Desk) -> Result<Json<SettingList>, Error> {
    let act = desk.permit(Operation::SettingsShow, "").await?;
    let view = |one: &config::settings::InForce| SettingView {
        key: one.key.clone(),
        value: one.value.clone(),
        origin: one.origin.clone(),
        help: one.help.to_owned(),
    };
    let settings = act.control().settings.in_force.0.iter().map(view).collect();
    Ok(Json(SettingList { settings }))
}
