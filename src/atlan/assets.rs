//! The asset and its lists, at Atlas: one call to read them and one to write one of them.

use std::collections::HashMap;

use reqwest::Method;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::lenient::{lenient, shown, time};
use super::snapshot::Snapshot;
use super::user_list::{FreshList, Trouble, UserList, Written};
use super::{CallError, Tenant};
use crate::budget::Budget;
use crate::config::{Role, Target};
use crate::error::{Failure, Step};
use crate::http::{Call, Service};

/// The answer to the read.
#[derive(Deserialize)]
pub(super) struct EntityAnswer {
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

impl EntityAnswer {
    /// The asset, if it is the one that was asked for.
    pub(super) fn into_snapshot(self, target: &Target, asked_at: Instant) -> Result<Snapshot, String> {
        let Entity { type_name, guid, status, create_time, update_time, attributes } = self.entity;
        let noun = target.role.noun();
        if type_name.is_some_and(|name| name != target.role.type_name()) {
            return Err(format!("it returns an asset that isn't a {noun}"));
        }
        if attributes.qualified_name != target.qualified_name.as_str() {
            return Err(format!("it returns a {noun} of another qualified name"));
        }
        let (admins, viewers) = (attributes.admin_users.unwrap_or_default(), attributes.viewer_users);
        let others = [attributes.admin_groups, attributes.admin_roles];
        if admins.names().is_empty() && others.iter().flatten().all(Vec::is_empty) {
            // Atlas never lets this be (ATLAS-400-00-114), so the answer isn't whole.
            return Err(format!("the {noun} it returns has no admins at all: no users, no groups, no roles"));
        }
        let (users, editors) = match target.role {
            Role::ConnectionAdmin | Role::Editor => (admins, UserList::default()),
            Role::Viewer => (viewers.unwrap_or_default(), admins),
        };
        Ok(Snapshot {
            target: target.clone(),
            guid,
            name: attributes.name,
            users,
            editors,
            is_archived: status.is_some_and(|status| status != "ACTIVE"),
            asked_at,
            read_at: Instant::now(),
            created_ms: create_time,
            updated_ms: update_time,
        })
    }
}

/// What the write changes, a partial update: what isn't in it stays as it is. Lists that were here and
/// empty would be emptied. Without the qualified name Atlas refuses it, although the URL has it too.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Update<'a> {
    type_name: &'static str,
    attributes: UpdatedAttributes<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct UpdatedAttributes<'a> {
    qualified_name: &'a str,
    #[serde(flatten)]
    list: HashMap<&'static str, FreshList>,
}

impl Tenant {
    /// The asset, archived or not, read from the graph itself.
    ///
    /// # Errors
    ///
    /// What is wrong with it, once there is nothing to wait for any more.
    pub(crate) async fn read_asset(&mut self, step: Step, budget: &Budget) -> Result<Snapshot, Failure> {
        let query = [
            ("attr:qualifiedName", self.target.qualified_name.as_str()),
            ("minExtInfo", "true"),
            ("ignoreRelationships", "true"),
        ];
        let call = self.atlas(Method::GET).query(&query);
        let read = self.ask(&call, budget).await.and_then(|answer| {
            let found: EntityAnswer = self.http.parse(&answer)?;
            found.into_snapshot(&self.target, answer.asked_at).map_err(|what| answer.unfit(what))
        });
        let snapshot = read.map_err(|error| self.explain(error, step))?;
        self.last_read = Some(snapshot.clone());
        Ok(snapshot)
    }

    /// A call of Atlas's on an asset of this kind.
    fn atlas(&self, method: Method) -> Call {
        let path = format!("entity/uniqueAttribute/type/{}", self.target.role.type_name());
        Call::new(method, Service::Atlas, &self.services.atlas, &path)
    }

    /// Replaces the whole list of users, once, without a second try.
    pub(crate) async fn write_list(&mut self, list: FreshList, budget: &Budget) -> Written {
        let Err(error) = self.replace_list(list, budget).await else { return Written::Accepted };
        let (is_doubtful, what) = (error.may_have_been_carried_out(), error.to_string());
        self.writes.young_until = self.right_is_young_until();
        let again = self.session.pause_after(&error, &mut self.writes, &self.http, budget).await;
        let (again, error) = again.map_or_else(|other| (None, other), |again| (again, error));
        let trouble = Trouble { what, failure: self.explain(error, Step::AppendAndUpdate), again };
        if is_doubtful { Written::Doubtful(trouble) } else { Written::NotCarriedOut(trouble) }
    }

    /// Replaces the list. An error says nothing yet of what came of it.
    async fn replace_list(&mut self, list: FreshList, budget: &Budget) -> Result<(), CallError> {
        let qualified_name = self.target.qualified_name.as_str();
        let (type_name, not_after) = (self.target.role.type_name(), list.not_after());
        let list = HashMap::from([(self.target.role.list(), list)]);
        let entity = Update { type_name, attributes: UpdatedAttributes { qualified_name, list } };
        #[allow(clippy::expect_used, reason = "strings always serialise, and a Vec takes every byte")]
        let body = serde_json::to_vec(&HashMap::from([("entity", entity)])).expect("JSON of strings");
        let query = [("attr:qualifiedName", qualified_name)];
        let call = self.atlas(Method::PUT).query(&query).json(body, Some(not_after));
        let answer = self.http.send(&call, self.session.bearer.clone(), budget).await?;
        // Any object: what it says of the change proves nothing.
        self.http.parse::<HashMap<String, IgnoredAny>>(&answer).map(drop)
    }
}
