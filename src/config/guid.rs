//! GUIDs.

/// A GUID in its usual spelling: lower case, with hyphens, without braces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Guid(String);

impl Guid {
    /// Takes every spelling that is in use: capitals, braces, `urn:uuid:`, without hyphens.
    ///
    /// # Errors
    ///
    /// Says what is wrong, as the rest of a sentence that starts with the input's name.
    pub fn parse(text: &str) -> Result<Guid, String> {
        match uuid::Uuid::try_parse(text.trim()) {
            Ok(uuid) => Ok(Guid(uuid.hyphenated().to_string())),
            Err(_) => Err("isn't a GUID, which looks like 5f1e0a52-8c0e-4c0e-9f44-0d0c1a5b7e11".to_owned()),
        }
    }

    /// The usual spelling.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_becomes_the_usual_one() {
        for spelling in [
            "5f1e0a52-8c0e-4c0e-9f44-0d0c1a5b7e11",
            "5F1E0A52-8C0E-4C0E-9F44-0D0C1A5B7E11",
            "{5f1e0a52-8c0e-4c0e-9f44-0d0c1a5b7e11}",
            "urn:uuid:5f1e0a52-8c0e-4c0e-9f44-0d0c1a5b7e11",
            "5f1e0a528c0e4c0e9f440d0c1a5b7e11",
            " 5f1e0a52-8c0e-4c0e-9f44-0d0c1a5b7e11\r\n",
        ] {
            let guid = Guid::parse(spelling).unwrap();
            assert_eq!(guid.as_str(), "5f1e0a52-8c0e-4c0e-9f44-0d0c1a5b7e11", "{spelling}");
        }
        for other in ["", "ci-pipeline", "5f1e0a52-8c0e-4c0e-9f44-0d0c1a5b7e1", "apikey-1"] {
            assert!(Guid::parse(other).is_err(), "{other}");
        }
    }
}
