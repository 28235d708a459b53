//! Atlas: reading an asset and writing it.

use serde_json::{Map, Value, json};

use crate::answer::Answer;
use crate::asset::{Asset, Kind};
use crate::{Request, Stage, World};

/// Of which type the asset is that a path names by its qualified name.
pub(crate) fn kind(path: &str) -> Option<Kind> {
    [Kind::Connection]
        .into_iter()
        .find(|kind| path.ends_with(&format!("/entity/uniqueAttribute/type/{}", kind.type_name())))
}

/// Carries out a request that is Atlas's.
pub(crate) fn answer(world: &mut World, request: &Request, user: &str) -> Answer {
    let kind = kind(request.path.trim_end_matches('/'));
    let done = match (request.stage, kind) {
        (Stage::Read | Stage::ReadBack, Some(kind)) => {
            read(world, kind, request.query("attr:qualifiedName"), user)
        }
        (Stage::Write, Some(kind)) => update(world, kind, request, user),
        _ => save(world, request, user),
    };
    done.unwrap_or_else(|refusal| refusal)
}

fn read(world: &World, kind: Kind, qualified_name: &str, user: &str) -> Result<Answer, Answer> {
    let place = find(world, kind, qualified_name)?;
    let found = &world.connections[place];
    if found.hidden_from.as_deref() == Some(user) {
        let what = format!(
            "read entity: typeName={}, uniqueAttributes={{qualifiedName={qualified_name}}}",
            kind.type_name()
        );
        return Err(forbidden(user, &what));
    }
    Ok(Answer::json(200, found.entity()))
}

/// `PUT entity/uniqueAttribute/type/…`: changes what the body names, and can't create.
fn update(world: &mut World, kind: Kind, request: &Request, user: &str) -> Result<Answer, Answer> {
    let body = parse(&request.body)?;
    let Some(entity) = body.get("entity").and_then(Value::as_object) else {
        return Err(Answer::atlas(400, "ATLAS-400-00-01A", "invalid parameters: no entity to update."));
    };
    let place = find(world, kind, request.query("attr:qualifiedName"))?;
    let attributes = attributes(entity);
    // The right is that to the asset which the body names; a body without a name names none.
    let named = attributes.get("qualifiedName").and_then(Value::as_str).unwrap_or_default();
    let judged = world.connections.iter().find(|asset| asset.qualified_name == named);
    if !judged.is_some_and(|asset| may_write(asset, user)) {
        return Err(forbidden(user, "update entity ByUniqueAttributes"));
    }
    let lists = lists(kind, &attributes);
    let asset = &world.connections[place];
    let name = attributes.get("name").and_then(Value::as_str);
    if is_unchanged(asset, &lists, name) {
        world.connections[place].writes += 1;
        return Ok(Answer::json(200, json!({ "guidAssignments": {} })));
    }
    check(world, asset, &lists)?;
    write(world, place, lists, name, user);
    let asset = &world.connections[place];
    // An archived asset is changed without being named in the answer.
    let updated: Vec<Value> = asset.active.then(|| asset.header()).into_iter().collect();
    let body = json!({
        "mutatedEntities": { "PARTIAL_UPDATE": updated },
        "partialUpdatedEntities": updated,
        "guidAssignments": {},
    });
    Ok(Answer::json(200, body))
}

/// `POST entity/bulk`: finds the asset by its GUID or else by its qualified name, and creates what
/// it doesn't find, if no GUID was given.
fn save(world: &mut World, request: &Request, user: &str) -> Result<Answer, Answer> {
    let body = parse(&request.body)?;
    let mut mutated = Map::new();
    let mut assignments = Map::new();
    for entity in body["entities"].as_array().into_iter().flatten().filter_map(Value::as_object) {
        let guid = entity.get("guid").and_then(Value::as_str).unwrap_or("-1");
        let (operation, asset) = save_one(world, guid, &attributes(entity), user)?;
        assignments.insert(guid.to_owned(), asset.guid.clone().into());
        if let Some(operation) = operation {
            let list = mutated.entry(operation).or_insert_with(|| json!([]));
            list.as_array_mut().expect("a list").push(asset.header());
        }
    }
    let mut answer = json!({ "guidAssignments": assignments });
    if !mutated.is_empty() {
        answer["mutatedEntities"] = mutated.into();
    }
    Ok(Answer::json(200, answer))
}

/// What was done to which asset.
fn save_one<'a>(
    world: &'a mut World,
    guid: &str,
    attributes: &Map<String, Value>,
    user: &str,
) -> Result<(Option<&'static str>, &'a Asset), Answer> {
    let qualified_name = attributes.get("qualifiedName").and_then(Value::as_str).unwrap_or_default();
    let assets = &world.connections;
    let place = assets
        .iter()
        .position(|asset| asset.guid == guid)
        .or_else(|| assets.iter().position(|asset| asset.qualified_name == qualified_name));
    if place.is_none() && !guid.starts_with('-') {
        let message = format!("Referenced entity {guid} is not found");
        return Err(Answer::atlas(404, "ATLAS-404-00-00A", &message));
    }
    for mandatory in ["qualifiedName", "name"] {
        if attributes.get(mandatory).and_then(Value::as_str).is_none_or(str::is_empty) {
            return Err(missing(mandatory));
        }
    }
    let name = attributes.get("name").and_then(Value::as_str);
    let lists = lists(Kind::Connection, attributes);
    let Some(place) = place else {
        let made = world.add_young(qualified_name, name.unwrap_or_default(), user);
        for (list, names) in lists {
            made.list_mut(list).extend(names.into_iter().filter(|name| name != user));
        }
        return Ok((Some("CREATE"), made));
    };
    let asset = &world.connections[place];
    if is_unchanged(asset, &lists, name) {
        world.connections[place].writes += 1;
        return Ok((None, &world.connections[place]));
    }
    if !may_write(asset, user) {
        return Err(forbidden(user, &format!("update entity: type={}", asset.kind.type_name())));
    }
    check(world, asset, &lists)?;
    write(world, place, lists, name, user);
    Ok((Some("UPDATE"), &world.connections[place]))
}

fn find(world: &World, kind: Kind, qualified_name: &str) -> Result<usize, Answer> {
    let place = world.connections.iter().position(|asset| asset.qualified_name == qualified_name);
    place.ok_or_else(|| {
        let message = format!(
            "Instance {} with unique attribute {{qualifiedName={qualified_name}}} does not exist",
            kind.type_name()
        );
        Answer::atlas(404, "ATLAS-404-00-009", &message)
    })
}

fn may_write(asset: &Asset, user: &str) -> bool {
    asset.list("adminUsers").iter().any(|admin| admin == user)
}

fn parse(body: &str) -> Result<Value, Answer> {
    serde_json::from_str(body).map_err(|error| Answer::json(400, json!({ "error": error.to_string() })))
}

fn attributes(entity: &Map<String, Value>) -> Map<String, Value> {
    entity.get("attributes").and_then(Value::as_object).cloned().unwrap_or_default()
}

/// The lists that a request names: `null` is an empty one, and what is left out isn't here.
type Lists = Vec<(&'static str, Vec<String>)>;

fn lists(kind: Kind, attributes: &Map<String, Value>) -> Lists {
    let names = |list: &Value| {
        list.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let named = kind.lists().iter().filter_map(|list| Some((*list, attributes.get(*list)?)));
    named.map(|(list, value)| (list, names(value))).collect()
}

/// The same names in another order are a change.
fn is_unchanged(asset: &Asset, lists: &Lists, name: Option<&str>) -> bool {
    name.is_none_or(|name| name == asset.name) && lists.iter().all(|(list, names)| asset.list(list) == names)
}

/// What Atlas checks, and does at Keycloak, before it writes to the graph.
fn check(world: &World, asset: &Asset, lists: &Lists) -> Result<(), Answer> {
    if lists.is_empty() {
        return Ok(());
    }
    let sent = |name: &str| lists.iter().find(|(list, _)| *list == name).map(|(_, names)| names.as_slice());
    if asset.kind.lists().iter().all(|list| sent(list).unwrap_or(asset.list(list)).is_empty()) {
        let message = format!("Admin list should not be empty for type {}", asset.kind.type_name());
        return Err(Answer::atlas(400, "ATLAS-400-00-114", &message));
    }
    let before = asset.list("adminUsers");
    let mut added = sent("adminUsers").unwrap_or_default().iter().filter(|name| !before.contains(name));
    match added.find(|name| !world.knows_user(name)) {
        None => Ok(()),
        Some(unknown) => {
            let message = format!("Keycloak user not found with userName {unknown}");
            Err(Answer::atlas(500, "ATLAS-500-00-001", &message))
        }
    }
}

/// Replaces the lists, each of which is a set.
fn write(world: &mut World, place: usize, lists: Lists, name: Option<&str>, user: &str) {
    let now = world.now();
    let asset = &mut world.connections[place];
    for (list, names) in lists {
        let kept = asset.list_mut(list);
        kept.clear();
        for name in names {
            if !kept.contains(&name) {
                kept.push(name);
            }
        }
    }
    if let Some(name) = name {
        name.clone_into(&mut asset.name);
    }
    user.clone_into(&mut asset.updated_by);
    asset.update_time = now.max(asset.update_time + 1);
    asset.writes += 1;
}

fn missing(attribute: &str) -> Answer {
    let message = format!(
        "Invalid instance creation/updation parameters passed : Connection.{attribute}: mandatory attribute \
         value missing in type Asset"
    );
    Answer::atlas(404, "ATLAS-404-00-007", &message)
}

fn forbidden(user: &str, what: &str) -> Answer {
    Answer::atlas(403, "ATLAS-403-00-001", &format!("{user} is not authorized to perform {what}"))
}
