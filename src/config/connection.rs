//! Which connection: its qualified name.

use std::fmt;
use std::time::{Duration, SystemTime};

/// The qualified name of a connection, which looks like `default/snowflake/1700000000`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QualifiedName(String);

impl QualifiedName {
    /// Takes it bare, or as the JSON array with one string that Atlan's connection picker makes.
    ///
    /// # Errors
    ///
    /// Says what is wrong, as the rest of a sentence that starts with the input's name.
    pub fn parse(text: &str) -> Result<QualifiedName, String> {
        Ok(QualifiedName(text.trim().to_owned()))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// When the connection was made, if the end of its name tells: Atlan puts the seconds since
    /// 1970 there.
    pub fn made_at(&self) -> Option<SystemTime> {
        /// From 2015, before there was Atlan, to 2100.
        const PLAUSIBLE: std::ops::Range<u64> = 1_420_070_400..4_102_444_800;
        let seconds = self.0.rsplit('/').next()?.parse().ok()?;
        PLAUSIBLE.contains(&seconds).then(|| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds))
    }
}

impl fmt::Display for QualifiedName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
