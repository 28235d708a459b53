//! What the stand-in tells whoever arranged something.

use stand_in_tenant::{Fault, Stage, StandIn, Times, World};

#[test]
#[should_panic = "what was to happen at this request never did"]
fn what_was_arranged_and_never_happened_is_told() {
    let tenant = StandIn::start(World::example());
    tenant.fail(Stage::Write, Times::Once, Fault::Reset);
}
