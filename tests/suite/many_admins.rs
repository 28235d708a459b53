//! A connection with very many admins.

use stand_in_tenant::{StandIn, World, example};

use crate::support::Job;

const COUNT: usize = 50_000;

#[test]
fn fifty_thousand_admins_are_all_kept_in_their_order() {
    let mut before: Vec<String> = (1..COUNT).map(|number| format!("user.{number:06}")).collect();
    before.push("jdoe".to_owned());
    let mut world = World::example();
    world.first().admin_users = Some(before.clone());
    let tenant = StandIn::start(world);

    let report = Job::against(&tenant).run().added();

    let after: Vec<String> = serde_json::from_value(report["admin_users"]["after"].clone()).unwrap();
    assert!(after == tenant.admin_users(example::CONNECTION), "the report shows another list");
    assert_eq!(after.last().unwrap(), example::USERNAME);
    assert!(after[..COUNT] == before, "somebody was lost or moved");
}
