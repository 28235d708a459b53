//! The asset and its lists, at Atlas: one call to read them and one to write one of them.

use std::collections::HashMap;

use reqwest::Method;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::explain::Request;
use super::lenient::{lenient, shown, time};
use super::snapshot::Snapshot;
use super::user_list::{FreshList, Trouble, UserList, Written};
use super::{CallError, Tenant};
use crate::budget::Budget;
use crate::config::{Role, Target};
use crate::error::Failure;
use crate::http::{Answer, Call, Service};

/// The answer to the read.
#[derive(Deserialize)]
struct EntityAnswer {
    entity: Entity,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entity {
    type_name: Option<String>,
    #[serde(default, deserialize_with = "shown")]
    guid: Option<String>,
    status: Option<String>,
    #[serde(default, deserialize_with = "time")]
    create_time: Option<i64>,
    #[serde(default, deserialize_with = "time")]
    update_time: Option<i64>,
    attributes: Attributes,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Attributes {
    qualified_name: String,
    #[serde(default, deserialize_with = "shown")]
    name: Option<String>,
    admin_users: Option<UserList>,
    #[serde(default, deserialize_with = "lenient")]
    admin_groups: Option<Vec<IgnoredAny>>,
    #[serde(default, deserialize_with = "lenient")]
    admin_roles: Option<Vec<IgnoredAny>>,
    viewer_users: Option<UserList>,
}

impl Entity {
    /// The asset, if it is the one that was asked for.
    fn into_snapshot(self, target: &Target, asked_at: Instant) -> Result<Snapshot, String> {
        let Attributes { qualified_name, name, admin_users, admin_groups, admin_roles, viewer_users } =
            self.attributes;
        let noun = target.role.noun();
        if self.type_name.is_some_and(|name| name != target.role.type_name()) {
            return Err(format!("it returns an asset that isn't a {noun}"));
        }
        if qualified_name != target.qualified_name.as_str() {
            return Err(format!("it returns a {noun} of another qualified name"));
        }
        let has_none = |list: &Option<Vec<IgnoredAny>>| list.as_ref().is_none_or(Vec::is_empty);
        let (admins, viewers) = (admin_users.unwrap_or_default(), viewer_users.unwrap_or_default());
        if admins.names().is_empty() && has_none(&admin_groups) && has_none(&admin_roles) {
            // Atlas never lets this be (ATLAS-400-00-114), so the answer isn't whole.
            return Err(format!("the {noun} it returns has no admins at all: no users, no groups, no roles"));
        }
        let (users, editors) = match target.role {
            Role::ConnectionAdmin | Role::Editor => (admins, UserList::default()),
            Role::Viewer => (viewers, admins),
        };
        Ok(Snapshot {
            target: target.clone(),
            guid: self.guid,
            name,
            users,
            editors,
            is_archived: self.status.is_some_and(|status| status != "ACTIVE"),
            asked_at,
            read_at: Instant::now(),
            created_ms: self.create_time,
            updated_ms: self.update_time,
        })
    }
}

/// The body of the write, a partial update: what isn't in it stays as it is. Lists that were here and
/// empty would be emptied. Without the qualified name Atlas refuses it, although the URL has it too.
#[derive(Serialize)]
struct Update<'a> {
    entity: UpdatedEntity<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct UpdatedEntity<'a> {
    type_name: &'static str,
    attributes: UpdatedAttributes<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct UpdatedAttributes<'a> {
    qualified_name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    admin_users: Option<&'a FreshList>,
    #[serde(skip_serializing_if = "Option::is_none")]
    viewer_users: Option<&'a FreshList>,
}

/// Any object: what the answer to the write says of the change proves nothing.
type AnyObject = HashMap<String, IgnoredAny>;

impl Tenant {
    /// The asset, archived or not, read from the graph itself.
    ///
    /// # Errors
    ///
    /// What is wrong with it, once there is nothing to wait for any more.
    pub(crate) async fn read_asset(
        &mut self,
        request: Request,
        budget: &Budget,
    ) -> Result<Snapshot, Failure> {
        let query = [
            ("attr:qualifiedName", self.target.qualified_name.as_str()),
            ("minExtInfo", "true"),
            ("ignoreRelationships", "true"),
        ];
        let call = self.atlas(Method::GET).query(&query);
        let read = self.ask(&call, budget).await.and_then(|answer| self.parse_asset(&answer));
        let snapshot = read.map_err(|error| self.explain(error, request))?;
        self.last_read = Some(snapshot.clone());
        Ok(snapshot)
    }

    fn parse_asset(&self, answer: &Answer) -> Result<Snapshot, CallError> {
        let entity = self.http.parse::<EntityAnswer>(answer)?.entity;
        entity.into_snapshot(&self.target, answer.asked_at).map_err(|what| answer.unfit(what))
    }

    /// A call of Atlas's on an asset of this kind.
    fn atlas(&self, method: Method) -> Call {
        let path = format!("entity/uniqueAttribute/type/{}", self.target.role.type_name());
        Call::new(method, Service::Atlas, &self.services.atlas, &path)
    }

    /// Replaces the whole list of users, once, without a second try.
    pub(crate) async fn write_list(&mut self, list: FreshList, budget: &Budget) -> Written {
        match self.replace_list(list, budget).await {
            Ok(()) => Written::Accepted,
            Err(error) => self.judge_the_write(error, budget).await,
        }
    }

    /// Replaces the list. An error says nothing yet of what came of it.
    async fn replace_list(&mut self, list: FreshList, budget: &Budget) -> Result<(), CallError> {
        let qualified_name = self.target.qualified_name.as_str();
        let (admin_users, viewer_users) = match self.target.role {
            Role::ConnectionAdmin | Role::Editor => (Some(&list), None),
            Role::Viewer => (None, Some(&list)),
        };
        let attributes = UpdatedAttributes { qualified_name, admin_users, viewer_users };
        let entity = UpdatedEntity { type_name: self.target.role.type_name(), attributes };
        #[allow(clippy::expect_used, reason = "strings always serialise, and a Vec takes every byte")]
        let body = serde_json::to_vec(&Update { entity }).expect("JSON of strings");
        let query = [("attr:qualifiedName", qualified_name)];
        let call = self.atlas(Method::PUT).query(&query).json(body).not_after(list.not_after());
        let answer = self.http.send(&call, self.session.bearer.clone(), budget).await?;
        self.http.parse::<AnyObject>(&answer)?;
        Ok(())
    }

    /// What a failed write was, and when another may be made.
    async fn judge_the_write(&mut self, error: CallError, budget: &Budget) -> Written {
        let renewed = self.renew_after(&error, budget).await;
        let young_until = self.right_is_young_until();
        let again = match &renewed {
            Ok(None) => self.writes.after(&error, young_until, budget),
            Ok(pause) => *pause,
            Err(_) => None,
        };
        let may_have_been_carried_out = error.may_have_been_carried_out();
        let what = error.to_string();
        let failure = self.explain(renewed.err().unwrap_or(error), Request::Write);
        let trouble = Trouble { what, failure, again };
        if may_have_been_carried_out { Written::Doubtful(trouble) } else { Written::NotCarriedOut(trouble) }
    }
}

/// What an answer is read as.
#[cfg(test)]
pub(super) fn read(body: &[u8], target: &Target) -> Result<Snapshot, String> {
    let answer: EntityAnswer = crate::http::parse(body, &crate::text::redact::Redactor::default())?;
    answer.entity.into_snapshot(target, Instant::now())
}
