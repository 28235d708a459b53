//! What is wrong with the inputs.

/// What is wrong with one input, in words that never repeat its value if it may be secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Problem {
    /// The input's name, or what else the sentence is about.
    subject: String,
    /// What is wrong, as the rest of the sentence.
    what: String,
    /// True for a source that couldn't be read, so that inputs are missing because of it.
    pub(super) is_unread: bool,
}

impl Problem {
    /// A problem with one input.
    pub(super) fn new(subject: impl Into<String>, what: impl Into<String>) -> Problem {
        Problem { subject: subject.into(), what: what.into(), is_unread: false }
    }

    /// A whole source that couldn't be read.
    pub(super) fn unread(subject: impl Into<String>, what: impl Into<String>) -> Problem {
        Problem { is_unread: true, ..Problem::new(subject, what) }
    }

    /// The sentence.
    pub(super) fn sentence(&self) -> String {
        format!("{} {}", self.subject, self.what)
    }
}
