//! `PUT entity/uniqueAttribute/type/…`: changes what the body names, and can't create.

use std::collections::HashSet;

use serde_json::{Map, Value, json};

use super::lists::{self, Lists};
use super::{find, forbidden, parse};
use crate::answer::Answer;
use crate::asset::{Asset, Kind};
use crate::rights::{Right, right};
use crate::{Request, World};

pub(super) fn update(world: &mut World, kind: Kind, request: &Request, user: &str) -> Result<Answer, Answer> {
    let body = parse(&request.body)?;
    let Some(entity) = body.get("entity").and_then(Value::as_object) else {
        return Err(Answer::atlas(400, "ATLAS-400-00-01A", "invalid parameters: no entity to update."));
    };
    let place = find(world.assets(kind), kind, request.query("attr:qualifiedName"))?;
    let attributes = attributes(entity);
    // The right is that to the asset which the body names: without a qualified name it names none.
    let named = text(&attributes, "qualifiedName");
    let judged = world.assets(kind).iter().find(|asset| Some(asset.qualified_name.as_str()) == named);
    if judged.is_none_or(|asset| right(world, asset, user) < Right::Write) {
        return Err(forbidden(user, "update entity ByUniqueAttributes"));
    }
    let lists = lists::named(kind, &attributes);
    let asset = &world.assets(kind)[place];
    if is_unchanged(asset, &lists) {
        world.assets_mut(kind)[place].writes += 1;
        return Ok(Answer::json(200, json!({ "guidAssignments": {} })));
    }
    let lists = lists::check(world, asset, lists)?;
    replace(world, kind, place, lists);
    let asset = &world.assets(kind)[place];
    // An archived asset is changed without being named in the answer.
    let updated: Vec<Value> = asset.active.then(|| asset.header()).into_iter().collect();
    let body = json!({
        "mutatedEntities": { "PARTIAL_UPDATE": updated },
        "partialUpdatedEntities": updated,
        "guidAssignments": {},
    });
    Ok(Answer::json(200, body))
}

fn attributes(entity: &Map<String, Value>) -> Map<String, Value> {
    entity.get("attributes").and_then(Value::as_object).cloned().unwrap_or_default()
}

fn text<'a>(object: &'a Map<String, Value>, key: &str) -> Option<&'a str> {
    object.get(key).and_then(Value::as_str).filter(|text| !text.is_empty())
}

/// The same names in another order are a change.
fn is_unchanged(asset: &Asset, lists: &Lists) -> bool {
    lists.iter().all(|(list, names)| asset.list(list) == names)
}

/// Replaces the lists, each of which is a set.
fn replace(world: &mut World, kind: Kind, place: usize, lists: Lists) {
    let now = world.now();
    let asset = &mut world.assets_mut(kind)[place];
    for (list, names) in lists {
        let mut known = HashSet::new();
        *asset.list_mut(list) = names.into_iter().filter(|name| known.insert(name.clone())).collect();
    }
    asset.update_time = now.max(asset.update_time + 1);
    asset.writes += 1;
}
