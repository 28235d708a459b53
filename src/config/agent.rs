//! The headers by which Atlan tells a workflow's requests apart.

use super::checks::{Checked, Checks};
use super::inputs::{self, Input};

/// Their names, and the inputs that give their values.
const HEADERS: [(&str, Input); 5] = [
    ("x-atlan-agent", inputs::X_ATLAN_AGENT),
    ("x-atlan-agent-id", inputs::X_ATLAN_AGENT_ID),
    ("x-atlan-agent-package-name", inputs::X_ATLAN_AGENT_PACKAGE_NAME),
    ("x-atlan-agent-app-name", inputs::X_ATLAN_AGENT_PACKAGE_NAME),
    ("x-atlan-agent-workflow-id", inputs::X_ATLAN_AGENT_WORKFLOW_ID),
];

/// The headers, with values that can be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agent([(&'static str, String); 5]);

impl Agent {
    /// The headers with their values.
    pub(crate) fn headers(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.0.iter().map(|(name, value)| (*name, value.as_str()))
    }
}

/// The agent headers, if this runs in a workflow. Otherwise they aren't sent, and may be whatever they
/// are.
pub(super) fn check(checks: &mut Checks<'_>) -> Option<Agent> {
    checks.text(inputs::X_ATLAN_AGENT).filter(|agent| agent.eq_ignore_ascii_case("workflow"))?;
    Some(Agent(HEADERS.map(|(name, input)| (name, checks.parsed(input, sendable).unwrap_or_default()))))
}

fn sendable(text: &str) -> Checked<String> {
    match text.is_ascii() {
        true => Ok(text.to_owned()),
        false => Err("has a non-ASCII character in it, which can't be sent in a header".to_owned()),
    }
}
