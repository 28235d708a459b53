//! The two ways to write an asset.

use std::collections::HashSet;

use serde_json::{Map, Value, json};

use super::lists::{self, Lists};
use super::{find, forbidden, parse};
use crate::answer::Answer;
use crate::asset::{Asset, Kind};
use crate::rights::{Right, Role, right};
use crate::{Request, World};

/// Stands for the GUID of an entity that has none yet.
const NO_GUID: &str = "-1";

/// `PUT entity/uniqueAttribute/type/…`: changes what the body names, and can't create.
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
    let name = text(&attributes, "name");
    let asset = &world.assets(kind)[place];
    if is_unchanged(asset, &lists, name) {
        world.assets_mut(kind)[place].writes += 1;
        return Ok(Answer::json(200, json!({ "guidAssignments": {} })));
    }
    let lists = lists::check(world, asset, lists)?;
    replace(world, kind, place, lists, name, user);
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

/// `POST entity/bulk`: finds an asset by its GUID or else by its qualified name, and creates what it
/// doesn't find, if no GUID of an existing one was given.
pub(super) fn save(world: &mut World, request: &Request, user: &str) -> Result<Answer, Answer> {
    let body = parse(&request.body)?;
    let mut mutated = Map::new();
    let mut assignments = Map::new();
    for entity in body["entities"].as_array().into_iter().flatten().filter_map(Value::as_object) {
        let (operation, asset) = save_one(world, entity, user)?;
        let guid = text(entity, "guid").unwrap_or(NO_GUID);
        assignments.insert(guid.to_owned(), asset.guid.clone().into());
        if let Some(operation) = operation {
            let list = mutated.entry(operation).or_insert_with(|| json!([]));
            list.as_array_mut().expect("it was made as a list").push(asset.header());
        }
    }
    let mut answer = json!({ "guidAssignments": assignments });
    if !mutated.is_empty() {
        answer["mutatedEntities"] = mutated.into();
    }
    Ok(Answer::json(200, answer))
}

/// What was done, if anything, to which asset.
fn save_one<'a>(
    world: &'a mut World,
    entity: &Map<String, Value>,
    user: &str,
) -> Result<(Option<&'static str>, &'a Asset), Answer> {
    let type_name = text(entity, "typeName").unwrap_or_default();
    let kind = Kind::of(type_name).ok_or_else(|| {
        Answer::atlas(404, "ATLAS-404-00-001", &format!("Given typename {type_name} was invalid"))
    })?;
    let guid = text(entity, "guid").unwrap_or(NO_GUID);
    let attributes = &attributes(entity);
    let qualified_name = text(attributes, "qualifiedName");
    let assets = world.assets(kind);
    let place = assets
        .iter()
        .position(|asset| asset.guid == guid)
        .or_else(|| assets.iter().position(|asset| Some(asset.qualified_name.as_str()) == qualified_name));
    if place.is_none() && !guid.starts_with('-') {
        let message = format!("Referenced entity {guid} is not found");
        return Err(Answer::atlas(404, "ATLAS-404-00-00A", &message));
    }
    let qualified_name = qualified_name.ok_or_else(|| missing(kind, "qualifiedName"))?;
    let name = text(attributes, "name").ok_or_else(|| missing(kind, "name"))?;
    let lists = lists::named(kind, attributes);
    let Some(place) = place else {
        if world.role(user) != Role::Admin {
            return Err(forbidden(user, &format!("create entity: type={type_name}")));
        }
        let made = world.add_young(kind, qualified_name, name, user);
        for (list, names) in lists {
            made.list_mut(list).extend(names.into_iter().filter(|name| name != user));
        }
        return Ok((Some("CREATE"), made));
    };
    let asset = &world.assets(kind)[place];
    if is_unchanged(asset, &lists, Some(name)) {
        world.assets_mut(kind)[place].writes += 1;
        return Ok((None, &world.assets(kind)[place]));
    }
    if right(world, asset, user) < Right::Write {
        return Err(forbidden(user, &format!("update entity: type={type_name}")));
    }
    let lists = lists::check(world, asset, lists)?;
    replace(world, kind, place, lists, Some(name), user);
    Ok((Some("UPDATE"), &world.assets(kind)[place]))
}

fn attributes(entity: &Map<String, Value>) -> Map<String, Value> {
    entity.get("attributes").and_then(Value::as_object).cloned().unwrap_or_default()
}

fn text<'a>(object: &'a Map<String, Value>, key: &str) -> Option<&'a str> {
    object.get(key).and_then(Value::as_str).filter(|text| !text.is_empty())
}

/// The same names in another order are a change.
fn is_unchanged(asset: &Asset, lists: &Lists, name: Option<&str>) -> bool {
    name.is_none_or(|name| name == asset.name) && lists.iter().all(|(list, names)| asset.list(list) == names)
}

/// Replaces the lists, each of which is a set.
fn replace(world: &mut World, kind: Kind, place: usize, lists: Lists, name: Option<&str>, user: &str) {
    let now = world.now();
    let asset = &mut world.assets_mut(kind)[place];
    for (list, names) in lists {
        let mut known = HashSet::new();
        *asset.list_mut(list) = names.into_iter().filter(|name| known.insert(name.clone())).collect();
    }
    if let Some(name) = name {
        name.clone_into(&mut asset.name);
    }
    user.clone_into(&mut asset.updated_by);
    asset.update_time = now.max(asset.update_time + 1);
    asset.writes += 1;
}

fn missing(kind: Kind, attribute: &str) -> Answer {
    let message = format!(
        "Invalid instance creation/updation parameters passed : {}.{attribute}: mandatory attribute value \
         missing in type Asset",
        kind.type_name()
    );
    Answer::atlas(404, "ATLAS-404-00-007", &message)
}
