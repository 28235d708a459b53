//! What surrounds the program: variables that are no inputs of ours, but mean here what they mean
//! elsewhere. They are only made clean here; `http` understands them.

use std::ffi::OsString;

use percent_encoding::percent_decode_str;
use secrecy::SecretString;

use crate::text::bare;
use crate::text::redact::Redactor;

/// A variable of the environment. Its value is without white space and quotation marks around it,
/// and not empty.
#[derive(Clone, Debug)]
pub struct Variable {
    /// Its name as it is spelled there, `HTTPS_PROXY` or `https_proxy`.
    pub name: &'static str,
    /// A proxy's password can be part of it.
    pub value: SecretString,
}

/// The variables, and where the program runs.
#[derive(Clone, Debug, Default)]
pub struct Surroundings {
    /// `HTTPS_PROXY`
    pub https_proxy: Option<Variable>,
    /// `HTTP_PROXY`
    pub http_proxy: Option<Variable>,
    /// `ALL_PROXY`
    pub all_proxy: Option<Variable>,
    /// `NO_PROXY`
    pub no_proxy: Option<Variable>,
    /// True inside a Kubernetes cluster.
    pub in_cluster: bool,
}

impl Surroundings {
    /// Reads the variables. The passwords in them are known to `redactor` from here on.
    pub(super) fn of(environment: &[(OsString, OsString)], redactor: &Redactor) -> Surroundings {
        let variable = |name| {
            let value = clean(environment, name)?;
            hide_password(&value, redactor);
            Some(Variable { name, value: value.into() })
        };
        // As most programs do it, capitals go first.
        let either = |capitals, small| variable(capitals).or_else(|| variable(small));
        Surroundings {
            https_proxy: either("HTTPS_PROXY", "https_proxy"),
            http_proxy: either("HTTP_PROXY", "http_proxy"),
            all_proxy: either("ALL_PROXY", "all_proxy"),
            no_proxy: either("NO_PROXY", "no_proxy"),
            in_cluster: clean(environment, "KUBERNETES_SERVICE_HOST").is_some(),
        }
    }
}

/// The value of a variable that isn't an input of ours, without what copying puts around it;
/// nothing if that is empty.
pub(super) fn clean(environment: &[(OsString, OsString)], name: &str) -> Option<String> {
    let value = environment.iter().find(|(known, _)| known == name)?.1.to_string_lossy();
    Some(bare(&value).to_owned()).filter(|value| !value.is_empty())
}

/// Hides what stands before the host of a proxy's address, as it is there and as the proxy gets it.
fn hide_password(proxy: &str, redactor: &Redactor) {
    let address = proxy.split_once("://").map_or(proxy, |(_, address)| address);
    let Some((user, _host)) = address.rsplit_once('@') else { return };
    let password = user.split_once(':').map_or(user, |(_name, password)| password);
    for secret in [user, password, &percent_decode_str(password).decode_utf8_lossy()] {
        redactor.hide(&secret.into());
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    fn surroundings(variables: &[(&str, &str)], redactor: &Redactor) -> Surroundings {
        let variables: Vec<_> = variables.iter().map(|(name, value)| (name.into(), value.into())).collect();
        Surroundings::of(&variables, redactor)
    }

    #[test]
    fn variables_of_others_are_cleaned_like_ours() {
        let redactor = Redactor::default();
        let proxies = [
            ("https_proxy", "\"http://proxy:3128\"\r\n"),
            ("HTTP_PROXY", "  "),
            ("http_proxy", "http://lower:1"),
        ];
        let others = [("NO_PROXY", "a"), ("no_proxy", "b"), ("KUBERNETES_SERVICE_HOST", "10.0.0.1")];
        let found = surroundings(&[proxies, others].concat(), &redactor);
        let shown = |variable: &Option<Variable>| {
            variable.as_ref().map(|variable| (variable.name, variable.value.expose_secret().to_owned()))
        };
        assert_eq!(shown(&found.https_proxy), Some(("https_proxy", "http://proxy:3128".to_owned())));
        assert_eq!(shown(&found.http_proxy), Some(("http_proxy", "http://lower:1".to_owned())));
        assert_eq!(shown(&found.no_proxy), Some(("NO_PROXY", "a".to_owned())));
        assert!(found.all_proxy.is_none() && found.in_cluster);
    }

    #[test]
    fn a_proxys_password_is_kept_back() {
        for proxy in
            ["http://me:sesame#/open@proxy:1", "me:sesame#/open@proxy", "http://me:sesame%23%2Fopen@proxy"]
        {
            let redactor = Redactor::default();
            surroundings(&[("HTTPS_PROXY", proxy)], &redactor);
            assert_eq!(redactor.clean("sesame#/open, sesame%23%2Fopen"), "[REDACTED], [REDACTED]", "{proxy}");
        }
    }
}
