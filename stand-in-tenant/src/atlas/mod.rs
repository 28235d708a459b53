//! Atlas: reading an asset and writing it, and what is answered before it comes to that.

mod lists;
mod write;

use serde_json::json;

use crate::answer::Answer;
use crate::asset::{Asset, Kind};
use crate::rights::{Right, right};
use crate::{Request, Stage, World};

/// Of which type the asset is that a path, within Atlas, names by its qualified name.
pub(crate) fn kind(path: &str) -> Option<Kind> {
    let type_name = path.strip_prefix("entity/uniqueAttribute/type/")?;
    Kind::of(type_name)
}

/// Carries out a request that is Atlas's, `path` being what it says within Atlas.
pub(crate) fn answer(world: &mut World, request: &Request, path: &str) -> Answer {
    world.turn += 1;
    let user = match who(world, request) {
        Ok(user) => user,
        Err(refusal) => return refusal,
    };
    let done = match (request.stage, kind(path)) {
        (Stage::Read | Stage::ReadBack, Some(kind)) => {
            read(world, kind, request.query("attr:qualifiedName"), &user)
        }
        (Stage::Write, Some(kind)) => write::update(world, kind, request, &user),
        _ => Err(Answer::html(404, "Not Found")),
    };
    done.unwrap_or_else(|refusal| refusal)
}

/// Whose bearer token it is.
fn who(world: &World, request: &Request) -> Result<String, Answer> {
    if request.header("authorization").is_none() {
        return Err(Answer::login());
    }
    world.user_of(request).ok_or_else(|| {
        let body =
            json!({ "servlet": "default", "message": "Unauthorized", "url": request.path, "status": "401" });
        let mut answer = Answer::json(401, body);
        let challenge =
            r#"Bearer realm="default", error="invalid_token", error_description="Token is not active""#;
        answer.headers.push(("www-authenticate", challenge.to_owned()));
        answer
    })
}

fn read(world: &mut World, kind: Kind, qualified_name: &str, user: &str) -> Result<Answer, Answer> {
    world.reads += 1;
    let assets = world.assets_of_the_replica();
    let found = &assets[find(assets, kind, qualified_name)?];
    // However old the content is, the right isn't.
    let judged = world.assets.iter().find(|asset| asset.guid == found.guid).unwrap_or(found);
    if right(world, judged, user) < Right::Read {
        let what =
            format!("read entity: typeName={kind:?}, uniqueAttributes={{qualifiedName={qualified_name}}}");
        return Err(forbidden(user, &what));
    }
    Ok(Answer::json(200, found.entity()))
}

fn find(assets: &[Asset], kind: Kind, qualified_name: &str) -> Result<usize, Answer> {
    let place = assets.iter().position(|asset| asset.kind == kind && asset.qualified_name == qualified_name);
    place.ok_or_else(|| {
        let message = format!(
            "Instance {kind:?} with unique attribute {{qualifiedName={qualified_name}}} does not exist"
        );
        Answer::atlas(404, "ATLAS-404-00-009", &message)
    })
}

fn forbidden(user: &str, what: &str) -> Answer {
    Answer::atlas(403, "ATLAS-403-00-001", &format!("{user} is not authorized to perform {what}"))
}
