//! `PUT entity/uniqueAttribute/type/…`: changes what the body names, and can't create.

use std::collections::HashSet;

use serde_json::{Value, json};

use super::{find, forbidden, lists};
use crate::answer::Answer;
use crate::asset::Kind;
use crate::rights::{Right, right};
use crate::{Request, World};

pub(super) fn update(world: &mut World, kind: Kind, request: &Request, user: &str) -> Result<Answer, Answer> {
    let body: Value = serde_json::from_str(&request.body)
        .map_err(|error| Answer::json(400, json!({ "error": error.to_string() })))?;
    let attributes = body["entity"]["attributes"].as_object().cloned().unwrap_or_default();
    let place = find(&world.assets, kind, request.query("attr:qualifiedName"))?;
    // The right is that to the asset which the body names: without a qualified name it names none.
    let named = attributes.get("qualifiedName").and_then(Value::as_str);
    let judged = world.assets.iter().find(|asset| Some(asset.qualified_name.as_str()) == named);
    if judged.is_none_or(|asset| right(world, asset, user) < Right::Write) {
        return Err(forbidden(user, "update entity ByUniqueAttributes"));
    }
    let lists = lists::named(kind, &attributes);
    // The same names in another order are a change.
    if lists.iter().all(|(list, names)| world.assets[place].list(list) == names) {
        world.assets[place].writes += 1;
        return Ok(Answer::json(200, json!({ "guidAssignments": {} })));
    }
    let lists = lists::check(world, &world.assets[place], lists)?;
    let now = world.now();
    let asset = &mut world.assets[place];
    asset.writes += 1;
    for (list, names) in lists {
        // Each is a set.
        let mut known = HashSet::new();
        *asset.list_mut(list) = names.into_iter().filter(|name| known.insert(name.clone())).collect();
    }
    asset.update_time = now.max(asset.update_time + 1);
    // An archived asset is changed without being named in the answer.
    let updated: Vec<Value> = asset.active.then(|| asset.header()).into_iter().collect();
    let mutated = json!({ "PARTIAL_UPDATE": updated });
    Ok(Answer::json(
        200,
        json!({ "mutatedEntities": mutated, "partialUpdatedEntities": updated, "guidAssignments": {} }),
    ))
}
