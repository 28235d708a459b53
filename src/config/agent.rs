//! The headers by which Atlan tells a workflow's requests apart.

use super::checks::Checks;
use super::inputs;
use crate::text::bare;

/// Their values: printable ASCII.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agent {
    /// `x-atlan-agent`
    pub agent: String,
    /// `x-atlan-agent-id`
    pub id: String,
    /// `x-atlan-agent-package-name`, which `x-atlan-agent-app-name` repeats
    pub package_name: String,
    /// `x-atlan-agent-workflow-id`
    pub workflow_id: String,
}

impl Agent {
    /// The headers with their values.
    pub(crate) fn headers(&self) -> [(&'static str, &str); 5] {
        [
            ("x-atlan-agent", &self.agent),
            ("x-atlan-agent-id", &self.id),
            ("x-atlan-agent-package-name", &self.package_name),
            ("x-atlan-agent-app-name", &self.package_name),
            ("x-atlan-agent-workflow-id", &self.workflow_id),
        ]
    }
}

/// The values of the agent headers, if this runs in a workflow. Otherwise they aren't sent, and may
/// be whatever they are.
pub(super) fn check(checks: &mut Checks<'_>) -> Option<Agent> {
    const WORKFLOW: &str = "workflow";
    let is_workflow = checks
        .sources
        .value(inputs::X_ATLAN_AGENT)?
        .text()
        .is_some_and(|agent| bare(agent).eq_ignore_ascii_case(WORKFLOW));
    let mut header = |input| {
        let text = checks.text(input).unwrap_or_default();
        if !text.is_ascii() {
            checks.complain(input, "has a non-ASCII character in it, which can't be sent in a header");
        }
        text.to_owned()
    };
    is_workflow.then(|| Agent {
        agent: header(inputs::X_ATLAN_AGENT),
        id: header(inputs::X_ATLAN_AGENT_ID),
        package_name: header(inputs::X_ATLAN_AGENT_PACKAGE_NAME),
        workflow_id: header(inputs::X_ATLAN_AGENT_WORKFLOW_ID),
    })
}
