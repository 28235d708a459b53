//! What each input means.

use reqwest::Url;
use secrecy::ExposeSecret;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;

use super::reader::Reader;
use super::{Address, ApiTokenRef, BearerToken, Credentials, Impersonation, USERNAME_PREFIX};
use crate::inputs::{Given, Input};
use crate::secret::Redactor;
use crate::telemetry::LogFormat;

/// The report always has room for an error with its hint.
const SMALLEST_REPORT: f64 = 1024.0;

impl Reader<'_> {
    pub(super) fn report_max_bytes(&mut self) -> Option<usize> {
        self.number(Input::ReportMaxBytes, SMALLEST_REPORT, 1e9).map(|bytes| bytes as usize)
    }

    /// A level, or directives like `info,hyper_util=debug`.
    pub(super) fn log_level(&mut self) -> Targets {
        let level = [Input::LogLevel, Input::RustLog].into_iter().find_map(|input| {
            let text = self.text(input)?.trim();
            // A bare word that isn't a level would be taken for the name of a module.
            let is_meant =
                text.parse::<LevelFilter>().is_ok() || text.contains('=') || input == Input::RustLog;
            let level = text.parse().ok().filter(|_| is_meant);
            if level.is_none() {
                self.complain(input, "must be error, warn, info, debug or trace");
            }
            level
        });
        level.unwrap_or_else(|| Targets::new().with_default(LevelFilter::INFO))
    }

    pub(super) fn log_format(&mut self) -> Option<LogFormat> {
        let text = self.text(Input::LogFormat)?.trim();
        match () {
            () if text.eq_ignore_ascii_case("bunyan") => Some(LogFormat::Bunyan),
            () if text.eq_ignore_ascii_case("pretty") => Some(LogFormat::Pretty),
            () => {
                self.complain(Input::LogFormat, "must be bunyan or pretty");
                None
            }
        }
    }

    /// The qualified name, bare or as Atlan's connection picker hands it over.
    pub(super) fn connection(&mut self) -> Option<String> {
        let input = Input::ConnectionQualifiedName;
        let Some(value) = self.inputs.get(input) else {
            self.missing.push(input.name());
            return None;
        };
        match value {
            Given::List(list) => self.only_name(list),
            _ => {
                let text = self.text(input)?.trim();
                if text.starts_with('[') {
                    match serde_json::from_str::<Vec<Given>>(text) {
                        Ok(list) => self.only_name(&list),
                        Err(_) => {
                            self.complain(input, "starts like a JSON array and isn't one");
                            None
                        }
                    }
                } else {
                    Some(text.to_owned())
                }
            }
        }
    }

    fn only_name(&mut self, list: &[Given]) -> Option<String> {
        let input = Input::ConnectionQualifiedName;
        match list {
            [name @ Given::Text(_)] if !name.is_empty() => {
                let name = self.resolved(input, name)?.expose_secret();
                Some(self.check_plain(input, name)?.trim().to_owned())
            }
            list => {
                self.complain(
                    input,
                    format!("must name exactly one connection; the list has {}", list.len()),
                );
                None
            }
        }
    }

    pub(super) fn api_token(&mut self) -> Option<ApiTokenRef> {
        let choices = [Input::ApiTokenName, Input::ApiTokenGuid, Input::ApiTokenClientId];
        let given: Vec<_> = choices.into_iter().filter(|input| self.inputs.get(*input).is_some()).collect();
        match given[..] {
            [] => {
                self.missing.push("API_TOKEN_NAME (or API_TOKEN_GUID, API_TOKEN_CLIENT_ID)");
                None
            }
            [Input::ApiTokenName] => {
                self.text(Input::ApiTokenName).map(|name| ApiTokenRef::Name(name.to_owned()))
            }
            [Input::ApiTokenGuid] => self.api_token_guid().map(ApiTokenRef::Guid),
            [Input::ApiTokenClientId] => self.api_token_client_id().map(ApiTokenRef::ClientId),
            [first, ..] => {
                let names: Vec<_> = given.iter().map(|input| input.name()).collect();
                self.complain(first, format!("is one of {} given: give exactly one", names.join(", ")));
                None
            }
        }
    }

    fn api_token_guid(&mut self) -> Option<String> {
        let guid = self.text(Input::ApiTokenGuid)?.trim();
        if guid.starts_with("apikey-") || guid.starts_with(USERNAME_PREFIX) {
            self.complain(Input::ApiTokenGuid, "holds a client ID: give it as API_TOKEN_CLIENT_ID");
            return None;
        }
        Some(guid.to_owned())
    }

    fn api_token_client_id(&mut self) -> Option<String> {
        let text = self.text(Input::ApiTokenClientId)?.trim();
        let client_id = text.strip_prefix(USERNAME_PREFIX).unwrap_or(text);
        if client_id.is_empty() || uuid::Uuid::try_parse(client_id).is_ok() {
            self.complain(
                Input::ApiTokenClientId,
                "must start with apikey-; if this is the token's GUID, give it as API_TOKEN_GUID",
            );
            return None;
        }
        Some(client_id.to_owned())
    }

    pub(super) fn address(&mut self) -> Option<Address> {
        if self.inputs.get(Input::AtlanBaseUrl).is_none() {
            self.missing.push(Input::AtlanBaseUrl.name());
        }
        let text = self.text(Input::AtlanBaseUrl)?;
        Address::parse(text).map_err(|what| self.complain(Input::AtlanBaseUrl, what)).ok()
    }

    /// The user's bearer token, or what is needed to get one from Keycloak.
    pub(super) fn credentials(
        &mut self,
        address: Option<&Address>,
        redactor: &Redactor,
    ) -> Option<Credentials> {
        let bearer_inputs = [Input::UserBearerToken, Input::UserBearerTokenFile, Input::AtlanApiKey];
        let given = bearer_inputs.into_iter().find(|input| self.inputs.get(*input).is_some());
        // A secret that isn't used in the end must not be printed either.
        for input in bearer_inputs.into_iter().chain([Input::ClientSecret]) {
            if let Some(Given::Text(text)) = self.inputs.get(input) {
                redactor.hide(&text.expose_secret().trim().into());
            }
        }
        let Some(input) = given else {
            if let Some(keycloak) = address.and_then(Address::keycloak) {
                return self.impersonation(keycloak, redactor).map(Credentials::Impersonation);
            }
            self.missing.push("USER_BEARER_TOKEN (or USER_BEARER_TOKEN_FILE, ATLAN_API_KEY)");
            return None;
        };
        let text = match input {
            Input::UserBearerTokenFile => self.file(input)?,
            _ => self.secret(input)?.clone(),
        };
        match BearerToken::parse(text.expose_secret()) {
            Ok(token) => {
                redactor.hide(token.secret());
                Some(Credentials::Bearer(token))
            }
            Err(what) => {
                self.complain(input, what);
                None
            }
        }
    }

    /// Never without a user: the workflow's own token may do more than the user may.
    fn impersonation(&mut self, keycloak: Url, redactor: &Redactor) -> Option<Impersonation> {
        let user_id = self.text(Input::AtlanUserId).map(|id| id.trim().to_owned());
        if self.inputs.get(Input::AtlanUserId).is_none() {
            self.missing
                .push("USER_BEARER_TOKEN, or ATLAN_USER_ID for acting as the user who runs the workflow");
        }
        let client_id = self.word_or_file(Input::ClientId, Input::ClientIdFile);
        let client_secret = self.word_or_file(Input::ClientSecret, Input::ClientSecretFile);
        for (value, file) in
            [(Input::ClientId, Input::ClientIdFile), (Input::ClientSecret, Input::ClientSecretFile)]
        {
            if self.inputs.get(value).or(self.inputs.get(file)).is_none() {
                self.missing.push(value.name());
            }
        }
        redactor.hide(client_secret.as_ref()?);
        Some(Impersonation {
            keycloak,
            user_id: user_id?,
            client_id: client_id?,
            client_secret: client_secret?,
        })
    }

    /// The values of the agent headers, if this runs in a workflow.
    pub(super) fn agent(&mut self) -> Option<[String; 4]> {
        let inputs = [
            Input::XAtlanAgent,
            Input::XAtlanAgentId,
            Input::XAtlanAgentPackageName,
            Input::XAtlanAgentWorkflowId,
        ];
        let values = inputs.map(|input| {
            let text = self.text(input).unwrap_or_default().trim();
            if !text.is_ascii() {
                self.complain(input, "has a non-ASCII character in it");
            }
            text.to_owned()
        });
        values[0].eq_ignore_ascii_case("workflow").then_some(values)
    }
}
